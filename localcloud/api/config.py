"""The server's configuration: one JSON file, read and checked once at the start.

    {"port": 8080, "token": "...", "state_file": "/.../cloud.sqlite",
     "s3": {"endpoint": "https://127.0.0.1:8333", "ca": "/.../ca.pem", "access_key": "...", "secret_key": "..."} or null,
     "postgres": {"host": "127.0.0.1", "port": 5432, "user": "doadmin", "password_file": "...", "database": "defaultdb",
                  "data_folder": "...", "ca_file": "..."} or null}

Port 0 means any free port. The file holds the token and the S3 key: whoever writes it makes it readable by its owner alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from localcloud.api.errors import LocalCloudError

T = TypeVar("T")


@dataclass(frozen=True)
class S3:
    """The S3 server behind the Spaces gateway; the key sees every bucket (it lists versions before a bucket is deleted)."""

    endpoint: str
    ca: str
    access_key: str
    secret_key: str


@dataclass(frozen=True)
class Postgres:
    """The local Postgres that stands behind every managed database cluster."""

    host: str
    port: int
    user: str
    password_file: str
    database: str
    data_folder: str
    ca_file: str


@dataclass(frozen=True)
class Config:
    port: int
    token: str
    state_file: Path
    s3: S3 | None = None
    postgres: Postgres | None = None


def load(path: Path) -> Config:
    """Read the file; `LocalCloudError` names what is wrong with it."""
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise LocalCloudError(f"cannot read {path}: {error.strerror}", "name the configuration file with --config") from error
    except ValueError as error:
        raise LocalCloudError(f"{path} is not valid JSON: {error}", "mend the file") from error
    return parse(document)


def parse(document: Any) -> Config:
    """Check a configuration; unknown and missing keys are named."""
    whole = _section(Config, document, "the configuration")
    if not isinstance(whole.token, str) or not whole.token:
        raise LocalCloudError("the configuration's token is empty", "set a random token of 40 characters")
    return Config(
        port=int(whole.port),
        token=whole.token,
        state_file=Path(whole.state_file),
        s3=_section(S3, whole.s3, "s3") if whole.s3 else None,
        postgres=_section(Postgres, whole.postgres, "postgres") if whole.postgres else None,
    )


def _section(kind: type[T], document: Any, name: str) -> T:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # every kind here is a dataclass
    if not isinstance(document, dict):
        raise LocalCloudError(f"{name} must be a JSON object", "see localcloud/api/config.py")
    if unknown := sorted(set(document) - known):
        raise LocalCloudError(f"{name} has unknown keys: {', '.join(unknown)}", f"known keys: {', '.join(sorted(known))}")
    try:
        return kind(**document)
    except TypeError as error:
        raise LocalCloudError(f"{name} is incomplete: {error}", f"needed keys: {', '.join(sorted(known))}") from error
