"""How plan and live controls say what they saw: short phrases, one observation a subject, and "cannot tell" where a value is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from policies.kinds import KINDS
from policies.readers.state import REDACTED, UNKNOWN, Resource
from promises.observations import Observation, Outcome

NOT_YET = "not known yet"


def passed(subject: str, expected: str, observed: str) -> Observation:
    return Observation(subject, Outcome.PASS, expected, observed)


def failed(subject: str, expected: str, observed: str, mend: str) -> Observation:
    return Observation(subject, Outcome.FAIL, expected, observed, mend)


def unknown(subject: str, expected: str, observed: str = NOT_YET) -> Observation:
    return Observation(subject, Outcome.UNKNOWN, expected, observed)


def not_applicable(subject: str, expected: str, reason: str) -> Observation:
    return Observation(subject, Outcome.NOT_APPLICABLE, expected, reason)


def judged(subject: str, expected: str, faults: Sequence[str], observed: str, mend: str) -> Observation:
    """A pass when there are no faults, else a failure that names them all."""
    if faults:
        return failed(subject, expected, "; ".join(faults), mend)
    return passed(subject, expected, observed)


def or_nothing(observations: Iterable[Observation], what: str, expected: str) -> Iterator[Observation]:
    """The observations; a single unknown one when there were none, for a check of nothing proves nothing."""
    seen = False
    for observation in observations:
        seen = True
        yield observation
    if not seen:
        yield unknown(what, expected, f"no {what} was found")


def value(resource: Resource, name: str) -> Any:
    """The effective value; the input where the provider's answer left the property empty. What is kept secret is not known here."""
    seen = resource.get(name)
    if seen is None:
        seen = resource.inputs.get(name)
    return UNKNOWN if isinstance(seen, str) and seen == REDACTED else seen


def items(resource: Resource, name: str) -> tuple[Any, ...] | None:
    """A list property; empty when absent, None when it, or any part of it, is unknown."""
    seen = value(resource, name)
    if has_unknown(seen):
        return None
    if seen is None:
        return ()
    return tuple(seen) if isinstance(seen, list | tuple) else (seen,)


def has_unknown(seen: Any) -> bool:
    """Whether a value, or anything inside it, is unknown. Asked of every rule of every machine, so the exact types come first."""
    kind = type(seen)
    if kind is str:
        return bool(seen == REDACTED)
    if kind is dict:
        return any(map(has_unknown, seen.values()))
    if kind is list or kind is tuple:
        return any(map(has_unknown, seen))
    if seen is UNKNOWN or (isinstance(seen, str) and seen == REDACTED):
        return True
    return isinstance(seen, Mapping) and any(map(has_unknown, seen.values()))


def same_id(seen: Any) -> str:
    """An id as text: droplets' ids are numbers in one place, texts in another and floats after protobuf."""
    return str(int(seen)) if isinstance(seen, float) and seen.is_integer() else str(seen)


def label(resource: Resource) -> str:
    """A resource as a reader knows it: `droplet web0`; the given name where there is one, else the program's."""
    given = value(resource, "name")
    words = KINDS.get(resource.type, resource.type.rpartition(":")[2])
    return f"{words} {given if isinstance(given, str) and given else resource.name}"
