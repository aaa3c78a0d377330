"""Which key is in force where in the log: the walk from the two first keys to every later one. Pure; it reads no store.

A later key enters by one record, its announcement, and only if all of this holds:

1. The record key in force has signed the announcement's envelope, and the log key in force has signed its text (`text`): a stolen
   record key alone introduces no key of either kind, and neither does a stolen log key.
2. The announced key has signed the text too: nobody can announce a key that is not theirs, or that nobody holds.
3. The text names the log's origin, the announcement's own place and the root over all records before it: moved, replayed or copied
   from another log, it announces nothing.
4. It replaces the key in force of its name; version and key are new.

From then on:

* A record after the announcement of a record key is signed by the new key. The old one is accepted for a declared overlap of the log's
  own time, since writers do not change over at one moment; the time of a record counts unless it is late or under a moved clock.
* A checkpoint over s records is signed by the newest log key announced among those s, and by no other. So the key is a function of the
  size, and the first checkpoint of a new key covers its announcement.

The text cannot be taken for anything else that these keys sign: a checkpoint's second line is a decimal number, an envelope's
signature is over bytes that begin with "DSSEv1".

    kept.dev/evidence-key/v1\\n<origin>\\n<key name>\\n<version>\\n<public key, hex>\\n<key id>\\n<public key replaced, hex>\\n
    <valid from>\\n<root of all records before, hex>\\n<overlap, seconds>\\n

Not protected: whoever holds the two keys in force at one moment can go on with keys of their own from there. That is a fork, seen
against any later checkpoint that is held elsewhere. Whoever stole both keys of an earlier generation is in the same place.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence import dsse
from evidence.errors import BadSignature, Malformed
from evidence.notes import Checkpoint, VerifierKey, claimed, open_checkpoint, signed_by
from evidence.records import NotARecord, open_envelope
from evidence.signing import keyid, record_keys
from evidence.statements import EvidenceKey, NextKey, Predicate
from evidence.trust import Trust

RECORD_KEY, LOG_KEY = "evidence-record", "evidence-log"

OVERLAP = timedelta(hours=6)
"""No job runs longer than four hours, and one that began before a rotation ends with the key it began with."""


@dataclass(frozen=True)
class KeyPeriod:
    """One key and its time. `version` is Vault's number, None for the first key, which is known by itself.

    `valid_from` is the first record (or size of a checkpoint) it may sign, `replaced_from` that of its successor; `closes` is when
    the overlap of a replaced record key ends. `announced` is the time of the record that announced it.
    """

    name: str
    version: int | None
    public: bytes
    valid_from: int = 0
    announced: datetime | None = None
    replaced_from: int | None = None
    closes: datetime | None = None

    def __str__(self) -> str:
        return f"{self.name} version {self.version}" if self.version else f"the first key {self.name}"


def text(origin: str, announced: NextKey) -> bytes:
    """What the log key in force and the announced key sign; see the module."""
    parts = (
        "kept.dev/evidence-key/v1",
        origin,
        announced.name,
        announced.version,
        announced.public_key,
        announced.key_id,
        announced.replaces,
        announced.valid_from,
        announced.root,
        announced.overlap_seconds,
    )
    return "".join(f"{part}\n" for part in parts).encode()


class Succession:
    """The keys of one log as they stand after the records taken so far.

    `records` (by hint, as `evidence.dsse.verify` wants them) are the keys that the next record may be signed with; it is one mapping
    that changes in place, and `turns` counts its changes. `closing` is true while a replaced record key is still accepted.
    """

    def __init__(self, trust: Trust) -> None:
        self._origin = trust.origin
        self._periods = [KeyPeriod(RECORD_KEY, None, trust.record_public), KeyPeriod(LOG_KEY, None, trust.log_key.public)]
        self.records = record_keys([trust.record_public])
        self.turns = 0
        self._latest: datetime | None = None

    @property
    def periods(self) -> tuple[KeyPeriod, ...]:
        """Every key so far, the first two first, in the order they came."""
        return tuple(self._periods)

    @property
    def closing(self) -> bool:
        return len(self.records) > 1

    @property
    def latest(self) -> datetime | None:
        """The log's own time, while a replaced key is still accepted."""
        return self._latest

    def in_force(self, name: str) -> KeyPeriod:
        return next(each for each in reversed(self._periods) if each.name == name)

    def log_key_at(self, size: int) -> VerifierKey:
        """The key that signs the checkpoint over `size` records."""
        period = next(each for each in self._periods if each.name == LOG_KEY and _covers(each, size))
        return VerifierKey(self._origin, period.public)

    def open_checkpoint(self, note: bytes) -> Checkpoint:
        """The checkpoint that the key of its size has signed; `BadSignature` says where another key of the log has."""
        size = claimed(note).size
        try:
            return open_checkpoint(note, [self.log_key_at(size)])
        except BadSignature as error:
            raise BadSignature(self.foreign(note) or error.message) from None

    def foreign(self, note: bytes) -> str:
        """Which other key of the log than that of its size has signed a checkpoint; empty when none has."""
        size = claimed(note).size
        for each in self._periods:
            if each.name == LOG_KEY and not _covers(each, size) and signed_by(note, VerifierKey(self._origin, each.public)):
                return f"is signed by {each}, which {_outside(each, size)}"
        return ""

    def concerns(self, predicate: Predicate) -> bool:
        """Whether `objection` can have anything to say about a record that one of `records` has signed."""
        return len(self.records) > 1 or isinstance(predicate, EvidenceKey)

    def objection(self, number: int, raw: bytes, predicate: Predicate, root: bytes) -> str:
        """Why a record that one of `records` has signed has no place at `number`, after records with this root; empty when it has."""
        for each in self._closed_at(predicate) if self.closing else ():
            if not _signed_by(raw, [key for hint, key in self.records.items() if hint != keyid(each.public)]):
                return self._refused(each)
        return self._unannounced(number, raw, predicate, root) if isinstance(predicate, EvidenceKey) else ""

    def take(self, predicate: Predicate) -> None:
        """Go on behind a record that has its place."""
        if len(self.records) > 1:
            closed, self._latest = self._closed_at(predicate), self._time(predicate)
            for each in closed:
                del self.records[keyid(each.public)]
                self.turns += 1
        if isinstance(predicate, EvidenceKey):
            self._succeed(predicate)

    def walk(self, raw: bytes) -> None:
        """Go on behind an announcement alone, out of a proof or a memory: all but the root over the records before it is checked."""
        said = _announcement(raw, self.records)
        objection = self.unsuited(said) or self.unsigned(raw, said)
        if not objection and said.next.valid_from <= max(each.valid_from for each in self._periods):
            objection = "announces a key before the one it replaces was announced"
        if objection:
            raise BadSignature(f"a record {objection}")
        self.take(said)

    def resume(self, latest: datetime | None) -> None:
        """Go on behind records that were not taken, with the log's own time behind them."""
        for each in self._periods:
            if latest and each.closes and each.closes < latest:
                self.records.pop(keyid(each.public), None)
        self._latest = latest if self.closing else None

    def open_at(self, number: int, raw: bytes) -> bytes:
        """The payload of a record at `number`, signed by the key that was in force there, or by the one before in its overlap."""
        for each in self._periods:
            if each.name == RECORD_KEY and _signed_by(raw, _keys(each)):
                payload, statement = open_envelope(raw, record_keys([each.public]))
                told = self._elsewhere(each, number, statement.predicate)
                if told:
                    raise BadSignature(f"the record in the proof is signed by {each}, which {told}")
                return payload
        try:
            return open_envelope(raw, self.records)[0]
        except NotARecord as error:
            raise BadSignature(f"the record in the proof is not one of this log: {error}") from None

    def explain(self, raw: bytes) -> str:
        """More about a record that none of `records` has signed: a key of the log that is over has; empty when none has."""
        for each in self._periods:
            if each.name == RECORD_KEY and keyid(each.public) not in self.records and _signed_by(raw, _keys(each)):
                return self._refused(each)
        return ""

    def too_early(self, number: int, raw: bytes) -> str:
        """More about a record at `number` that none of `records` had signed, once later records are taken: a key announced later has."""
        for each in self._periods:
            if each.name == RECORD_KEY and each.valid_from > number and _signed_by(raw, _keys(each)):
                return f"is signed by {each}, which record {each.valid_from - 1} announces, for later records only"
        return ""

    def next_key(self, name: str, version: int, public: bytes, valid_from: int, root: bytes) -> NextKey:
        """The announcement of a key that shall replace the one in force of its name, after `valid_from - 1` records with this root."""
        return NextKey.model_validate(
            {
                "name": name,
                "version": version,
                "public_key": public.hex(),
                "key_id": _key_id(self._origin, name, public),
                "replaces": self.in_force(name).public.hex(),
                "valid_from": valid_from,
                "root": root.hex(),
                "overlap_seconds": int(OVERLAP.total_seconds()) if name == RECORD_KEY else 0,
            }
        )

    def text(self, announced: NextKey) -> bytes:
        return text(self._origin, announced)

    def _unannounced(self, number: int, raw: bytes, said: EvidenceKey, root: bytes) -> str:
        """Why an announcement announces nothing."""
        new = said.next
        if new.valid_from != number + 1 or new.root != root.hex():
            return f"announces a key as record {new.valid_from - 1} after other records than these: it was moved or replayed"
        return self.unsuited(said) or self.unsigned(raw, said)

    def unsuited(self, said: EvidenceKey) -> str:
        """Why the key of an announcement cannot follow the one in force."""
        new, old = said.next, self.in_force(said.next.name)
        if bytes.fromhex(new.replaces) != old.public:
            return f"announces a successor of another key than {old}, which is in force"
        if new.version <= (old.version or 0) or new.public_key in {each.public.hex() for each in self._periods}:
            return f"announces a key of {new.name} that was in force before"
        if new.key_id != _key_id(self._origin, new.name, bytes.fromhex(new.public_key)):
            return f"announces a key of {new.name} under the key id of another"
        return ""

    def unsigned(self, raw: bytes, said: EvidenceKey) -> str:
        """Which of the three signatures under an announcement is missing."""
        record, log, message = self.in_force(RECORD_KEY), self.in_force(LOG_KEY), self.text(said.next)
        if not _signed_by(raw, _keys(record)):
            return f"announces a key, and {record}, which is in force, has not signed it"
        if not _fits(log.public, said.log_signature, message):
            return f"announces a key, and {log}, which is in force, has not agreed to it"
        if not _fits(bytes.fromhex(said.next.public_key), said.possession, message):
            return "announces a key that has not signed its own announcement"
        return ""

    def _succeed(self, said: EvidenceKey) -> None:
        new, at = said.next, said.time_created
        public, closes = bytes.fromhex(new.public_key), at + timedelta(seconds=new.overlap_seconds)
        old = self.in_force(new.name)
        over = replace(old, replaced_from=new.valid_from, closes=closes if new.name == RECORD_KEY else None)
        self._periods[self._periods.index(old)] = over
        self._periods.append(KeyPeriod(new.name, new.version, public, new.valid_from, at))
        if new.name == RECORD_KEY:
            self.records.update(record_keys([public]))
            self.turns += 1
            self._latest = max(at, self._latest or at)

    def _closed_at(self, predicate: Predicate) -> list[KeyPeriod]:
        """The replaced record keys, accepted so far, whose overlap is over by the time of this record."""
        moment = self._time(predicate)
        still = [each for each in self._periods if each.closes is not None and keyid(each.public) in self.records]
        return [each for each in still if each.closes is not None and moment is not None and moment > each.closes]

    def _time(self, predicate: Predicate) -> datetime | None:
        """The log's own time with this record."""
        if predicate.late or predicate.clock_override or self._latest is None:
            return self._latest
        return max(self._latest, predicate.time_created)

    def _elsewhere(self, period: KeyPeriod, number: int, predicate: Predicate) -> str:
        """Why a record at `number` cannot be this key's; empty when it can."""
        if number < period.valid_from:
            return f"record {period.valid_from - 1} announces, for later records only"
        if period.replaced_from is None or number < period.replaced_from:
            return ""
        timeless = predicate.late or predicate.clock_override
        over = period.closes is not None and not timeless and predicate.time_created > period.closes
        return f"record {period.replaced_from - 1} replaced" if over or isinstance(predicate, EvidenceKey) else ""

    def _refused(self, period: KeyPeriod) -> str:
        assert period.replaced_from is not None
        until = f", accepted until {period.closes.isoformat()}" if period.closes else ""
        return f"is signed by {period}, which record {period.replaced_from - 1} replaced{until}"


def _covers(period: KeyPeriod, size: int) -> bool:
    return period.valid_from <= size and (period.replaced_from is None or size < period.replaced_from)


def _outside(period: KeyPeriod, size: int) -> str:
    if size < period.valid_from:
        return f"record {period.valid_from - 1} announces, for checkpoints that cover it"
    return f"record {(period.replaced_from or 1) - 1} replaced"


def _keys(period: KeyPeriod) -> list[Ed25519PublicKey]:
    return [Ed25519PublicKey.from_public_bytes(period.public)]


def _key_id(origin: str, name: str, public: bytes) -> str:
    return keyid(public) if name == RECORD_KEY else VerifierKey(origin, public).key_id.hex()


def _announcement(raw: bytes, keys: Mapping[str, Ed25519PublicKey]) -> EvidenceKey:
    try:
        predicate = open_envelope(raw, keys)[1].predicate
    except NotARecord as error:
        raise BadSignature(f"the announcement of a key is not one of this log: {error}") from None
    if not isinstance(predicate, EvidenceKey):
        raise Malformed("a record that should announce a key announces none")
    return predicate


def _signed_by(raw: bytes, keys: Iterable[Ed25519PublicKey]) -> bool:
    try:
        dsse.verify(dsse.decode(raw), {str(number): key for number, key in enumerate(keys)})
    except (Malformed, BadSignature):
        return False
    return True


def _fits(public: bytes, signature: str, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
