"""Which clauses a catalog speaks for: those its promises come from, and those that bind nobody; read strictly.

A clause of a promise is its digest, or a mapping where the numbers in it need a word:

    clauses:
      - f5b408fb...                                          # 64 hexadecimal digits
      - clause: 136993ec...
        numbers:
          - {number: 90 days, parameter: after_shipment}     # a parameter of this promise, of the same value
          - {number: 18 years, reason: an age, not a term}   # or why it binds nobody

`binds_nobody` lists `{clause, reason, reviewer}` and, where the clause names numbers, `numbers` with a reason each. Refused: a clause
that a promise carries and that is said to bind nobody, a clause listed twice, a number that is none or is not the parameter's value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from promises.model import NumberBinding, Parameter, Promise, Unbinding
from promises.nodes import Entry
from promises.numbers import Number, equal, numbers
from promises.wording import parameter as worded

Shapes = Mapping[str, tuple[str, str | None]]
"""Type and unit of each parameter, by name."""


def digest(entry: Entry) -> str:
    """64 hexadecimal digits in lower case."""
    if not re.fullmatch(r"[0-9a-f]{64}", entry.text()):
        raise entry.error("this is no SHA-256 digest", "write the 64 hexadecimal digits that `kept policy digest` prints")
    return entry.text()


def clauses(entry: Entry, parameters: Mapping[str, Parameter], shapes: Shapes) -> tuple[tuple[str, ...], tuple[NumberBinding, ...]]:
    """A promise's clauses, and what it says about their numbers."""
    found: list[str] = []
    bindings: list[NumberBinding] = []
    for item in entry.items():
        fields = {"clause": item} if item.scalar else item.fields({"clause", "numbers"})
        clause = digest(fields["clause"])
        if clause in found:
            raise item.error("this clause is listed twice", "keep one of the two")
        found.append(clause)
        if "numbers" in fields:
            bindings += _bindings(fields["numbers"], clause, parameters, shapes)
    if not found:
        raise entry.error("the promise comes from no clause", "list the digest of the sentence that binds us")
    return tuple(found), tuple(bindings)


def binds_nobody(entry: Entry, promises: Collection[Promise]) -> tuple[Unbinding, ...]:
    """The clauses that bind nobody; none of them may be a promise's."""
    carried = {clause: promise.id for promise in promises for clause in promise.clauses}
    found: dict[str, Unbinding] = {}
    for item in entry.items():
        fields = item.fields({"clause", "reason", "reviewer"}, {"numbers"})
        clause = digest(fields["clause"])
        if clause in carried:
            raise item.error(f"this clause is one of {carried[clause]}, so it binds somebody", "keep one of the two")
        if clause in found:
            raise item.error("this clause is listed twice", "keep one of the two")
        stated = _bindings(fields["numbers"], clause, {}, {}) if "numbers" in fields else ()
        found[clause] = Unbinding(clause, fields["reason"].text(), fields["reviewer"].blank(), tuple(stated))
    return tuple(found.values())


def _bindings(entry: Entry, clause: str, parameters: Mapping[str, Parameter], shapes: Shapes) -> list[NumberBinding]:
    found: list[NumberBinding] = []
    for item in entry.items():
        fields = item.fields({"number"}, {"parameter", "reason"})
        if ("parameter" in fields) == ("reason" in fields):
            raise item.error("a number is bound to a parameter or binds nobody, one of the two", "write `parameter:` or `reason:`")
        number = _number(fields["number"])
        if any(each.number == number.written for each in found):
            raise item.error(f"the number {number.written} is listed twice for this clause", "keep one of the two")
        name = _parameter(fields["parameter"], number, parameters, shapes) if "parameter" in fields else None
        found.append(NumberBinding(clause, number.written, name, fields["reason"].text() if "reason" in fields else None))
    return found


def _number(entry: Entry) -> Number:
    found = numbers(entry.text().casefold())
    if len(found) != 1 or found[0].written != entry.text():
        spelled = f"`{found[0].written}`" if len(found) == 1 else "one number with its unit, as in `90 days`"
        raise entry.error(f"{entry.text()!r} is no number as `kept policy trace` shows it", f"write {spelled}")
    return found[0]


def _parameter(entry: Entry, number: Number, parameters: Mapping[str, Parameter], shapes: Shapes) -> str:
    if not parameters:
        raise entry.error("there is no parameter to bind a number to", "write `reason: <why the number binds nobody>`")
    name = entry.one_of(parameters, "parameter")
    if not equal(number, *shapes[name], parameters[name]):
        raise entry.error(f"{name} is {worded(parameters[name])}, not {number.written}", "mend it, or name the one that is meant")
    return name
