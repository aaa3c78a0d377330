"""One record, provable alone: the record, the hashes that lead from it to the root, and the checkpoint over that root.

    <name>.tlog-proof      c2sp.org/tlog-proof@v1\\n
                           extra <base64(netstrings)>\\n          the record itself and the announcements of the log's later keys
                           index <record number>\\n
                           <base64 hash>\\n ...                   none or more, from the leaf's sibling up to the root's child
                           \\n<the checkpoint, byte for byte>

The `extra` line is the format's own place for data of the application; a tool that knows the format ignores or shows it. It holds
netstrings (`<length>:<bytes>,`): the record's envelope, then every envelope that announces a key up to the checkpoint, in order. So
one file is all an auditor needs beside the two first keys, for ever.

Nothing in the file is trusted: from the two first keys `check` walks the announcements to the keys that signed the record and the
checkpoint, and asks that each was the one in force there. An announcement binds its own place and all records before it, so it needs no
hashes of its own. What one file cannot show is what stands beside the record: gaps, order and age need the whole log; and whether a
late record signed by a replaced key came within its overlap. Source: c2sp.org/tlog-proof.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence import merkle
from evidence.composing import sha256
from evidence.errors import BadSignature, Malformed
from evidence.notes import Checkpoint
from evidence.records import Record
from evidence.succession import KeyPeriod, Succession
from evidence.trust import Trust

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
_MAX_HASHES = 63
_MAX_FILE_BYTES = 1 << 21
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,6}")
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})")


@dataclass(frozen=True)
class Proof:
    """What a proof file holds; nothing of it is checked yet. `hashes` are 32 bytes each, the leaf's sibling first.

    `announcements` are the envelopes that announce the log's later keys, in the order of the log.
    """

    index: int
    envelope: bytes
    hashes: tuple[bytes, ...]
    note: bytes
    announcements: tuple[bytes, ...] = ()


def prove(index: int, envelopes: Sequence[bytes], note: bytes, keys: Iterable[KeyPeriod] = ()) -> Proof:
    """The proof of a record. `envelopes` are exactly those that the checkpoint `note` covers, in their order; `keys` the log's."""
    hashes = merkle.inclusion_proof(index, [merkle.leaf_hash(raw) for raw in envelopes])
    announced = [each.valid_from - 1 for each in keys if 0 < each.valid_from <= len(envelopes)]
    return Proof(index, envelopes[index], hashes, note, tuple(envelopes[number] for number in announced))


def check(proof: Proof, trust: Trust) -> tuple[Record, Checkpoint]:
    """The record and the checkpoint that covers it; `BadSignature` or `Malformed` says which link is broken."""
    keys = Succession(trust)
    for raw in proof.announcements:
        keys.walk(raw)
    checkpoint = keys.open_checkpoint(proof.note)
    payload = keys.open_at(proof.index, proof.envelope)
    leaf = merkle.leaf_hash(proof.envelope)
    if not merkle.verify_inclusion(proof.index, checkpoint.size, leaf, proof.hashes, checkpoint.root):
        raise BadSignature(f"the record is not number {proof.index} of the {checkpoint.size} under the checkpoint")
    return Record(proof.index, sha256(proof.envelope), payload), checkpoint


def to_bytes(proof: Proof) -> bytes:
    """The proof as a file."""
    extra = b"".join(b"%d:%b," % (len(each), each) for each in (proof.envelope, *proof.announcements))
    lines = [HEADER, f"extra {_base64(extra)}", f"index {proof.index}", *map(_base64, proof.hashes)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + proof.note


def from_bytes(data: bytes) -> Proof:
    """Read a proof file; `Malformed` says what was expected."""
    head, separator, note = data.partition(b"\n\n")
    if len(data) > _MAX_FILE_BYTES or not separator:
        raise Malformed("not a proof: expected a head, an empty line and a checkpoint", "give the file that `kept evidence prove` wrote")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("the head of a proof is ASCII text") from None
    index = _INDEX.fullmatch(lines[2]) if len(lines) > 2 else None
    if lines[0] != HEADER or index is None or not lines[1].startswith("extra "):
        raise Malformed(f"not a proof: expected the lines {HEADER}, extra and index")
    hashes = tuple(_unbase64(line) for line in lines[3:])
    if len(hashes) > _MAX_HASHES or any(len(each) != merkle.HASH_BYTES for each in hashes):
        raise Malformed("a hash of the proof is not 32 bytes, or there are more than a tree can need")
    envelope, *announcements = _netstrings(_unbase64(lines[1].removeprefix("extra ")))
    return Proof(int(index.group(1)), envelope, hashes, note, tuple(announcements))


def _netstrings(data: bytes) -> list[bytes]:
    """At least one `<length>:<bytes>,`, none empty and nothing else; read by offset, so that a hostile file costs no more than its size."""
    found: list[bytes] = []
    at = 0
    while at < len(data) or not found:
        length, _, _ = data[at : at + 8].partition(b":")
        size = int(length) if _LENGTH.fullmatch(length) else 0
        start = at + len(length) + 1
        if size <= 0 or data[start + size : start + size + 1] != b",":
            raise Malformed("the extra line of the proof does not hold netstrings", "give the file that `kept evidence prove` wrote")
        found.append(data[start : start + size])
        at = start + size + 1
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise Malformed("a line of the proof is not standard base64") from None
