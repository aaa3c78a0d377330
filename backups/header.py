"""What stands, readable, at the start of every stored object: what it is, whose, from when, and how its key is wrapped.

The header is authenticated by every frame that follows it, so the snapshot's time read from here is what the writer said, whatever
the manifest or the object's name claims. It holds no secret: the data key is wrapped by Vault's transit key.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from backups.errors import Damaged, Fault

MAXIMUM_HEADER_BYTES = 65_536
FRAME_BYTES = 1 << 20
MAXIMUM_FRAME_BYTES = 8 << 20
"""Large buffers are slow (fresh pages each time), and a reader must hold a frame: 1 MiB in use, small ones in tests."""

BackupId = Annotated[str, StringConstraints(pattern=r"^\d{8}T\d{6}Z-[0-9a-f]{16}$")]
WrappedKey = Annotated[str, StringConstraints(pattern=r"^vault:v[1-9]\d*:[A-Za-z0-9+/]+=*$")]
Content = Literal["database", "globals"]
"""`database`: an archive of `pg_dump -Fc`. `globals`: JSON, see `backups.globals`."""


class Strict(BaseModel):
    """Frozen, nothing unknown is let through, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class KeyReference(Strict):
    """The data key as Vault wrapped it, and the transit key (name and version) that unwraps it."""

    wrapped: WrappedKey
    transit_key: str
    transit_version: Annotated[int, Field(ge=1)]


class Source(Strict):
    """Where the content comes from, and with which versions."""

    platform: str
    environment: Literal["local", "staging", "production"]
    database: str
    server_version: str
    dump_version: str
    """Of pg_dump: an archive of a later major is refused by an older pg_restore."""


class Header(Strict):
    backup_id: BackupId
    content: Content
    snapshot_time: AwareDatetime
    source: Source
    codec: Literal["zstd"]
    key: KeyReference
    frame_bytes: Annotated[int, Field(ge=64, le=MAXIMUM_FRAME_BYTES)] = FRAME_BYTES

    def encoded(self) -> bytes:
        return self.model_dump_json().encode()

    @classmethod
    def decoded(cls, document: bytes) -> Self:
        """The header; `Damaged` names the first field that is wrong."""
        try:
            return cls.model_validate_json(document)
        except ValidationError as error:
            raise Damaged(Fault.HEADER, f"the header is malformed: {first_fault(error)}") from None


def first_fault(error: ValidationError) -> str:
    """The first field that is wrong and why, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'the document'}: {first['msg']}"
