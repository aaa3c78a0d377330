"""Lines of a published text put together into blocks: table cells, list items, headings, paragraphs (`docs/clauses.md`, rule 1).

Published pages reach us copied, wrapped at any width, with or without blank lines. A table arrives as `| a | b |` rows, or as a
lone `|` before each row and one cell a line, each closed by `|`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NARROWEST = 40
"""No text is wrapped at fewer characters: below, every line break is meant."""

HEADING_WORDS = 12
"""A block of at most so many words without a full stop is a heading."""

_BULLET = re.compile("[-*\u2022\u25e6\u25aa\u2023\u00b7\u25cf\u25cb]\\s+")
_BRACKETED = re.compile(r"\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)\s+")
_NUMBER = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.|\d{1,2}(?:\.\d{1,2})+(?=\s+[A-Z]))\s+")
_RULE = re.compile(r"[\s|:=_-]*")
_CLOSED = re.compile("[.!?:;][\"')\\]\u2019\u201d]*$")


@dataclass(frozen=True)
class Block:
    """`kind` is cell, item, heading or paragraph; `text` is on one line, without its bullet or number."""

    kind: str
    text: str


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a text, in order; every word of it is in one of them."""
    found: list[Block] = []
    for group in _groups(text):
        found += _table(group) if group[0].startswith("|") else _prose(group)
    return tuple(found)


def _groups(text: str) -> Iterator[list[str]]:
    """Runs of lines that belong together: a table, or lines without a blank one between them."""
    group: list[str] = []
    in_table = False
    for line in [*(each.strip() for each in text.splitlines()), ""]:
        row = line.startswith("|") or (in_table and line.endswith("|"))
        if group and (not line or row != in_table):
            yield group
            group = []
        in_table = row
        if line:
            group.append(line)


def _table(lines: Sequence[str]) -> list[Block]:
    """The cells of a table, each as `first cell of the row | head of the column | cell`; row and column heads stand in those."""
    rows: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("|"):
            rows.append([])
        if not _RULE.fullmatch(line):
            rows[-1] += [cell.strip() for cell in line.strip("|").split("|")]
    rows = [row for row in rows if row]
    if len(rows) < 2:
        return [Block("cell", cell) for row in rows for cell in row]
    head, *body = rows
    return [Block("cell", text) for row in body for text in _row(row, head)]


def _row(row: Sequence[str], head: Sequence[str]) -> list[str]:
    """Each cell after the first behind what it is about; a row of one cell is that cell."""
    about, *cells = row
    if not cells:
        return [about]
    columns = [*head[1:], *[""] * len(cells)]
    return [" | ".join(filter(None, (about, column, cell))) for column, cell in zip(columns, cells, strict=False) if cell]


def _prose(lines: Sequence[str]) -> list[Block]:
    width = max(NARROWEST, *(len(line) for line in lines))
    found: list[tuple[bool, str]] = []
    for number, line in enumerate(lines):
        item = _BULLET.match(line) or _BRACKETED.match(line)
        number_sign = _NUMBER.match(line)
        if item:
            found.append((True, line[item.end() :]))
        elif number_sign:
            found.append((False, line[number_sign.end() :]))
        elif number and _wrapped(lines[number - 1], line, width):
            found[-1] = (found[-1][0], _join(found[-1][1], line))
        else:
            found.append((False, line))
    return [Block(_kind(text, item=item), text) for item, text in found]


def _wrapped(line: str, following: str, width: int) -> bool:
    """Whether the break between two lines is a wrap: the next word did not fit, or goes on in lower case after a long line."""
    if line.endswith("\u00ad"):
        return True
    goes_on = following[0].islower()
    if _CLOSED.search(line) and not goes_on:
        return False
    first = following.split(maxsplit=1)[0]
    return len(line) + 1 + len(first) > width or (goes_on and len(line) >= NARROWEST)


def _join(text: str, line: str) -> str:
    """A soft hyphen vanishes with its break; after a hyphen the word goes on; else a space."""
    if text.endswith("\u00ad"):
        return text[:-1] + line
    return text + line if re.search(r"\w-$", text) else f"{text} {line}"


def _kind(text: str, *, item: bool) -> str:
    if item:
        return "item"
    return "heading" if not _CLOSED.search(text) and len(text.split()) <= HEADING_WORDS else "paragraph"
