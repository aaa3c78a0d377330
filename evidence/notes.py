"""Signed notes and checkpoints, as C2SP defines them (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).

    key id     = SHA-256(key name || 0x0A || 0x01 || 32-byte Ed25519 public key)[:4]
    vkey       = <key name>+<key id, 8 hex digits>+<base64(0x01 || public key)>
    note       = <text, ends in a newline> <empty line> then one or more lines  — <key name> <base64(key id || 64-byte signature)>
    checkpoint = a note with the text  <origin>\\n<tree size, decimal>\\n<base64(root)>\\n

The dash is U+2014. Signatures of unknown keys are ignored; a bad one under a trusted name and key id rejects the note, and so
does a note that no trusted key has signed. A checkpoint carries no time: two of the same tree are the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence.errors import BadSignature, Malformed
from evidence.merkle import HASH_BYTES
from evidence.signing import Signer

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = 64
_MAX_NOTE_BYTES = 1 << 16
_NAME = re.compile(r"[^\s+]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class VerifierKey:
    """A trusted key of notes: its name and its 32 public bytes."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


@dataclass(frozen=True)
class Checkpoint:
    """What the log says of itself: `size` records hash to `root` (32 bytes) in the log called `origin`."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_vkey(text: str) -> VerifierKey:
    """Read a vkey line; its key id must be that of its name and key."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise Malformed("not a vkey: expected <name>+<8 hex digits>+<base64>")
    decoded = _unbase64(parts[2])
    key = VerifierKey(parts[0], decoded[1:])
    if decoded[:1] != _ED25519 or len(key.public) != 32:
        raise Malformed(f"the vkey of {key.name} is not an Ed25519 key")
    if parts[1] != key.key_id.hex():
        raise Malformed(f"the vkey of {key.name} has the key id {parts[1][:8]}, its key gives {key.key_id.hex()}")
    return key


def sign_note(text: str, name: str, signer: Signer) -> bytes:
    """The note over `text` (which ends in a newline) with one signature."""
    if not text.endswith("\n") or not _NAME.fullmatch(name):
        raise Malformed("a note's text ends in a newline, a key name has no space and no +")
    signature = signer.sign(text.encode())
    key_id = VerifierKey(name, signer.public_key()).key_id
    return f"{text}\n\u2014 {name} {base64.b64encode(key_id + signature).decode()}\n".encode()


def open_note(note: bytes, keys: Sequence[VerifierKey]) -> str:
    """The text of a note that at least one trusted key has signed and none has signed badly."""
    text, signatures = _split(note)
    verified = False
    for name, key_id, signature in signatures:
        for key in keys:
            if key.name == name and key.key_id == key_id:
                _check(key, signature, text)
                verified = True
    if not verified:
        raise BadSignature("no trusted key has signed the note")
    return text


def signed_by(note: bytes, key: VerifierKey) -> bool:
    """Whether this key has signed a note, whatever it says."""
    try:
        open_note(note, [key])
    except (Malformed, BadSignature):
        return False
    return True


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The checkpoint as a note; the key's name is the log's origin."""
    return sign_note(checkpoint.text(), checkpoint.origin, signer)


def open_checkpoint(note: bytes, keys: Sequence[VerifierKey]) -> Checkpoint:
    """A checkpoint signed by a trusted key whose name is its origin."""
    checkpoint = parse_checkpoint(open_note(note, keys))
    if all(key.name != checkpoint.origin for key in keys):
        raise BadSignature(f"the checkpoint is of the log {checkpoint.origin}, the trusted keys are of {keys[0].name}")
    return checkpoint


def claimed(note: bytes) -> Checkpoint:
    """What a note says as a checkpoint, with no signature checked: it tells which key must have signed it, and nothing else."""
    return parse_checkpoint(_split(note)[0])


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text (without its signatures). Extension lines are not used by us and refused."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not _DECIMAL.fullmatch(lines[1]):
        raise Malformed("not a checkpoint: expected three lines, origin, size and root")
    root = _unbase64(lines[2])
    if len(root) != HASH_BYTES:
        raise Malformed("the checkpoint's root is not 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root)


def _check(key: VerifierKey, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature:
        raise BadSignature(f"the signature of {key.name} does not fit the note") from None


def _split(note: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    try:
        body = note.decode()
    except UnicodeDecodeError:
        raise Malformed("a note is UTF-8 text") from None
    head, separator, tail = body.rpartition("\n\n")
    if len(note) > _MAX_NOTE_BYTES or not separator or not tail.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f\x7f]", body):
        raise Malformed("not a signed note: expected a text, an empty line and signatures")
    return head + "\n", [_signature(line) for line in tail[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not _NAME.fullmatch(parts[1]):
        raise Malformed("a signature line of the note is malformed")
    decoded = _unbase64(parts[2])
    if len(decoded) <= _KEY_ID_BYTES:
        raise Malformed("a signature of the note is too short")
    return parts[1], decoded[:_KEY_ID_BYTES], decoded[_KEY_ID_BYTES:]


def _unbase64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise Malformed("not standard base64") from None
