"""Exceptions: a promise is known to be broken for named subjects, someone owns that, someone else allowed it, until a date.

An exception turns `broken` into `excepted` for exactly the subjects it names, never into `kept`, and ends by itself. Its owner (the
role that mends it) is not the role that grants it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from evidence.composing import Excepted
from evidence.records import Record
from evidence.statements import Phrase, PromiseException, Subject, Word
from promises.observations import MAX_LISTED
from promises.verdicts import GrantedException
from services.errors import UsageError

LONGEST = timedelta(days=366)

_SUBJECTS: TypeAdapter[tuple[str, ...]] = TypeAdapter(Annotated[tuple[Subject, ...], Field(min_length=1, max_length=MAX_LISTED)])
_WORD: TypeAdapter[str] = TypeAdapter(Word)
_REASON: TypeAdapter[str] = TypeAdapter(Annotated[Phrase, StringConstraints(min_length=1)])


@dataclass(frozen=True)
class Listed:
    """One exception of the log. `state` is in force or expired."""

    promise: str
    subjects: tuple[str, ...]
    owner: str
    role: str
    reason: str
    since: datetime
    until: datetime
    state: str
    signed_by: str
    record: int


def check(said: Excepted) -> None:
    """`UsageError` when a fact does not fit the log, the owner grants it to itself, or it would not end within a year."""
    owner, role, until = said.owner, said.role, said.valid_until
    words = (("--owner", owner, _WORD), ("--role", role, _WORD))
    checks = (("--subject", said.subjects, _SUBJECTS), *words, ("--reason", said.reason, _REASON))
    for name, value, form in checks:
        try:
            form.validate_python(value)
        except ValidationError:
            hint = "name resources and roles; one line, no name, no address"
            raise UsageError(f"what {name} says is not fit for the log", hint) from None
    if owner == role:
        raise UsageError(f"the role {role} cannot except itself", "the owner mends it, somebody else grants it: name another --owner")
    if not said.valid_from < until <= said.valid_from + LONGEST:
        raise UsageError("an exception ends in the future, within 366 days", "give a date such as --until 2026-12-31")


def listed(records: Iterable[Record], now: datetime) -> tuple[Listed, ...]:
    """Every exception of the (credible) records, in their order."""
    return tuple(
        Listed(
            said.promise,
            said.subjects,
            said.owner,
            said.role,
            said.reason,
            said.valid_from,
            said.valid_until,
            "in force" if now < said.valid_until else "expired",
            said.signed_by,
            record.number,
        )
        for record in records
        if isinstance(said := record.predicate, PromiseException)
    )


def granted(records: Iterable[Record]) -> tuple[GrantedException, ...]:
    """Every exception, over or not, as verdicts want them: on each day those count that were in force on it."""
    return tuple(
        GrantedException(said.promise, frozenset(said.subjects), said.owner, said.reason, said.valid_until, said.valid_from)
        for record in records
        if isinstance(said := record.predicate, PromiseException)
    )
