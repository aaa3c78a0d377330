"""Sentences of a block, and the items of an enumeration inside a sentence (`docs/clauses.md`, rules 2 and 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

ABBREVIATIONS = frozenset(
    {
        "e.g",
        "i.e",
        "etc",
        "inc",
        "ltd",
        "co",
        "corp",
        "llc",
        "no",
        "nos",
        "art",
        "sec",
        "cf",
        "vs",
        "mr",
        "ms",
        "mrs",
        "dr",
        "st",
        "u.s",
        "approx",
    }
)
FEWEST_ITEMS = 3
"""Fewer than three items after a colon are no enumeration but the rest of the sentence."""

_END = re.compile("[.!?][\"')\\]\u2019\u201d]*\\s+(?=[\"'(\\[\u2018\u201c]*[A-Z0-9])")
_MARKER = re.compile(r"(?:(?<=\s)|^)\((?:[a-z]|[ivx]{2,4}|\d{1,2})\)\s+")
_JOINED = re.compile(r"^(?:and|or|and/or)\s+|[\s,;]+(?:and|or|and/or)$", re.IGNORECASE)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text on one line; a stop after a known abbreviation or an initial ends none."""
    found, start = [], 0
    for end in _END.finditer(text):
        word = re.split(r"[\s(\"']", text[start : end.start()])[-1]
        if text[end.start()] == "." and (word.lower() in ABBREVIATIONS or re.fullmatch(r"[A-Z]", word)):
            continue
        found.append(text[start : end.end()].strip())
        start = end.end()
    return tuple(each for each in [*found, text[start:].strip()] if each) or ("",)


def enumerated(sentence: str) -> tuple[str, tuple[str, ...]]:
    """The lead-in and the items of a sentence that enumerates; an empty lead-in and the sentence itself where it does not.

    A capitalised word before the colon is a label (`Billing: we ...`), not the start of an enumeration.
    """
    marks = list(_MARKER.finditer(sentence))
    if len(marks) >= 2 and marks[0].start() > 0:
        bounds = [*(mark.start() for mark in marks), len(sentence)]
        items = [sentence[mark.end() : bounds[number + 1]] for number, mark in enumerate(marks)]
        return sentence[: marks[0].start()].strip(), _clean(items)
    lead, colon, rest = sentence.partition(": ")
    if colon and lead.split()[-1:] and lead.split()[-1][0].islower():
        items = list(_outside_brackets(rest, ";" if ";" in rest else ","))
        if len(items) >= FEWEST_ITEMS:
            return lead.strip(), _clean(items)
    return "", (sentence,)


def _clean(items: list[str]) -> tuple[str, ...]:
    """Items without the commas and the `and` that string them together."""
    bare = (_JOINED.sub("", item.strip(" ,;")).strip(" ,;") for item in items)
    return tuple(each for each in bare if each)


def _outside_brackets(text: str, separator: str) -> Iterator[str]:
    depth, start = 0, 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == separator and depth <= 0 and not _inside_number(text, place):
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _inside_number(text: str, place: int) -> bool:
    """A comma between digits (10,000) separates nothing."""
    return 0 < place < len(text) - 1 and text[place - 1].isdigit() and text[place + 1].isdigit()
