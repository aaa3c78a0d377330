"""Quoting the published text: the words of each clause a promise comes from, matched by digest.

The catalog knows digests alone, and the text is given to one run of `kept report`; its words go to the page and nowhere else. A clause is
quoted as it was printed (case, quotes, dashes) where its words stand together in the text; a clause put together from a lead-in and an
item, or a table's row and column, is quoted part by part, and in its normalised form where a part cannot be found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policies.reports.model import Quoted
from promises import clauses

JOIN = ": "
"""What the splitter puts between a lead-in and its item."""


def quote(text: str, wanted: Iterable[str], policy_sha256: str) -> Quoted:
    """The words of the clauses with the `wanted` digests (hex), as far as `text` holds them."""
    needed = set(wanted)
    printed = [word for word in text.split() if _folded(word)]
    folded = [_folded(word) for word in printed]
    found = {clause.digest: _printed(clause.text, printed, folded) for clause in clauses.split(text) if clause.digest in needed}
    return Quoted(clauses.text_digest(text) == policy_sha256, found)


def _printed(clause: str, printed: Sequence[str], folded: Sequence[str]) -> str:
    """The clause as printed."""
    whole = _find(clause, printed, folded)
    if whole is not None:
        return whole
    return JOIN.join(_find(part, printed, folded) or part for part in clause.split(JOIN))


def _find(part: str, printed: Sequence[str], folded: Sequence[str]) -> str | None:
    words = [each for word in part.split() if (each := _folded(word))]
    last = len(folded) - len(words)
    for start in range(last + 1 if words else 0):
        if folded[start] == words[0] and folded[start : start + len(words)] == words:
            return " ".join(printed[start : start + len(words)])
    return None


def _folded(word: str) -> str:
    return clauses.normalise(word)
