"""What was promised, as data: kinds, promises, proofs, clauses and the data map, strict and frozen.

A *kind* says once for all platforms what a promise id means (`kinds.yaml`); a *catalog* says which ids a platform has promised,
with which figures, and which clauses of the published text they come from (`catalog/<platform>.yaml`). `promises.loading` reads
both and puts them together; this module holds only what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from promises.flows import Flow
from promises.observations import Surface

if TYPE_CHECKING:
    from promises.hygiene import Choice

Parameter = timedelta | int | str | bool | tuple[str, ...]
"""A parameter's value once its unit is understood: durations are `timedelta`, lists are tuples of strings."""


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Proof:
    """One proof a promise needs: a control by name, or `planned` with the reason why there is none yet (never both).

    `max_age` is how old the latest complete run may be (for an attestation: how long a statement may hold); `warn_age`, where
    given, is the age from which the promise is at risk. `may_be_empty` says whether a population of zero proves anything, `document`
    that a statement counts only where it rests on a document.
    """

    surface: Surface
    control: str | None
    planned: str | None
    max_age: timedelta
    warn_age: timedelta | None = None
    may_be_empty: bool = False
    document: bool = False


@dataclass(frozen=True)
class NumberBinding:
    """What a number of a clause (`number` in its canonical spelling, `promises.numbers`) is bound to.

    A parameter of the promise by name, or the reason why the number binds nobody; never both. `clause` is the clause's digest.
    """

    clause: str
    number: str
    parameter: str | None
    reason: str | None


@dataclass(frozen=True)
class Unbinding:
    """A clause (by digest) that binds nobody: why, who reviewed that (empty: nobody yet), and why its numbers bind nobody."""

    clause: str
    reason: str
    reviewer: str
    numbers: tuple[NumberBinding, ...] = ()


@dataclass(frozen=True)
class Promise:
    """One obligation of one platform. `clauses` are the SHA-256 digests (hex) of the normalised clauses it comes from.

    `numbers` says what the numbers in those clauses are, where that does not follow from the values alone (`promises.tracing`).
    """

    id: str
    title: str
    section: str
    severity: Severity
    parameters: Mapping[str, Parameter]
    clauses: tuple[str, ...]
    proofs: tuple[Proof, ...]
    numbers: tuple[NumberBinding, ...] = ()

    def duration(self, name: str) -> timedelta:
        value = self.parameters[name]
        assert isinstance(value, timedelta), f"{self.id}: {name} is no duration"
        return value

    def text(self, name: str) -> str:
        value = self.parameters[name]
        assert isinstance(value, str), f"{self.id}: {name} is no text"
        return value

    def flag(self, name: str) -> bool:
        value = self.parameters[name]
        assert isinstance(value, bool), f"{self.id}: {name} is no flag"
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.parameters[name]
        assert isinstance(value, tuple), f"{self.id}: {name} is no list"
        return value


@dataclass(frozen=True)
class Column:
    """A column of the data map. `id` is the stable number bound into ciphertexts: it survives renames and is never reused."""

    name: str
    id: int
    category: str
    personal: bool
    encrypted: bool


@dataclass(frozen=True)
class Retention:
    """How long something is held: `period` after `anchor`, a column of the map (`shipments.shipped_at`) or an event (`account.closed`).

    Of several the earliest date counts; a `fallback` counts only where no other anchor has a date. `figure` names the promise's
    parameter that the period is (`retention.buyer-pii: after_shipment`), where it is one.
    """

    anchor: str
    period: timedelta
    figure: str | None = None
    fallback: bool = False


@dataclass(frozen=True)
class Table:
    """A table of every merchant's schema (`scope: merchant`) or of the platform (`scope: platform`).

    `processors` are the third parties it reaches; `legal_basis` is empty where nothing in it is about a person.
    """

    name: str
    scope: str
    subject: str
    primary_key: str
    columns: tuple[Column, ...]
    retention: tuple[Retention, ...] = ()
    legal_basis: str = ""
    processors: tuple[str, ...] = ()

    def personal(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.personal)

    def encrypted(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.encrypted)


@dataclass(frozen=True)
class Holding:
    """Something beside the database that holds data: a bucket, a log stream or an export."""

    name: str
    personal: bool
    legal_basis: str
    processors: tuple[str, ...]
    retention: tuple[Retention, ...]


@dataclass(frozen=True)
class ThirdParty:
    """A recipient: what for, which categories of data, and how long they hold it."""

    name: str
    purpose: str
    data: tuple[str, ...]
    retention: tuple[Retention, ...]


@dataclass(frozen=True)
class Copy:
    """Something that still holds a row after it is deleted (a backup, a recovery window, a key snapshot), and for how long."""

    name: str
    kept_for: timedelta
    figure: str | None = None


@dataclass(frozen=True)
class DataMap:
    tables: tuple[Table, ...]
    buckets: tuple[Holding, ...] = ()
    log_streams: tuple[Holding, ...] = ()
    exports: tuple[Holding, ...] = ()
    third_parties: tuple[ThirdParty, ...] = ()
    copies: tuple[Copy, ...] = ()

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True)
class Policy:
    """The published text: its date of effect and the SHA-256 (hex) of the text as normalised by `promises.clauses`."""

    in_force: date
    sha256: str


@dataclass(frozen=True)
class Catalog:
    """One platform's promises. `sha256` (hex) is that of the catalog file, named in every record."""

    platform: str
    policy: Policy
    promises: tuple[Promise, ...]
    data_map: DataMap
    schedule: Mapping[str, timedelta]
    """How often each job runs, by the job's name (`keys.rotate`, `backup.run`, ...)."""
    sha256: str
    binds_nobody: tuple[Unbinding, ...] = ()
    flows: tuple[Flow, ...] = ()
    """Who may open a connection to whom; empty where the platform declares none, and then nothing is permitted."""
    domains: tuple[str, ...] = ()
    """Domains of our own beside the zones of the stack: what is sent there reaches ourselves."""
    shares_account_with: tuple[str, ...] = ()
    """Other platforms of the house in the same account of the cloud: what is named for them there is judged with their catalogs."""
    hygiene: tuple[Choice, ...] = ()
    """Every rule of hygiene as the platform has it (`promises.hygiene`)."""

    def promise(self, promise_id: str) -> Promise:
        return next(promise for promise in self.promises if promise.id == promise_id)
