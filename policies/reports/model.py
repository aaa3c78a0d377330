"""What a report says, before anybody decides how it looks: verdicts beside the promises, runs and facts they came from.

`build` is pure: the moment, the verdicts and the facts about the log and the making of the report come in as arguments. Nothing in a report
was not in its arguments, and nothing personal can be: catalogs, run summaries and checkpoints hold none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from policies.hygiene.standing import Finding, of_log, worst_first
from policies.reports.history import NONE, Circumstances
from policies.reports.period import Period
from promises.hygiene import GROUP
from promises.kinds import Kind, Kinds, Standards, kinds
from promises.model import Catalog, Policy, Promise
from promises.observations import Figure, Observation, Outcome, RunSummary
from promises.verdicts import ProofVerdict, Status, Verdict
from promises.wording import duration, parameter, plural

HISTORY = 10
"""How many of a promise's latest runs its evidence table shows."""

NO_METHODS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Judged:
    """The verdicts at a moment (UTC), and the runs of the verified log that they were computed from."""

    at: datetime
    verdicts: Sequence[Verdict]
    runs: Sequence[RunSummary]
    given: Circumstances = NONE


@dataclass(frozen=True)
class Key:
    """A public key the log was checked with: its name, what it signs, and its fingerprint as the auditor was given it."""

    name: str
    purpose: str
    fingerprint: str


@dataclass(frozen=True)
class Trust:
    """What verifying the log said. `checkpoint` is the signed text byte for byte; `command` is how to check it again."""

    verified: bool
    problems: tuple[str, ...]
    records: int
    origin: str
    checkpoint: str | None
    newest: datetime | None
    keys: tuple[Key, ...]
    command: str


@dataclass(frozen=True)
class Making:
    """Where, when and by what the report was made. `clock_override` says that somebody moved the clock."""

    environment: str
    tool: str
    commit: str | None
    by: str
    clock_override: bool = False

    @property
    def binding(self) -> bool:
        """Whether this is evidence of production and not a rehearsal."""
        return self.environment == "production" and not self.clock_override


@dataclass(frozen=True)
class Bar:
    """A figure against its limit, as shares of the limit (0 to 1, cut there), and the same in words."""

    share: float
    warn: float | None
    status: Status
    label: str


@dataclass(frozen=True)
class Row:
    """One subject as a control saw it."""

    seen: Observation
    bar: Bar | None


@dataclass(frozen=True)
class Proof:
    """One proof of a promise: what it needs, what counted, and how long that holds."""

    verdict: ProofVerdict
    method: str
    rows: tuple[Row, ...]
    unlisted: int
    age: Bar | None
    good_until: datetime | None

    @property
    def name(self) -> str:
        return self.verdict.proof.control or "planned"

    @property
    def surface(self) -> str:
        return self.verdict.proof.surface.value

    @property
    def status(self) -> Status:
        return self.verdict.status

    @property
    def run(self) -> RunSummary | None:
        return self.verdict.run


@dataclass(frozen=True)
class Parameter:
    name: str
    value: str
    values: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Entry:
    """A promise with its verdict."""

    promise: Promise
    verdict: Verdict
    meaning: str
    parameters: tuple[Parameter, ...]
    proofs: tuple[Proof, ...]
    history: tuple[RunSummary, ...]
    standards: Standards | None = None

    @property
    def status(self) -> Status:
        return self.verdict.status

    @property
    def words(self) -> str:
        """The status in words; what rests on statements alone says so."""
        return f"{self.status.value} (attested)" if self.verdict.attested else self.status.value

    @property
    def mends(self) -> tuple[str, ...]:
        """What to do about the failures, each once."""
        failing = (row.seen for proof in self.proofs for row in proof.rows if row.seen.outcome is Outcome.FAIL)
        return tuple(dict.fromkeys(seen.mend for seen in failing if seen.mend))

    @property
    def holds_until(self) -> datetime | None:
        """When the first of its proofs stops counting, for a promise that is kept (at risk or not)."""
        ends = [proof.good_until for proof in self.proofs if proof.good_until]
        return min(ends, default=None) if self.status in (Status.KEPT, Status.AT_RISK) else None


@dataclass(frozen=True)
class Quoted:
    """The published text, when somebody gave it: the words of each clause by its digest. For the page only; no document holds it.

    `in_force` says whether it is, word for word, the text the catalog was written for.
    """

    in_force: bool
    words: Mapping[str, str]


@dataclass(frozen=True)
class Report:
    platform: str
    policy: Policy
    catalog_sha256: str
    at: datetime
    making: Making
    trust: Trust
    entries: tuple[Entry, ...]
    counts: Mapping[Status, int] = field(default_factory=dict)
    quoted: Quoted | None = None
    runs: Sequence[RunSummary] = ()
    """Every run of the verified log: what days and pictures are told from, with what else decided on them (`given`)."""
    given: Circumstances = NONE
    period: Period | None = None
    hygiene: tuple[Finding, ...] = ()
    """How the rules of hygiene stand; empty where the log holds no run of them."""

    @property
    def attention(self) -> tuple[Entry, ...]:
        """What is not kept, worst first."""
        return tuple(sorted((each for each in self.entries if each.status is not Status.KEPT), key=lambda each: -each.status.rank))

    @property
    def answer(self) -> str:
        """The report in one sentence."""
        total, kept = len(self.entries), self.counts[Status.KEPT]
        if not self.trust.verified:
            return f"The evidence log does not verify, so none of the {plural(total, 'promise')} is proven."
        if kept == total:
            return "The one promise is kept." if total == 1 else f"All {total} promises are kept."
        others = [_share(self.counts[status], status) for status in reversed(Status) if self.counts[status] and status is not Status.KEPT]
        rest = " and ".join(filter(None, (", ".join(others[:-1]), others[-1])))
        return f"{_share(kept, Status.KEPT, of=total)}; {rest}."


def _share(count: int, status: Status, of: int | None = None) -> str:
    among = f" of {plural(of, 'promise')}" if of else ""
    return f"{count}{among} {'is' if count == 1 else 'are'} {status.value}"


def build(  # noqa: PLR0913 - what is promised, judged, checked and made, and two tables of words with defaults
    catalog: Catalog, judged: Judged, trust: Trust, making: Making, *, methods: Mapping[str, str] = NO_METHODS, table: Kinds | None = None
) -> Report:
    """A report on `catalog`. `methods` says in words how each control looks (`policies.controls`), by its name."""
    table = table or kinds()
    entries = tuple(_entry(promise, judged, methods, table.by_id[promise.id]) for promise in catalog.promises)
    counts = {status: sum(each.status is status for each in entries) for status in Status}
    whole = Report(
        catalog.platform,
        catalog.policy,
        catalog.sha256,
        judged.at,
        making,
        trust,
        entries,
        counts,
        runs=tuple(judged.runs),
        given=judged.given,
    )
    looked = any(run.promise == GROUP for run in judged.runs)
    return replace(whole, hygiene=worst_first(of_log(catalog, judged.runs))) if looked else whole


def _entry(promise: Promise, judged: Judged, methods: Mapping[str, str], kind: Kind) -> Entry:
    verdict = next(each for each in judged.verdicts if each.promise == promise.id)
    own = sorted((run for run in judged.runs if run.promise == promise.id), key=lambda run: (run.finished, run.record or 0), reverse=True)
    return Entry(
        promise=promise,
        verdict=verdict,
        meaning=kind.meaning,
        parameters=tuple(_parameter(promise, each.name, each.meaning) for each in kind.parameters),
        proofs=tuple(_proof(each, judged.at, methods) for each in verdict.proofs),
        history=tuple(own[:HISTORY]),
        standards=kind.standards,
    )


def _parameter(promise: Promise, name: str, meaning: str) -> Parameter:
    value = promise.parameters[name]
    return Parameter(name.replace("_", " "), parameter(value), value if isinstance(value, tuple) else (), meaning)


def _proof(verdict: ProofVerdict, at: datetime, methods: Mapping[str, str]) -> Proof:
    run, proof = verdict.run, verdict.proof
    method = methods.get(proof.control or "", "") or (proof.planned or "")
    if run is None:
        return Proof(verdict, method, (), 0, None, None)
    rows = tuple(Row(seen, _figure_bar(seen.figure) if seen.figure else None) for seen in run.listed)
    ends = run.finished + proof.max_age if run.expires is None else min(run.expires, run.finished + proof.max_age)
    unlisted = sum(run.counts.values()) - len(run.listed)
    return Proof(verdict, method, rows, max(0, unlisted), _age_bar(run, at, ends, proof.warn_age), ends)


def _age_bar(run: RunSummary, at: datetime, ends: datetime, warn_age: timedelta | None) -> Bar:
    """The run's age against the end of its life."""
    life, age = ends - run.finished, max(at - run.finished, timedelta(0))
    share = age / life if life > timedelta(0) else 1.0
    warn = warn_age / life if warn_age and life > timedelta(0) else None
    status = Status.NOT_PROVEN if share > 1 else Status.AT_RISK if warn is not None and share >= warn else Status.KEPT
    return Bar(
        min(share, 1.0),
        warn if warn is None or warn <= 1 else None,
        status,
        f"{duration(age)} old, {'holds' if share < 1 else 'held'} for {duration(life)}",
    )


def _figure_bar(figure: Figure) -> Bar:
    """A measured figure against its limit; bigger is worse."""
    share = figure.value / figure.limit if figure.limit > 0 else 1.0
    status = Status.BROKEN if figure.value > figure.limit else Status.AT_RISK if figure.near_limit else Status.KEPT
    warn = figure.warn / figure.limit if 0 < figure.warn < figure.limit else None
    label = f"{figure.name} {figure.value:g} of {figure.limit:g} {figure.unit}"
    return Bar(min(max(share, 0.0), 1.0), warn, status, label)
