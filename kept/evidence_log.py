"""The evidence log of one environment, put together: bucket, keys in Vault, writer, checkpointer, pinned trust.

Below the settings' data folder:

    spool/             the writer's counter and what waits for the store (see `evidence.spool`)
    keys/              evidence-record.pem, evidence-log.vkey: the two first public keys, which are trusted here;
                       in-force.pem: the record key that the log has announced last, a memory that can be lost
    anchors/           copies of checkpoints outside the bucket; `verify` pins them
    checkpointer.json  what the checkpointer remembers between two runs (`evidence.resuming`)
    checkpoint.lock    held by the checkpointer

The two first public keys are fetched from Vault when the environment is set up, and pinned for ever. Later ones are those that the
log announces, whatever Vault has by then: writers name the version they sign with, and a Vault that does not hold the pinned keys
is refused. Verification needs these files and the bucket, never Vault.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from duties import exceptions
from duties.register import Register, credible, load_register, refused
from evidence import dsse, probing, reading, resuming
from evidence.checkpointer import CheckpointReport, Parts, checkpoint
from evidence.errors import Inconsistent
from evidence.notes import VerifierKey, signed_by
from evidence.probing import Probe
from evidence.proofs import Proof, prove
from evidence.records import CHECKPOINTS, RECORDS, Record, record_key
from evidence.rules import TOLERANCE
from evidence.signing import Deferred, TransitSigner, from_pem, keyid, to_pem
from evidence.spool import writer_name
from evidence.statements import Context
from evidence.stores import DirectoryStore, S3Store, Store
from evidence.succession import LOG_KEY, RECORD_KEY, KeyPeriod
from evidence.trust import Trust, read_trust
from evidence.verifying import MAX_AGE, Demands, Pinned, Verification, verify
from evidence.writer import Writer
from kept.locations import PROJECT
from services import objects
from services.errors import BadData, UsageError
from services.vault import Vault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from promises.model import Catalog
    from promises.observations import RunSummary
    from promises.verdicts import GrantedException, RefusedStatement
    from services.settings import Settings

PEM, VKEY, IN_FORCE = "evidence-record.pem", "evidence-log.vkey", "in-force.pem"

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Log:
    """One environment's log. Vault and the bucket are asked when something first needs them."""

    settings: Settings
    catalog: Catalog
    clock: Clock
    clock_override: bool

    @cached_property
    def store(self) -> Store:
        return S3Store(self._bucket_client, self.settings.evidence.bucket)

    @cached_property
    def _bucket_client(self) -> S3Client:
        return objects.client(self.settings.objects, "evidence")

    @cached_property
    def anchors(self) -> tuple[Store, ...]:
        """Where checkpoints are copied to: a folder of this host and, where the settings name one, a second bucket."""
        folder, evidence = DirectoryStore(self.settings.data / "anchors"), self.settings.evidence
        if not evidence.anchor_bucket:
            return (folder,)
        return (folder, S3Store(objects.client(self.settings.objects, evidence.anchor_identity), evidence.anchor_bucket))

    @cached_property
    def record_signer(self) -> TransitSigner:
        """For the checkpointer, which selects the version itself; writers sign by `writer`."""
        return TransitSigner(Vault.login(self.settings.vault, "evidence_record"), RECORD_KEY)

    @cached_property
    def log_signer(self) -> TransitSigner:
        return TransitSigner(Vault.login(self.settings.vault, "evidence_log"), LOG_KEY)

    @cached_property
    def context(self) -> Context:
        return Context(
            environment=self.settings.environment,
            clock_override=self.clock_override,
            platform=self.catalog.platform,
            catalog_sha256=self.catalog.sha256,
            policy_sha256=self.catalog.policy.sha256,
            tool_version=importlib.metadata.version("kept"),
            commit=commit(),
            writer_id=writer_name(self._spool),
        )

    @cached_property
    def writer(self) -> Writer:
        self._check_clock()
        return Writer(self.store, Deferred(RECORD_KEY, self._announced_signer), self.context, self._spool, self.clock)

    @property
    def keys_folder(self) -> Path:
        return self.settings.data / "keys"

    @property
    def _spool(self) -> Path:
        return self.settings.data / "spool"

    def checkpoint(self, announce: frozenset[str] = frozenset()) -> CheckpointReport:
        """Send what waits, number what is in the inbox, sign, copy to the anchors.

        `announce` names the evidence keys whose newest version in Vault the log shall announce (`evidence.succession`).
        """
        self.writer.flush()
        trust = self.pin()
        memory = self.settings.data / resuming.FILE
        parts = Parts(self.store, self.log_signer, self.record_signer, trust, self.context, self.anchors, memory, announce)
        report = checkpoint(parts, file_lock(self.settings.data / "checkpoint.lock"), self.clock())
        self._remember(report.keys)
        return report

    def _check_clock(self) -> None:
        """Refuse to write records whose time nobody would accept: the bucket's own clock is asked, where it answers."""
        told, now = objects.server_time(self._bucket_client, self.settings.evidence.bucket), self.clock()
        if told and not self.clock_override and abs(now - told) > TOLERANCE:
            raise UsageError(
                f"this host's clock says {now.isoformat(timespec='seconds')}, that of the bucket {self.settings.evidence.bucket} "
                f"{told.isoformat(timespec='seconds')}; nothing was written",
                "set the clock right (timedatectl); a record of the wrong time proves nothing",
            )

    def pin(self) -> Trust:
        """The two first public keys, pinned when there are none yet; a Vault that no longer holds them is refused."""
        records, logs = self.record_signer.public_keys(), self.log_signer.public_keys()
        pinned = self._pinned_or_none()
        if pinned is None:
            pinned = self._first(records.values(), logs.values())
            self._write_keys(pinned, self.keys_folder)
        if pinned.origin != self.origin or pinned.record_public not in records.values() or pinned.log_key.public not in logs.values():
            raise Inconsistent(
                f"Vault's evidence keys are not those pinned in {self.keys_folder}",
                "was Vault set up anew? then its log is a new one: compare the fingerprints before removing the pinned files",
            )
        return pinned

    def trust(self) -> Trust:
        """The two first public keys; fetched from Vault when nothing is pinned yet."""
        return self._pinned_or_none() or self.pin()

    def verify(self, *, max_age: timedelta | None = MAX_AGE, pinned: tuple[Pinned, ...] = ()) -> Verification:
        """The whole log, against the pinned keys, the anchors' checkpoints and those given."""
        demands = Demands(self.clock(), max_age, self.settings.environment, self.catalog.platform)
        return verify(self.store, self.trust(), demands, (*self.pinned(), *pinned))

    def pinned(self) -> tuple[Pinned, ...]:
        """Every checkpoint that an anchor holds."""
        return tuple(Pinned(f"anchor {key}", anchor.get(key)) for anchor in self.anchors for key in anchor.list(CHECKPOINTS))

    def summaries(self, verification: Verification | None = None) -> tuple[RunSummary, ...]:
        """What the verified log holds, for verdicts; nothing at all when it does not verify."""
        verified = verification or self.verify()
        return reading.summaries(self.credible(verified)) if verified.ok else ()

    def exceptions(self, verification: Verification) -> tuple[GrantedException, ...]:
        """Every exception that the verified log holds, over or not; none when it does not verify."""
        return exceptions.granted(self.credible(verification)) if verification.ok else ()

    def refused(self, verification: Verification) -> tuple[RefusedStatement, ...]:
        """The statements and exceptions that do not count, and why; none of a log that does not verify."""
        return refused(verification.records, self.register) if verification.ok else ()

    def credible(self, verification: Verification) -> tuple[Record, ...]:
        """The verified records without the statements that nobody entitled has signed."""
        return credible(verification.records, self.register)

    @cached_property
    def register(self) -> Register:
        """Who may sign what here."""
        return load_register(self.settings.data)

    def export(self, folder: Path) -> Path:
        """Copy records, checkpoints and public keys into a folder that verifies offline; returns it.

        A folder that holds what this log does not is refused, and nothing in it is changed: it may be the last copy of a log that was
        cut. Checkpoints are listed first, so that what they cover is there when the records are.
        """
        copy = DirectoryStore(folder)
        wanted = {prefix: list(self.store.list(prefix)) for prefix in (CHECKPOINTS, RECORDS)}
        for prefix, keys in wanted.items():
            if set(copy.list(prefix)) - set(keys):
                raise BadData(f"{folder / prefix} holds files that this log does not have", "compare them; export into a new folder")
        for keys in wanted.values():
            for key, data in zip(keys, self.store.get_many(keys), strict=True):
                copy.put(key, data)
        self._write_keys(self.trust(), folder / "keys")
        return folder

    def prove(self, number: int) -> Proof:
        """The proof of one record under the newest checkpoint; nothing is proven out of a log that does not verify."""
        verification = self.verify(max_age=None)
        if verification.problems:
            raise BadData(f"the log does not verify: {verification.problems[0]}", "`kept evidence verify` shows all problems")
        if not 0 <= number < verification.size:
            raise UsageError(f"the log holds no record {number} under a checkpoint", f"it holds 0 to {verification.size - 1}")
        return prove(number, list(self.store.get_many(map(record_key, range(verification.size)))), verification.note, verification.keys)

    def probe(self) -> Probe:
        """Try whether the bucket keeps create-only under a race; the answer becomes a record."""
        started = self.clock()
        found = probing.probe(self.store)
        self.writer.control_run(probing.control_run(found, started, self.clock()))
        self.checkpoint()
        return found

    @property
    def origin(self) -> str:
        return self.settings.evidence.origin

    def _first(self, records: Iterable[bytes], logs: Iterable[bytes]) -> Trust:
        """Of Vault's versions (oldest first) those a log began with: an empty one begins with the newest."""
        record, log = list(records), [VerifierKey(self.origin, each) for each in logs]
        beginning = next(iter(self.store.list(RECORDS)), None)
        if beginning is None:
            return Trust(record[-1], log[-1])
        hints = {each.keyid for each in dsse.decode(self.store.get(beginning)).signatures}
        note = next((self.store.get(key) for key in self.store.list(CHECKPOINTS)), b"")
        return Trust(
            next((each for each in record if keyid(each) in hints), record[-1]),
            next((each for each in log if signed_by(note, each)), log[-1]),
        )

    def _announced_signer(self) -> TransitSigner:
        """Vault's key of records, with the version selected that the log has announced last."""
        self.record_signer.select(self.key_in_force())
        return self.record_signer

    def key_in_force(self) -> bytes:
        """The record key that the log has announced last: as remembered, or read from the log when Vault has a newer version."""
        path = self.keys_folder / IN_FORCE
        remembered = from_pem(path.read_text())[0] if path.exists() else None
        if remembered is None or remembered != list(self.record_signer.public_keys().values())[-1]:
            remembered = self._remember(verify(self.store, self.trust(), Demands(self.clock(), None)).keys)
        return remembered

    def _remember(self, keys: Sequence[KeyPeriod]) -> bytes:
        """Keep the record key that is in force by now; returns it."""
        public = next(each.public for each in reversed(keys) if each.name == RECORD_KEY)
        path, text = self.keys_folder / IN_FORCE, to_pem([public])
        if not path.exists() or path.read_text() != text:
            DirectoryStore(self.keys_folder).put(IN_FORCE, text.encode())
        return public

    def _pinned_or_none(self) -> Trust | None:
        pem, vkey = self.keys_folder / PEM, self.keys_folder / VKEY
        return read_trust(pem.read_text(), vkey.read_text()) if pem.exists() and vkey.exists() else None

    def _write_keys(self, trust: Trust, folder: Path) -> None:
        store = DirectoryStore(folder)
        store.put(PEM, to_pem([trust.record_public]).encode())
        store.put(VKEY, f"{trust.log_key}\n".encode())


def open_log(settings: Settings, catalog: Catalog, now: datetime | Clock, *, clock_override: bool = False) -> Log:
    """The log of an environment. `now` is a clock, or one moment (then every record bears that moment)."""
    return Log(settings, catalog, now if callable(now) else lambda: now, clock_override)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Wait for and hold a lock between processes of this host; a process that dies frees it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def commit() -> str:
    """The git commit of the tool, with `-dirty` when its files were changed, or `unknown` outside a repository."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return said if len(said.removesuffix("-dirty")) == 40 else "unknown"
