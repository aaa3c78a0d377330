"""The container format of a backup, version 1: what is written, and a reader that refuses everything else.

`docs/backup-format.md` is the specification; this is the layout in short. Integers are big-endian.

    magic          8 bytes   89 4B 50 54 42 4B 0D 0A
    version        1 byte    1
    header length  4 bytes   at most 65,536
    header         JSON, UTF-8 (`backups.header`)
    frames         mark 4 bytes | ciphertext | tag 16 bytes, one or more
                   mark = final flag << 31 | length of ciphertext and tag

    frame i: AES-256-GCM, nonce = i in 12 bytes
             associated data = SHA-256(all bytes before the first frame) | i in 8 bytes | final flag in 1 byte

Every block but the last is exactly `frame_bytes` long. Exactly one frame, the last, has the final flag. So each frame vouches for
the header, its place and the end; frames cannot be moved, repeated, dropped, or brought in from another backup.

The counter nonce is safe only because each object has a random key of its own: a `Sealer` makes one object and no second.
Not protected: how long the object is, and when it was written. Whoever may unwrap the key may forge.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backups.errors import Damaged, Fault
from backups.header import MAXIMUM_HEADER_BYTES, Header

MAGIC = bytes.fromhex("894b5054424b0d0a")
VERSION = 1
KEY_BYTES = 32
TAG_BYTES = 16
NONCE_BYTES = 12
FINAL = 1 << 31
MARK = struct.Struct(">I")
PREFIX = struct.Struct(">8sBI")

SEARCHED_FRAMES = 4096
"""How far a frame that does not authenticate is looked for elsewhere in the same backup, to say what was done to it."""


class Readable(Protocol):
    """A stream of bytes: a file, or the body of an S3 answer. `read(n)` returns at most n bytes, none only at the end."""

    def read(self, size: int, /) -> bytes: ...


def prefix_of(header: Header) -> bytes:
    """Everything that stands before the first frame."""
    document = header.encoded()
    return PREFIX.pack(MAGIC, VERSION, len(document)) + document


class Sealer:
    """Write one object: `start()`, then `feed(...)` as often as needed, then `finish()` once; each gives bytes to store.

    One block is held back, for only `finish` knows which is the last. Without `finish` the object has no final frame and no reader
    takes it: a writer that dies has made nothing.
    """

    def __init__(self, header: Header, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes, not {len(key)}")
        self._prefix = prefix_of(header)
        self._digest = hashlib.sha256(self._prefix).digest()
        self._aead = AESGCM(key)
        self._frame_bytes = header.frame_bytes
        self._held = bytearray()
        self._finished = False
        self.frames = 0

    def start(self) -> bytes:
        return self._prefix

    def feed(self, data: bytes) -> bytes:
        """The frames that became full; none yet when little was fed."""
        self._held += data
        sealed = []
        while len(self._held) > self._frame_bytes:
            sealed.append(self._seal(bytes(self._held[: self._frame_bytes]), final=False))
            del self._held[: self._frame_bytes]
        return b"".join(sealed)

    def finish(self) -> bytes:
        """The final frame: call it only when everything that must hold has held."""
        last = self._seal(bytes(self._held), final=True)
        self._held.clear()
        self._finished = True
        return last

    def _seal(self, block: bytes, *, final: bool) -> bytes:
        if self._finished:
            raise ValueError("this object is finished: its key seals nothing more")
        sealed = self._aead.encrypt(nonce(self.frames), block, associated(self._digest, self.frames, final=final))
        self.frames += 1
        return MARK.pack(len(sealed) | (FINAL if final else 0)) + sealed


def nonce(index: int) -> bytes:
    return index.to_bytes(NONCE_BYTES, "big")


def associated(prefix_digest: bytes, index: int, *, final: bool) -> bytes:
    return prefix_digest + index.to_bytes(8, "big") + bytes([final])


class Opener:
    """Read one object: the header at once, the blocks when the key is there. Each wrong thing raises `Damaged` with its own fault.

    >>> opener = Opener(stream)
    >>> for block in opener.blocks(unwrap(opener.header)): ...
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.frames = 0
        start = _exactly(stream, PREFIX.size, "its first bytes")
        magic, version, length = PREFIX.unpack(start)
        if magic != MAGIC:
            raise Damaged(Fault.NOT_A_BACKUP, f"not a backup of ours: it begins with {magic.hex()}, expected {MAGIC.hex()}")
        if version != VERSION:
            raise Damaged(Fault.VERSION, f"container version {version}, expected {VERSION}", "read it with the release that wrote it")
        if length > MAXIMUM_HEADER_BYTES:
            raise Damaged(Fault.OVERSIZE, f"a header of {length} bytes is announced, at most {MAXIMUM_HEADER_BYTES} are allowed")
        document = _exactly(stream, length, "its header")
        self.header = Header.decoded(document)
        self._digest = hashlib.sha256(start + document).digest()

    def blocks(self, key: bytes) -> Iterator[bytes]:
        """The decrypted blocks in order; the last one is given only after the end of the object was seen."""
        aead = AESGCM(key)
        final = False
        while not final:
            length, final = self._mark()
            sealed = _exactly(self._stream, length, f"frame {self.frames}")
            block = self._open(aead, sealed, final=final)
            self.frames += 1
            if final:
                self._end(block)
            yield block

    def _mark(self) -> tuple[int, bool]:
        """The length and final flag of the next frame, judged before anything of that length is held."""
        found = _upto(self._stream, MARK.size)
        if not found:
            raise Damaged(Fault.TRUNCATED, f"cut off: it ends after {self.frames} frames, before a final one")
        if len(found) < MARK.size:
            raise Damaged(Fault.TRUNCATED, f"cut off inside the mark of frame {self.frames}")
        (mark,) = MARK.unpack(found)
        length, final = mark & ~FINAL, bool(mark & FINAL)
        most = self.header.frame_bytes + TAG_BYTES
        if length > most:
            raise Damaged(Fault.OVERSIZE, f"frame {self.frames} announces {length} bytes, at most {most} are allowed")
        if length < TAG_BYTES or (not final and length != most):
            raise Damaged(Fault.SHORT_FRAME, f"frame {self.frames} announces {length} bytes, expected {'at least 16' if final else most}")
        return length, final

    def _open(self, aead: AESGCM, sealed: bytes, *, final: bool) -> bytes:
        try:
            return aead.decrypt(nonce(self.frames), sealed, associated(self._digest, self.frames, final=final))
        except InvalidTag:
            raise self._diagnosis(aead, sealed, final=final) from None

    def _diagnosis(self, aead: AESGCM, sealed: bytes, *, final: bool) -> Damaged:
        """Why a frame does not authenticate: is it a true frame of this backup in another place, or with another mark?"""
        at = self.frames
        if self._authentic(aead, sealed, at, final=not final):
            return Damaged(Fault.FINAL_MARK, f"the final mark of frame {at} was changed: the backup was cut or joined there")
        for index in range(SEARCHED_FRAMES):
            if index != at and self._authentic(aead, sealed, index, final=final):
                return Damaged(Fault.MOVED, f"frame {index} stands where frame {at} must be: frames were moved, repeated or left out")
        return Damaged(
            Fault.NOT_AUTHENTIC,
            f"frame {at} does not authenticate: it or the header was changed, it comes from another backup, or the key is another's",
        )

    def _authentic(self, aead: AESGCM, sealed: bytes, index: int, *, final: bool) -> bool:
        try:
            aead.decrypt(nonce(index), sealed, associated(self._digest, index, final=final))
        except InvalidTag:
            return False
        return True

    def _end(self, block: bytes) -> None:
        if self._stream.read(1):
            raise Damaged(Fault.TRAILING, f"bytes follow the final frame {self.frames - 1}")
        if not block and self.frames == 1:
            raise Damaged(Fault.EMPTY, "it holds an empty dump: 0 bytes")
        if not block:
            raise Damaged(Fault.SHORT_FRAME, "its final frame is empty, though others stand before it")


def _upto(stream: Readable, size: int) -> bytes:
    """`size` bytes, or what there is before the end."""
    found = bytearray()
    while len(found) < size and (more := stream.read(size - len(found))):
        found += more
    return bytes(found)


def _exactly(stream: Readable, size: int, what: str) -> bytes:
    found = _upto(stream, size)
    if len(found) < size:
        raise Damaged(Fault.TRUNCATED, f"cut off inside {what}: {len(found)} of {size} bytes are there")
    return found
