"""What a check of hygiene is, and the register of all of them.

A check is one small judge over resources in the form of a stack: those of the plan, or those the clouds list now (`policies.readers.live`).
What the rule is about, how severe it is and how to mend it stand in `promises/hygiene.yaml`; here is only what is looked at.

    @checks("zone.tls13", ZONE, ZONE_SETTING)
    def tls13(asked: Asked) -> Iterator[Observation]: ...

Rules:
  * a judge yields one observation a subject; the mending is filled in from the rule, by the surface it was seen on;
  * nothing to look at is *unknown*, for something must be there; where it need not be, `none` says so and the rule is not applicable;
  * an absent setting fails, or the cloud's documented default counts and is spelled out in what was observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from policies.findings import not_applicable, unknown
from policies.kinds import KINDS
from policies.readers.state import Stack
from promises.hygiene import Choice
from promises.observations import Observation, Outcome, Surface


@dataclass(frozen=True)
class Asked:
    """What a judge is given: the resources of the kinds it named, the platform's choice, the moment (UTC), and where it looks."""

    stack: Stack
    choice: Choice
    now: datetime
    surface: Surface

    def duration(self, name: str) -> timedelta:
        value = self.choice.parameters[name]
        assert isinstance(value, timedelta), f"{self.choice.rule.id}: {name} is no duration"
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.choice.parameters[name]
        assert isinstance(value, tuple), f"{self.choice.rule.id}: {name} is no list"
        return value


Judge = Callable[[Asked], Iterable[Observation]]


@dataclass(frozen=True)
class Check:
    """A rule's judge. The first of `kinds` is what it judges, the others are what it compares with.

    `none` says why there may be nothing to judge. `apart`: each resource is judged by itself, so that what could be read is judged
    though something else could not.
    """

    rule: str
    kinds: tuple[str, ...]
    judge: Judge
    none: str
    apart: bool


_REGISTER: dict[str, Check] = {}


def checks(rule: str, *kinds: str, none: str = "", apart: bool = False) -> Callable[[Judge], Judge]:
    """Register a judge for a rule; a rule has one."""

    def register(judge: Judge) -> Judge:
        if rule in _REGISTER:
            raise ValueError(f"two checks are for {rule}")
        _REGISTER[rule] = Check(rule, kinds, judge, none, apart)
        return judge

    return register


def registered() -> Mapping[str, Check]:
    """All checks that have been imported; `policies.hygiene.all_checks` imports every family first."""
    return _REGISTER


def observed(check: Check, asked: Asked) -> Iterator[Observation]:
    """What the judge saw, failures with how to mend them; one observation that says so where nothing was there."""
    remediation = asked.choice.rule.remediation
    mend = remediation.pulumi if asked.surface is Surface.PLAN else remediation.console
    seen = False
    for each in check.judge(asked):
        seen = True
        yield replace(each, mend=mend) if each.outcome is Outcome.FAIL else each
    if not seen:
        yield _nothing(check, asked)


def _nothing(check: Check, asked: Asked) -> Observation:
    expected = asked.choice.rule.title
    if check.none:
        return not_applicable(check.rule, expected, check.none)
    what = KINDS[check.kinds[0]]
    return unknown(what, expected, f"no {what} was found")


def verdict(subject: str, expected: str, problem: str, otherwise: str) -> Observation:
    """A failure where there is a problem, else a pass."""
    if problem:
        return Observation(subject, Outcome.FAIL, expected, problem)
    return Observation(subject, Outcome.PASS, expected, otherwise)


def told(seen: Any) -> str:
    """A setting's value as the clouds write it."""
    if seen is None:
        return "not set"
    return ("on" if seen else "off") if isinstance(seen, bool) else str(seen)
