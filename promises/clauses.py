"""Splitting a published text into clauses, and the digest each is known by.

The rules, with vectors, are in `docs/clauses.md`; they decide four things in turn:

1. lines become blocks: table rows, list items, headings, paragraphs. A line break inside a paragraph is told from a deliberate
   one by width: it was a wrap if the next word would not have fitted;
2. paragraphs and items become sentences;
3. an enumeration after a colon, `(a) ... (b) ...` inside a sentence, or a list under a lead-in becomes one clause an item, with its lead-in
   before it; a table cell stands behind its row's first cell and its column's head. So no two clauses differ in meaning and agree in text;
4. each clause is normalised and digested. Case, quotes, dashes, bullets and spacing carry no obligation; every word does.

No word of the text is lost but the `and` of an enumeration and the head of a table's first column; headings are clauses too.
The texts themselves are never stored.

>>> [clause.kind for clause in split("Storage\\nWe keep logs for 30 days. We sell nothing.")]
['heading', 'sentence', 'sentence']
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from promises.blocks import Block, blocks
from promises.sentences import enumerated, sentences

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_SINGLE = re.compile("[\u2018-\u201b\u2032\u0060\u00b4]")
_DOUBLE = re.compile("[\u201c-\u201f\u2033\u00ab\u00bb]|''")
_DASH = re.compile("[\u2010-\u2015\u2212]")
_BULLETS = re.compile("^(?:[-*\u2022\u25e6\u25aa\u2023\u00b7\u25cf\u25cb]\\s+)+")


@dataclass(frozen=True)
class Clause:
    """One clause: its place in the text (from 0), what it is, and its digest. `text` is normalised and never leaves memory."""

    index: int
    kind: str
    digest: str
    text: str = field(repr=False)


def normalise(text: str) -> str:
    """The form that is digested: NFKC, one kind of quote, dash and space, no bullet, no closing `.,;:`, case folded."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = _DASH.sub("-", _DOUBLE.sub('"', _SINGLE.sub("'", _INVISIBLE.sub("", folded))))
    return _BULLETS.sub("", " ".join(plain.split())).rstrip(" .,;:")


def digest(clause: str) -> str:
    """SHA-256 (hex) of a clause's normalised form in UTF-8."""
    return hashlib.sha256(normalise(clause).encode()).hexdigest()


def split(text: str) -> tuple[Clause, ...]:
    """The clauses of a text, in order."""
    found = ((kind, normalise(raw)) for kind, raw in _raw(blocks(unicodedata.normalize("NFKC", text))))
    kept = [(kind, each) for kind, each in found if each]
    return tuple(Clause(index, kind, hashlib.sha256(each.encode()).hexdigest(), each) for index, (kind, each) in enumerate(kept))


def text_digest(text: str) -> str:
    """SHA-256 (hex) of the whole text's clauses, one a line: the same for every layout of the same words."""
    return hashlib.sha256("\n".join(clause.text for clause in split(text)).encode()).hexdigest()


def _raw(found: tuple[Block, ...]) -> Iterator[tuple[str, str]]:
    """Kind and text of every clause, before normalising; a lead-in goes before each item of the list under it."""
    lead = ""
    for number, block in enumerate(found):
        following = found[number + 1].kind if number + 1 < len(found) else ""
        if block.kind == "item":
            yield from _clauses("item", block.text, lead)
            continue
        lead = ""
        if block.kind in ("cell", "heading") and following != "item":
            yield block.kind, block.text
            continue
        *whole, last = sentences(block.text)
        for each in whole:
            yield from _clauses("sentence", each)
        if following == "item":
            lead = last
        else:
            yield from _clauses("sentence", last)


def _clauses(kind: str, sentence: str, lead: str = "") -> Iterator[tuple[str, str]]:
    for each in sentences(sentence):
        opening, items = enumerated(each)
        for item in items:
            parts = [part.rstrip(" :") for part in (lead, opening) if part]
            yield ("enumerated" if opening else kind), ": ".join([*parts, item])
