"""What a promise id means, once for all platforms: `kinds.yaml` read into `Kind`s.

A kind names the parameters a catalog must give (type and unit), the proofs the promise needs, and how old each proof may be. An
age is a duration, or follows a figure of the catalog: `{parameter: interval, plus: 6 hours}` or `{schedule: verify, plus: 24 hours}`,
so that a figure is written once. It also says which job must meet a deadline (`job` of a parameter), which parameters make up its
`horizon`, and with which requirements of which standards it is paired; a pairing counts for nothing until a person has reviewed it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

from promises import units
from promises.model import Parameter, Proof, Severity
from promises.nodes import Entry, parse
from promises.observations import Surface
from promises.wording import duration

FILE = Path(__file__).with_name("kinds.yaml")

FRAMEWORKS: Mapping[str, str] = MappingProxyType(
    {
        "soc2": r"(CC|A|C|P|PI)[1-9]\.[0-9]{1,2}",
        "iso27001": r"A\.[5-8]\.[0-9]{1,2}",
        "nist80053": r"[A-Z]{2}-[0-9]{1,2}(\([0-9]{1,2}\))?",
        "gdpr": r"[0-9]{1,2}(\([0-9]\))?(\([a-z]\))?",
        "ccpa": r"1798\.[0-9.]+(\([a-z]\))?(\([0-9]\))?|7[0-9]{3}(\([a-z]\))?",
        "dpp": r"[1-3](\.[0-9]){0,2}",
    }
)
"""The frameworks by the name used here, and how their ids are spelled: SOC 2 (TSC 2017), ISO 27001:2022 Annex A, NIST 800-53 r5,
GDPR articles, Cal. Civ. Code sections (7xxx: CCPA regulations), and the marketplace's data protection policy."""


@dataclass(frozen=True)
class ParameterKind:
    name: str
    type: str
    unit: str | None
    meaning: str
    job: str | None = None
    """The job that must meet this deadline (`promises.arithmetic`)."""


@dataclass(frozen=True)
class Horizon:
    """Parameters that bound how long deleted data may live on: lag and longest-lived copy may not come to more than the limit.

    Without `lag` the time counts from the copy's own moment; where the flag `copies` is false, copies are promised elsewhere.
    """

    limit: str
    lag: str | None
    copies: str | None


@dataclass(frozen=True)
class Standards:
    """Which requirements of which framework a promise is paired with, by their ids, and who answers for the pairing.

    `unconfirmed` are those ids that were not found in a public library. Nobody has reviewed it where `reviewed_by` is empty.
    """

    requirements: Mapping[str, tuple[str, ...]]
    unconfirmed: tuple[str, ...]
    reviewed_by: str
    reviewed_on: date | None


@dataclass(frozen=True)
class Age:
    """A duration, or a figure of the catalog (`parameter` or `schedule`), shifted by `offset`."""

    entry: Entry
    parameter: str | None
    schedule: str | None
    offset: timedelta

    def resolve(self, parameters: Mapping[str, Parameter], schedule: Mapping[str, timedelta]) -> timedelta:
        """The age with this catalog's figures; the offset may not eat the figure up."""
        base = timedelta(0)
        if self.parameter is not None:
            value = parameters[self.parameter]
            assert isinstance(value, timedelta), f"{self.parameter} is no duration"
            base = value
        elif self.schedule is not None:
            base = schedule[self.schedule]
        if base + self.offset <= timedelta(0):
            raise self.entry.error(f"the age comes to {duration(base + self.offset)}", "let it be above zero")
        return base + self.offset


@dataclass(frozen=True)
class ProofKind:
    """A proof as the kind declares it; `control` and `planned` exclude each other."""

    entry: Entry
    surface: Surface
    control: str | None
    planned: str | None
    max_age: Age
    warn_age: Age | None
    may_be_empty: bool
    document: bool

    def resolve(self, parameters: Mapping[str, Parameter], schedule: Mapping[str, timedelta]) -> Proof:
        max_age = self.max_age.resolve(parameters, schedule)
        warn_age = self.warn_age.resolve(parameters, schedule) if self.warn_age else None
        if warn_age is not None and warn_age >= max_age:
            problem = f"the warning at {duration(warn_age)} comes after the limit of {duration(max_age)}"
            raise self.entry.error(problem, "let warn_age be below max_age")
        return Proof(self.surface, self.control, self.planned, max_age, warn_age, self.may_be_empty, self.document)


@dataclass(frozen=True)
class Kind:
    id: str
    title: str
    meaning: str
    severity: Severity
    parameters: tuple[ParameterKind, ...]
    proofs: tuple[ProofKind, ...]
    standards: Standards | None = None
    horizon: Horizon | None = None


@dataclass(frozen=True)
class Kinds:
    """The whole table: the jobs a schedule may name (with what each does), and the kinds by promise id."""

    jobs: Mapping[str, str]
    by_id: Mapping[str, Kind]


@functools.cache
def kinds() -> Kinds:
    """The table that ships with the product."""
    return read_kinds(FILE.read_text(encoding="utf-8"), f"promises/{FILE.name}")


def read_kinds(text: str, file: str) -> Kinds:
    """Read a table of kinds; `CatalogError` names the line that is wrong."""
    root = parse(text, file).fields({"jobs", "kinds"})
    jobs = {key.text(): " ".join(value.text().split()) for key, value in root["jobs"].pairs()}
    return Kinds(jobs, {key.text(): _kind(key.text(), value, jobs) for key, value in root["kinds"].pairs()})


def _kind(promise_id: str, entry: Entry, jobs: Mapping[str, str]) -> Kind:
    fields = entry.fields({"title", "meaning", "severity", "parameters", "proofs"}, {"standards", "horizon"})
    parameters = tuple(_parameter(key.text(), value, jobs) for key, value in fields["parameters"].pairs())
    proofs = tuple(read_proof(each, parameters, jobs) for each in fields["proofs"].items())
    if not proofs:
        raise fields["proofs"].error(f"the promise {promise_id} has no proof", "name a control, or `planned: <why there is none yet>`")
    return Kind(
        id=promise_id,
        title=fields["title"].text(),
        meaning=" ".join(fields["meaning"].text().split()),
        severity=Severity(fields["severity"].one_of(tuple(Severity), "severity")),
        parameters=parameters,
        proofs=proofs,
        standards=_standards(fields["standards"]) if "standards" in fields else None,
        horizon=_horizon(fields["horizon"], parameters) if "horizon" in fields else None,
    )


def _standards(entry: Entry) -> Standards:
    fields = entry.fields({*FRAMEWORKS, "reviewed_by", "reviewed_on"}, {"unconfirmed"})
    requirements = {name: _requirements(fields[name], pattern) for name, pattern in FRAMEWORKS.items()}
    unconfirmed = _requirements(fields["unconfirmed"], ".+") if "unconfirmed" in fields else ()
    known = {each for found in requirements.values() for each in found}
    for item in fields["unconfirmed"].items() if unconfirmed else ():
        item.one_of(known, "requirement")
    reviewer, day = fields["reviewed_by"].blank(), fields["reviewed_on"].blank()
    if bool(reviewer) != bool(day):
        raise entry.error("a review has a reviewer and a day", "fill in both, or leave both empty")
    try:
        return Standards(requirements, unconfirmed, reviewer, date.fromisoformat(day) if day else None)
    except ValueError:
        raise fields["reviewed_on"].error(f"{day!r} is no date", "write it as 2026-03-04") from None


def _requirements(entry: Entry, pattern: str) -> tuple[str, ...]:
    """The ids of one framework; none where no requirement of it fits."""
    found = [item.text() for item in entry.items()]
    for item in entry.items():
        if not re.fullmatch(pattern, item.text()) or found.count(item.text()) > 1:
            raise item.error(f"{item.text()!r} is no requirement of this framework, or stands here twice", "write its id, once")
    return tuple(found)


def _horizon(entry: Entry, parameters: tuple[ParameterKind, ...]) -> Horizon:
    fields = entry.fields({"limit"}, {"lag", "copies"})
    durations = {each.name for each in parameters if each.type == "duration"}
    flags = {each.name for each in parameters if each.type == "flag"}
    return Horizon(
        limit=fields["limit"].one_of(durations, "duration parameter"),
        lag=fields["lag"].one_of(durations, "duration parameter") if "lag" in fields else None,
        copies=fields["copies"].one_of(flags, "flag parameter") if "copies" in fields else None,
    )


def _parameter(name: str, entry: Entry, jobs: Mapping[str, str]) -> ParameterKind:
    fields = entry.fields({"type", "meaning"}, {"unit", "job"})
    kind = fields["type"].one_of(units.TYPES, "type")
    if (kind in ("duration", "count")) != ("unit" in fields):
        problem = "a duration has a unit, and so has a count; nothing else has"
        raise entry.error(problem, "write `unit: days` beside `type: duration` or `unit: characters` beside `type: count` only")
    options = units.COUNTS if kind == "count" else tuple(units.UNITS)
    unit = fields["unit"].one_of(options, "unit") if "unit" in fields else None
    if "job" in fields and kind != "duration":
        raise fields["job"].error("only a duration is a deadline that a job can meet", "leave `job` out")
    job = fields["job"].one_of(jobs, "job") if "job" in fields else None
    return ParameterKind(name, kind, unit, fields["meaning"].text(), job)


def read_proof(entry: Entry, parameters: tuple[ParameterKind, ...], jobs: Mapping[str, str]) -> ProofKind:
    """One proof, of a kind or of a catalog's promise; its ages may name the kind's parameters and the jobs."""
    fields = entry.fields({"surface", "max_age"}, {"control", "planned", "warn_age", "may_be_empty", "document"})
    if ("control" in fields) == ("planned" in fields):
        raise entry.error(
            "a proof names a control or says why it is planned, one of the two", "write `control: <name>` or `planned: <why>`"
        )
    surface = Surface(fields["surface"].one_of(tuple(Surface), "surface"))
    if "document" in fields and surface is not Surface.ATTEST:
        raise fields["document"].error("only a statement rests on a document", "leave `document` out, or write `surface: attest`")
    durations = {each.name for each in parameters if each.type == "duration"}
    return ProofKind(
        entry=entry,
        surface=surface,
        control=fields["control"].text() if "control" in fields else None,
        planned=fields["planned"].text() if "planned" in fields else None,
        max_age=_age(fields["max_age"], durations, jobs),
        warn_age=_age(fields["warn_age"], durations, jobs) if "warn_age" in fields else None,
        may_be_empty="may_be_empty" in fields and fields["may_be_empty"].flag(),
        document="document" in fields and fields["document"].flag(),
    )


def _age(entry: Entry, durations: set[str], jobs: Mapping[str, str]) -> Age:
    """A plain duration, or `{parameter|schedule: NAME, plus|minus: DURATION}`."""
    if entry.scalar:
        return Age(entry, None, None, units.duration(entry))
    fields = entry.fields((), {"parameter", "schedule", "plus", "minus"})
    if ("parameter" in fields) == ("schedule" in fields) or {"plus", "minus"} <= set(fields):
        raise entry.error("an age follows one figure, shifted once", "write `{parameter: <name>, plus: <duration>}`")
    parameter = fields["parameter"].one_of(durations, "duration parameter") if "parameter" in fields else None
    schedule = fields["schedule"].one_of(jobs, "job") if "schedule" in fields else None
    offset = units.duration(fields["plus"]) if "plus" in fields else timedelta(0)
    offset -= units.duration(fields["minus"]) if "minus" in fields else timedelta(0)
    return Age(entry, parameter, schedule, offset)
