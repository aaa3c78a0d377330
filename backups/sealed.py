"""One sealed object, written and read: compress then encrypt on the way in; authenticate, decrypt, decompress and compare on the way out.

Compression comes first (ciphertext does not compress); one zstd stream runs through all frames. Level 1: on hex-coded bytea and
jsonb a higher level is slower and larger. Both ways hold a few blocks in memory, whatever the size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import IO, Annotated, cast

import zstandard
from pydantic import Field, StringConstraints

from backups.container import Opener, Readable, Sealer
from backups.errors import Damaged, Fault
from backups.header import Content, Header, KeyReference, Strict
from backups.keys import DataKey, Unwrap

LEVEL = 1
BLOCK_BYTES = 1 << 20

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class SealedObject(Strict):
    """What the manifest says of one object in the bucket. The plaintext is what stood before compression."""

    object_key: str
    size_bytes: Count
    ciphertext_sha256: Sha256
    plaintext_bytes: Count
    plaintext_sha256: Sha256
    frames: Count
    key: KeyReference


class SealingPipe:
    """Plain blocks in, sealed bytes out to `sink`; `finish` only when everything that must hold has held."""

    def __init__(self, header: Header, key: DataKey, sink: Callable[[bytes], None], level: int = LEVEL) -> None:
        self._sealer = Sealer(header, key.plain)
        self._compressor = zstandard.ZstdCompressor(level=level).compressobj()
        self._sink = sink
        self._key = key.reference
        self._plain, self._cipher = hashlib.sha256(), hashlib.sha256()
        self._plain_bytes = self._size = 0
        self._store(self._sealer.start())

    @property
    def plaintext_bytes(self) -> int:
        return self._plain_bytes

    def write(self, block: bytes) -> None:
        self._plain.update(block)
        self._plain_bytes += len(block)
        self._store(self._sealer.feed(self._compressor.compress(block)))

    def finish(self, object_key: str) -> SealedObject:
        """Seal the final frame and say what was written."""
        self._store(self._sealer.feed(self._compressor.flush()))
        self._store(self._sealer.finish())
        return SealedObject(
            object_key=object_key,
            size_bytes=self._size,
            ciphertext_sha256=self._cipher.hexdigest(),
            plaintext_bytes=self._plain_bytes,
            plaintext_sha256=self._plain.hexdigest(),
            frames=self._sealer.frames,
            key=self._key,
        )

    def _store(self, sealed: bytes) -> None:
        if sealed:
            self._cipher.update(sealed)
            self._size += len(sealed)
            self._sink(sealed)


def sealed(header: Header, key: DataKey, content: bytes, object_key: str) -> tuple[bytes, SealedObject]:
    """A small object in one go."""
    stored = bytearray()
    pipe = SealingPipe(header, key, stored.extend)
    pipe.write(content)
    done = pipe.finish(object_key)
    return bytes(stored), done


def plaintext(stream: Readable, expected: SealedObject, backup_id: str, content: Content, unwrap: Unwrap) -> Iterator[bytes]:
    """The plain blocks of a stored object; `Damaged` for whatever differs from what the manifest says of it.

    Blocks are given as they authenticate: whoever acts on them must undo it when the end raises.
    """
    measured = _Measured(stream)
    opener = Opener(measured)
    _require_identity(opener.header, expected, backup_id, content)
    frames = _Frames(opener.blocks(unwrap(opener.header.key)))
    plain, plain_bytes = hashlib.sha256(), 0
    for block in _decompressed(frames):
        plain.update(block)
        plain_bytes += len(block)
        yield block
    seen = SealedObject(
        object_key=expected.object_key,
        size_bytes=measured.size,
        ciphertext_sha256=measured.sha256.hexdigest(),
        plaintext_bytes=plain_bytes,
        plaintext_sha256=plain.hexdigest(),
        frames=opener.frames,
        key=opener.header.key,
    )
    _require_equal(seen, expected)


def _require_identity(header: Header, expected: SealedObject, backup_id: str, content: Content) -> None:
    """The object must say itself that it is the one asked for: a copy under another backup's name is refused."""
    if header.backup_id != backup_id:
        raise Damaged(Fault.WRONG_OBJECT, f"{expected.object_key} holds backup {header.backup_id}, expected {backup_id}")
    if header.content != content:
        raise Damaged(Fault.WRONG_OBJECT, f"{expected.object_key} holds {header.content}, expected {content}")
    if header.key != expected.key:
        raise Damaged(Fault.WRONG_OBJECT, f"{expected.object_key} names another data key than its manifest")


def _require_equal(seen: SealedObject, expected: SealedObject) -> None:
    differing = [name for name in SealedObject.model_fields if getattr(seen, name) != getattr(expected, name)]
    if differing:
        raise Damaged(Fault.DIFFERS, f"{expected.object_key} differs from its manifest in {', '.join(differing)}")


def _decompressed(frames: _Frames) -> Iterator[bytes]:
    """Bounded blocks, however well they were compressed."""
    source = cast("IO[bytes]", frames)  # it needs `read` and nothing else
    reader = zstandard.ZstdDecompressor().stream_reader(source, read_size=BLOCK_BYTES, read_across_frames=False)
    try:
        while block := reader.read(BLOCK_BYTES):
            yield block
    except zstandard.ZstdError:
        raise Damaged(Fault.CODEC, "its content is no zstd stream") from None
    if frames.read(1):
        raise Damaged(Fault.CODEC, "bytes follow the end of its zstd stream")


class _Measured:
    """A stream that counts and hashes what is read through it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()
        self.size = 0

    def read(self, size: int, /) -> bytes:
        found = self._stream.read(size)
        self.sha256.update(found)
        self.size += len(found)
        return found


class _Frames:
    """Decrypted blocks as a stream that zstd can read from."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = memoryview(block)
        found = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        return found
