"""The checkpointer: it alone numbers records and signs checkpoints, one at a time under a lock.

1. Read the newest checkpoint that a log key has signed, and all records. Unless it, and the newest one of every anchor, is a
   prefix of the records: `Inconsistent`, nothing is written, nothing is signed. A run that remembers the log as that checkpoint
   left it (`evidence.resuming`) reads what is new; once a day, and whenever something does not fit, all is read.
2. Records beyond it stem from a run that died. Those that follow are kept; anything else there, and any object under a foreign
   name, goes back to the inbox, so that nothing laid beside the log can block it.
3. Every inbox object, in an order that depends on the objects alone: signature, statement and counter are checked; what follows
   becomes `records/<number>`. A gap in a writer's counter is announced by a record before it. What is known already is dropped.
   What is foreign, unsigned or repeated, or dated so that no verifier would accept it (`evidence.admission`), is copied to
   `rejected/` and named in a record.
4. Once a day the log says that it is alive.
5. Where a rotation of the evidence keys asks for it, the newest version that a signer has is announced (`evidence.succession`).
6. Sign size and root, store the checkpoint, copy it to every anchor, and only then empty the inbox.

Which version of a key signs is read from the log, never from the signer: a version that is not announced yet signs nothing.

A run may die anywhere: the next one finds the same objects and comes to the same end. Records of the log about itself are signed
with the record key under the writer name `checkpointer`, whose counter is read from the log itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from evidence import composing, resuming
from evidence.admission import ahead, back_dated, misplaced
from evidence.composing import Stamp
from evidence.errors import BadSignature, Exists, Inconsistent, Malformed, Missing
from evidence.ledger import Candidate, Judgement, Ledger
from evidence.merkle import leaf_hash
from evidence.notes import Checkpoint, VerifierKey, open_checkpoint, sign_checkpoint
from evidence.ordering import in_order
from evidence.records import (
    CHECKPOINTS,
    INBOX,
    KEYS,
    RECORDS,
    REJECTED,
    NotARecord,
    Reason,
    checkpoint_key,
    in_sequence,
    read,
    record_key,
)
from evidence.resuming import Memory
from evidence.rules import TOLERANCE
from evidence.signing import Signer
from evidence.statements import Context, Rejection, Statement, to_bytes
from evidence.stores import Store
from evidence.succession import LOG_KEY, RECORD_KEY, KeyPeriod
from evidence.trust import Trust
from evidence.writer import seal
from services.errors import KeptError

WRITER = "checkpointer"
HEARTBEAT = timedelta(days=1)
_REJECTIONS_A_RECORD = 100


@dataclass(frozen=True)
class CheckpointReport:
    """What a run did. `note` is the newest checkpoint as signed; it is copied to every anchor. `whole`: all records were read.

    `keys` are those of the log by now, the first two first.
    """

    size: int
    root: str
    added: int
    rejected: tuple[Rejection, ...]
    note: bytes
    whole: bool = True
    keys: tuple[KeyPeriod, ...] = ()


@dataclass(frozen=True)
class Parts:
    """What a checkpointer works with: the store, its two signers, whom it trusts, the context of its own records, the anchors.

    `memory` is a file of this host in which it remembers the log between two runs; without one every run reads the whole log.
    `announce` names the keys whose newest version shall be announced, where it is not in force already.
    """

    store: Store
    log_signer: Signer
    record_signer: Signer
    trust: Trust
    context: Context
    anchors: tuple[Store, ...] = ()
    memory: Path | None = None
    announce: frozenset[str] = frozenset()


class _Undecided(Exception):  # noqa: N818 - a judgement, caught by `checkpoint`
    """A counter was used before, and only the whole log can tell by which record."""


def checkpoint(parts: Parts, lock: AbstractContextManager[object], now: datetime) -> CheckpointReport:
    """Number what is in the inbox and sign the log; see the module. Errors: `Inconsistent`, `Exists`, those of store and signer."""
    with lock:
        if resumed := _resumed(parts, now):
            with contextlib.suppress(_Undecided):
                return resumed.run()
        return _Run(parts, now).run()


def _resumed(parts: Parts, now: datetime) -> _Run | None:
    """A run that goes on from what this host remembers; None when there is nothing, or it does not fit the log."""
    memory = resuming.load(parts.memory) if parts.memory else None
    try:
        run = _Run(parts, now, memory) if memory else None
    except (Malformed, BadSignature):
        return None
    return run if run and run.resumes() else None


class _Run:
    def __init__(self, parts: Parts, now: datetime, memory: Memory | None = None) -> None:
        self._parts = parts
        self._store = parts.store
        self._now = now
        self._memory = memory
        self._ledger = Ledger.recall(memory, parts.trust) if memory else Ledger(parts.trust)
        versions = (VerifierKey(parts.trust.origin, public) for public in parts.log_signer.public_keys().values())
        self._log_keys = (parts.trust.log_key, *versions)
        self._rejections: dict[str, Rejection] = {}
        self._loose: list[str] = []

    def resumes(self) -> bool:
        """Whether what is remembered is the log as its newest checkpoint, here and at every anchor, and its last record say."""
        memory, heartbeat = self._memory, self._ledger.heartbeat
        if memory is None or heartbeat is None or self._now - heartbeat >= HEARTBEAT:
            return False
        before = checkpoint_key(memory.size - 1)
        newest = [self._newest(store, before) for store in (self._store, *self._parts.anchors)]
        self._loose.clear()
        if any(each is None or (each.size, each.root) != (memory.size, self._ledger.tree.root()) for each, _ in newest):
            return False
        try:
            for _, note in newest:
                self._ledger.keys.open_checkpoint(note)
            return leaf_hash(self._store.get(record_key(memory.size - 1))).hex() == memory.last_leaf
        except (Missing, BadSignature):
            return False

    def run(self) -> CheckpointReport:
        last, note = self._newest(self._store, checkpoint_key(self._memory.size - 1) if self._memory else "")
        numbered = self._numbered()
        if self._ledger.whole:
            self._read_prefix((last, note), numbered)
            numbered = numbered[self._ledger.size :]
        self._check_clock()
        self._extend(numbered)
        for key in self._loose:
            self._loosen(key, self._store.get(key))
        before = last.size if last else 0
        inbox = tuple(self._store.list(INBOX))
        self._number(self._candidates(inbox))
        self._record_rejections()
        self._beat()
        self._announce_keys()
        note = note if last and self._ledger.size == before else self._sign()
        failure = self._anchor(note)
        for key in inbox:
            self._store.delete(key)
        if self._parts.memory:
            resuming.save(self._parts.memory, self._ledger.remember())
        if failure:
            raise failure
        added, root = self._ledger.size - before, self._ledger.tree.root().hex()
        return CheckpointReport(
            self._ledger.size, root, added, tuple(self._rejections.values()), note, self._ledger.whole, self._ledger.keys.periods
        )

    def _check_clock(self) -> None:
        """A clock that is behind the log would refuse honest records: then nothing is numbered."""
        latest = self._ledger.latest
        if latest and latest > self._now + TOLERANCE and not self._parts.context.clock_override:
            raise Inconsistent(
                f"the newest record is dated {latest.isoformat()}, the clock of this host says {self._now.isoformat()}; nothing is signed",
                "set the clock right; if it is right, `kept evidence verify` names the record that is dated ahead",
            )

    def _newest(self, store: Store, after: str = "") -> tuple[Checkpoint | None, bytes]:
        """The newest checkpoint of ours in a store; foreign objects above it in the log's own are loose.

        By any key that the signer has: that it was the one of its size is checked when the records were read.
        """
        for key in sorted(store.list(CHECKPOINTS, after), reverse=True):
            note = store.get(key)
            try:
                found = open_checkpoint(note, self._log_keys)
            except (Malformed, BadSignature):
                found = None
            if found and key == checkpoint_key(found.size):
                return found, note
            if store is self._store:
                self._loose.append(key)
        return None, b""

    def _numbered(self) -> list[str]:
        """The records' keys without a gap, from 0 or from what is remembered; every other object listed with them is loose."""
        first = self._ledger.size
        numbered, foreign = in_sequence(self._store.list(RECORDS, record_key(first - 1) if first else ""), first)
        self._loose += foreign
        return numbered

    def _read_prefix(self, last: tuple[Checkpoint | None, bytes], numbered: Sequence[str]) -> None:
        """Check that the newest checkpoint, ours and every anchor's, is a prefix of the records."""
        known: dict[int, list[bytes]] = {}
        for found, note in (*map(self._newest, self._parts.anchors), last):
            if found:
                known.setdefault(found.size, []).append(note)
        size = last[0].size if last[0] else 0
        if max(known, default=0) > len(numbered) or max(known, default=0) > size:
            raise _inconsistent(f"a checkpoint covers {max(known)} records, the log holds {min(len(numbered), size)} under its own")
        self._compare(known.get(0, ()))
        for key, raw in zip(numbered[:size], self._store.get_many(numbered[:size]), strict=True):
            self._ledger.take(self._signed_over(key, raw))
            self._compare(known.get(self._ledger.size, ()))

    def _compare(self, notes: Iterable[bytes]) -> None:
        for note in notes:
            try:
                known = self._ledger.keys.open_checkpoint(note)
            except BadSignature as error:
                raise _inconsistent(f"the checkpoint of {self._ledger.size} records: {error.message}") from None
            if known.root != self._ledger.tree.root():
                raise _inconsistent(f"the records are not those that the checkpoint of {known.size} was signed over")

    def _signed_over(self, key: str, raw: bytes) -> Candidate:
        try:
            candidate = self._candidate(key, raw)
        except NotARecord as error:
            raise _inconsistent(f"{key} is not a record: {error}") from None
        objection = self._ledger.objection(candidate)
        if objection:
            raise _inconsistent(f"{key} {objection}")
        return candidate

    def _extend(self, numbered: Sequence[str]) -> None:
        """Keep what an interrupted run has numbered, as far as it follows; the rest goes back to the inbox."""
        beyond = list(numbered)
        while beyond:
            key = beyond[0]
            try:
                candidate = self._candidate(key, self._store.get(key))
            except NotARecord:
                break
            if self._judge(candidate) is not Judgement.FOLLOWS or self._refused(candidate):
                break
            self._ledger.take(candidate)
            beyond.pop(0)
        self._loose += beyond

    def _candidates(self, inbox: Iterable[str]) -> Iterator[Candidate]:
        """The signed envelopes of the inbox, in order; the others are rejected."""
        keys, found = list(inbox), []
        for key, raw in zip(keys, self._store.get_many(keys), strict=True):
            try:
                found.append(self._candidate(key, raw))
            except NotARecord as error:
                self._reject(raw, Rejection(sha256=composing.sha256(raw), reason=error.reason))
        return in_order(self._admitted(found))

    def _admitted(self, found: Sequence[Candidate]) -> list[Candidate]:
        """Those of this world and not of the future; the others are refused, and named before what follows them."""
        refused = {each.sha256: reason for each in found if (reason := self._out_of_place(each))}
        admitted = [each for each in found if each.sha256 not in refused]
        earliest = min((each.statement.predicate.time_created for each in admitted), default=self._now)
        for each in found:
            if each.sha256 in refused:
                self._refuse(each, refused[each.sha256], min(earliest, self._now))
        return admitted

    def _refuse(self, candidate: Candidate, reason: Reason, at: datetime) -> None:
        """Move a record of ours aside and say so at once, so that its counter is accounted for when its writer's next one comes."""
        ours = reason != "another-world" and self._judge(candidate) in (Judgement.FOLLOWS, Judgement.LEAVES_GAP)
        mark = candidate.statement.predicate.writer if ours else None
        self._reject(candidate.raw, Rejection(sha256=candidate.sha256, reason=reason, writer=mark))
        self._record_rejections(at)

    def _out_of_place(self, candidate: Candidate) -> Reason | None:
        predicate, context = candidate.statement.predicate, self._parts.context
        return misplaced(predicate, context) or (None if context.clock_override else ahead(predicate, self._now))

    def _refused(self, candidate: Candidate) -> Reason | None:
        late = None if self._parts.context.clock_override else back_dated(candidate.statement.predicate, self._ledger.latest)
        return self._out_of_place(candidate) or late

    def _judge(self, candidate: Candidate) -> Judgement:
        judgement = self._ledger.judge(candidate)
        if judgement is Judgement.UNDECIDED:
            raise _Undecided
        return judgement

    def _number(self, candidates: Iterable[Candidate]) -> None:
        for candidate in candidates:
            judgement = self._judge(candidate)
            fits = judgement in (Judgement.LEAVES_GAP, Judgement.FOLLOWS)
            if fits and (reason := self._refused(candidate)):
                self._refuse(candidate, reason, self._now)
                continue
            if judgement is Judgement.LEAVES_GAP:
                self._announce(candidate.statement)
                judgement = self._judge(candidate)
            if judgement is Judgement.FOLLOWS:
                self._write(candidate)
            elif judgement is not Judgement.KNOWN:
                reason = "repeated" if judgement is Judgement.REPEATED else "not-signed"
                self._reject(candidate.raw, Rejection(sha256=candidate.sha256, reason=reason))

    def _announce(self, statement: Statement) -> None:
        """Record a gap before the record that reveals it, dated like that one."""
        predicate = statement.predicate
        missing = self._ledger.counters.gap_before(predicate.writer)
        stamp = self._stamp(self._not_before(predicate.time_created))
        self._record(composing.gap(stamp, missing, self._ledger.size, self._ledger.tree.root()))

    def _record_rejections(self, at: datetime | None = None) -> None:
        fresh = [each for digest, each in self._rejections.items() if digest not in self._ledger.rejected]
        for first in range(0, len(fresh), _REJECTIONS_A_RECORD):
            stamp = self._stamp(self._not_before(at or self._now))
            self._record(composing.rejected(stamp, fresh[first : first + _REJECTIONS_A_RECORD]))

    def _beat(self) -> None:
        if self._ledger.heartbeat is None or self._now - self._ledger.heartbeat >= HEARTBEAT:
            self._record(composing.heartbeat(self._stamp(self._not_before(self._now)), self._ledger.size, self._ledger.tree.root()))

    def _announce_keys(self) -> None:
        """The log key first: the record key's announcement is then agreed to by a log key that is in force already."""
        for name, signer in ((LOG_KEY, self._parts.log_signer), (RECORD_KEY, self._parts.record_signer)):
            if name in self._parts.announce:
                version, public = max(signer.public_keys().items())
                if public != self._ledger.keys.in_force(name).public:
                    self._announce_key(name, version, public, signer)

    def _announce_key(self, name: str, version: int, public: bytes, signer: Signer) -> None:
        keys, size, root = self._ledger.keys, self._ledger.size, self._ledger.tree.root()
        announced = keys.next_key(name, version, public, size + 1, root)
        text = keys.text(announced)
        agreed = _signed(self._parts.log_signer, keys.in_force(LOG_KEY).public, text)
        possession = _signed(signer, public, text)
        statement = composing.evidence_key(self._stamp(self._not_before(self._now)), announced, agreed, possession)
        raw = self._seal(statement)
        candidate = Candidate("", raw, composing.sha256(raw), statement)
        objection = self._ledger.objection(candidate)
        if objection:
            raise _inconsistent(f"the record that should announce {name} version {version} {objection}")
        self._write(candidate)

    def _not_before(self, moment: datetime) -> datetime:
        """The moment, or the newest record's where that is later: while we waited for the lock, others wrote on."""
        return max(moment, self._ledger.latest or moment)

    def _sign(self) -> bytes:
        signed = Checkpoint(self._parts.trust.origin, self._ledger.size, self._ledger.tree.root())
        self._parts.log_signer.select(self._ledger.keys.log_key_at(signed.size).public)
        note = sign_checkpoint(signed, self._parts.log_signer)
        self._ledger.keys.open_checkpoint(note)
        try:
            self._store.put(checkpoint_key(signed.size), note, create_only=True)
        except Exists:
            if self._store.get(checkpoint_key(signed.size)) != note:
                raise
        for key in (VerifierKey(signed.origin, each.public) for each in self._ledger.keys.periods if each.name == LOG_KEY):
            self._store.put(f"{KEYS}{key.key_id.hex()}.vkey", f"{key}\n".encode())
        return note

    def _anchor(self, note: bytes) -> KeptError | None:
        """Copy the checkpoint to every anchor; the first failure is returned, so that the others still get it."""
        failure: KeptError | None = None
        for anchor in self._parts.anchors:
            try:
                if checkpoint_key(self._ledger.size) not in anchor.list(CHECKPOINTS, checkpoint_key(self._ledger.size - 1)):
                    anchor.put(checkpoint_key(self._ledger.size), note)
            except KeptError as error:
                failure = failure or error
        return failure

    def _record(self, statement: Statement) -> None:
        raw = self._seal(statement)
        self._write(Candidate("", raw, composing.sha256(raw), statement))

    def _seal(self, statement: Statement) -> bytes:
        self._parts.record_signer.select(self._ledger.keys.in_force(RECORD_KEY).public)
        return seal(to_bytes(statement), self._parts.record_signer)

    def _write(self, candidate: Candidate) -> None:
        self._store.put(record_key(self._ledger.size), candidate.raw, create_only=True)
        self._ledger.take(candidate)

    def _reject(self, raw: bytes, rejection: Rejection) -> None:
        self._store.put(f"{REJECTED}{rejection.sha256}", raw)
        self._rejections[rejection.sha256] = rejection

    def _loosen(self, key: str, raw: bytes) -> None:
        """Move an object to the inbox, under its digest."""
        self._store.put(f"{INBOX}{composing.sha256(raw)}", raw)
        self._store.delete(key)

    def _candidate(self, key: str, raw: bytes) -> Candidate:
        return Candidate(key, raw, composing.sha256(raw), read(raw, self._ledger.keys.records))

    def _stamp(self, at: datetime) -> Stamp:
        context = self._parts.context.model_copy(update={"writer_id": WRITER})
        return Stamp(context, self._ledger.counters.last(WRITER) + 1, at)


def _signed(signer: Signer, public: bytes, message: bytes) -> bytes:
    """By one version of a key."""
    signer.select(public)
    return signer.sign(message)


def _inconsistent(message: str) -> Inconsistent:
    return Inconsistent(f"{message}; nothing was signed", "find out what changed with `kept evidence verify`, and compare the anchors")
