"""A Cloudflare zone as the controls see it: its settings, records and rulesets, gathered from a stack by the zone's id.

Before a zone exists its id is unknown, and so is the zone of everything that names it. Those parts are gathered into one view that
is not `certain`: what is wrong in it is wrong wherever it lands, but what looks right, or is missing, is left open (`hedged`).
Rulesets of the account work on every zone of it and stand in every view.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from policies.findings import NOT_YET, has_unknown, label, value
from policies.kinds import (
    BOT_MANAGEMENT,
    CERTIFICATE_PACK,
    DNSSEC,
    HOSTNAME_TLS,
    PAGE_RULE,
    RECORD,
    RULESET,
    UNIVERSAL_SSL,
    ZONE,
    ZONE_SETTING,
)
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation, Outcome


@dataclass(frozen=True)
class View:
    """One zone. `parts` are the resources that name it, those of the account included."""

    name: str
    zone: Resource | None
    parts: tuple[Resource, ...]
    certain: bool = True

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[Resource, ...]]:
        found: dict[str, list[Resource]] = {}
        for part in self.parts:
            found.setdefault(part.type, []).append(part)
        return {kind: tuple(parts) for kind, parts in found.items()}

    def of(self, kind: str) -> tuple[Resource, ...]:
        return self._by_type.get(kind, ())

    def rulesets(self, *phases: str) -> tuple[Resource, ...]:
        return tuple(each for each in self.of(RULESET) if value(each, "phase") in phases)

    def settings(self, setting: str) -> tuple[Any, ...]:
        """Every value declared for a setting (there should be one)."""
        return tuple(value(each, "value") for each in self.of(ZONE_SETTING) if value(each, "settingId") == setting)


PARTS = (ZONE_SETTING, RECORD, RULESET, PAGE_RULE, HOSTNAME_TLS, DNSSEC, UNIVERSAL_SSL, BOT_MANAGEMENT, CERTIFICATE_PACK)
"""What belongs to a zone and names it."""


def views(stack: Stack) -> tuple[View, ...]:
    """A view for each zone that is declared or named."""
    shared: list[Resource] = []
    named: dict[str, list[Resource]] = {}
    for part in stack.of(*PARTS):
        zone = value(part, "zoneId")
        (shared if zone is None else named.setdefault(_key(zone), [])).append(part)
    zones = {_key(value(zone, "id")): zone for zone in stack.of(ZONE)}
    return tuple(_view(key, zones.get(key), (*named.get(key, ()), *shared)) for key in sorted(zones.keys() | named.keys()))


def hedged(observations: Iterable[Observation], view: View) -> Iterator[Observation]:
    """Of a view that is not certain, keep failures of what is there; leave everything else open."""
    for each in observations:
        settled = view.certain or (each.outcome is Outcome.FAIL and not each.observed.startswith(ABSENT))
        yield each if settled else replace(each, outcome=Outcome.UNKNOWN, observed=NOT_YET, mend="")


RULES: Mapping[str, str] = {RULESET: "rules", PAGE_RULE: "actions", HOSTNAME_TLS: "value"}
"""Where a part of a zone keeps what it decides."""

ABSENT = "not set"
"""How an observation begins when the thing is missing rather than wrong."""


def active_rules(ruleset: Resource) -> tuple[Mapping[str, Any], ...]:
    """The rules in force that are known: a rule that does not say otherwise is enabled (Cloudflare's documented default)."""
    rules = value(ruleset, "rules")
    if rules is UNKNOWN:
        return ()
    return tuple(rule for rule in rules or () if not has_unknown(rule) and rule.get("enabled") is not False)


def settled(observation: Observation, parts: Iterable[Resource]) -> Observation:
    """A pass is open while some rule of these parts is not known; a failure stays one."""
    if observation.outcome is Outcome.PASS and any(has_unknown(value(part, RULES[part.type])) for part in parts):
        return replace(observation, outcome=Outcome.UNKNOWN, observed=NOT_YET)
    return observation


def _key(identity: Any) -> str:
    return "" if identity is UNKNOWN or identity is None else str(identity)


def _view(key: str, zone: Resource | None, parts: tuple[Resource, ...]) -> View:
    name = label(zone) if zone else f"zone {key}" if key else "the zone to be"
    return View(name, zone, parts, certain=bool(key))
