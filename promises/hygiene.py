"""Hygiene: what scanners of these clouds look for beside the promises, as data: `hygiene.yaml` read strictly into `Rule`s.

A rule says what is at stake, how severe it is, how to mend it on the console, by a command and in the program, and which figures a
catalog may choose. A catalog switches a rule off with a reason, or gives figures of its own:

    hygiene:
      dns.caa: {authorities: [letsencrypt.org]}
      host.backups: {off: "every host is rebuilt from code"}

Rules:
  * a catalog without the section has every rule, with the defaults;
  * switching off needs a reason, and takes no figures beside it;
  * hygiene changes no promise's verdict: its rules have ids of their own, and no promise may carry one (`GROUP`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promises import units
from promises.kinds import ParameterKind
from promises.model import Parameter, Severity
from promises.nodes import Entry, parse
from promises.observations import Surface, Vantage

FILE = Path(__file__).with_name("hygiene.yaml")

GROUP = "hygiene"
"""The group's name: that of the framework in the pack, and what a control run's record has where a promise's id stands."""


@dataclass(frozen=True)
class Remediation:
    """How to mend it, three ways: steps on the console, a command, and what the program says."""

    console: str
    cli: str
    pulumi: str


@dataclass(frozen=True)
class Figure:
    """A parameter that a catalog may choose, with its value where it does not."""

    kind: ParameterKind
    default: Parameter


@dataclass(frozen=True)
class Rule:
    """One rule. `why` says what is at stake."""

    id: str
    title: str
    severity: Severity
    why: str
    surfaces: tuple[Surface, ...]
    vantage: Vantage
    figures: tuple[Figure, ...]
    remediation: Remediation


@dataclass(frozen=True)
class Choice:
    """A rule as one platform has it: switched off with a reason (`off`), or on with these figures."""

    rule: Rule
    parameters: Mapping[str, Parameter]
    off: str = ""


@functools.cache
def rules() -> Mapping[str, Rule]:
    """The rules that ship with the product, by id."""
    return read_rules(FILE.read_text(encoding="utf-8"), f"promises/{FILE.name}")


def read_rules(text: str, file: str) -> Mapping[str, Rule]:
    """Read a table of rules; `CatalogError` names the line that is wrong."""
    root = parse(text, file).fields({"rules"})
    return {key.text(): _rule(key.text(), value) for key, value in root["rules"].pairs()}


def choices(entry: Entry | None, table: Mapping[str, Rule] | None = None) -> tuple[Choice, ...]:
    """Every rule as a catalog's `hygiene:` section has it; without the section, with the defaults."""
    table = rules() if table is None else table
    given = {key.one_of(table, "rule of hygiene"): value for key, value in entry.pairs()} if entry is not None else {}
    return tuple(_choice(rule, given.get(rule.id)) for rule in table.values())


def _rule(rule_id: str, entry: Entry) -> Rule:
    fields = entry.fields({"title", "severity", "why", "surfaces", "vantage", "remediation"}, {"parameters"})
    mend = fields["remediation"].fields({"console", "cli", "pulumi"})
    surfaces = tuple(Surface(each.one_of((Surface.PLAN, Surface.LIVE), "surface")) for each in fields["surfaces"].items())
    if not surfaces:
        raise fields["surfaces"].error(f"the rule {rule_id} looks nowhere", "write [plan, live], or one of the two")
    return Rule(
        id=rule_id,
        title=fields["title"].text(),
        severity=Severity(fields["severity"].one_of(tuple(Severity), "severity")),
        why=_line(fields["why"]),
        surfaces=surfaces,
        vantage=Vantage(fields["vantage"].one_of(tuple(Vantage), "vantage")),
        figures=tuple(_figure(key.text(), value) for key, value in fields["parameters"].pairs()) if "parameters" in fields else (),
        remediation=Remediation(_line(mend["console"]), _line(mend["cli"]), _line(mend["pulumi"])),
    )


def _figure(name: str, entry: Entry) -> Figure:
    """A parameter with its default; a list may be empty by default, and is filled where a catalog gives one."""
    fields = entry.fields({"type", "meaning", "default"}, {"unit"})
    kind = fields["type"].one_of(units.TYPES, "type")
    if (kind in ("duration", "count")) != ("unit" in fields):
        raise entry.error("a duration has a unit, and so has a count; nothing else has", "write `unit: days` beside `type: duration`")
    options = units.COUNTS if kind == "count" else tuple(units.UNITS)
    unit = fields["unit"].one_of(options, "unit") if "unit" in fields else None
    empty = not fields["default"].scalar and not fields["default"].items()
    default = () if empty else units.read(fields["default"], kind, unit)
    return Figure(ParameterKind(name, kind, unit, fields["meaning"].text()), default)


def _choice(rule: Rule, entry: Entry | None) -> Choice:
    """The rule's defaults, but for what the catalog says."""
    parameters = {each.kind.name: each.default for each in rule.figures}
    if entry is None:
        return Choice(rule, parameters)
    kinds = {each.kind.name: each.kind for each in rule.figures}
    fields = entry.fields((), {"off", *kinds})
    if "off" in fields:
        if len(fields) > 1:
            raise entry.error(f"{rule.id} is switched off and has figures", "keep one of the two")
        return Choice(rule, parameters, _line(fields["off"]))
    if not fields:
        raise entry.error(f"nothing is said of {rule.id}", 'write `{off: "<reason>"}` or a figure, or leave it out')
    return Choice(rule, parameters | {name: units.read(value, kinds[name].type, kinds[name].unit) for name, value in fields.items()})


def _line(entry: Entry) -> str:
    return " ".join(entry.text().split())
