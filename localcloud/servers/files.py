"""Files that hold secrets, and the errors of a folder that cannot be written.

Files are replaced as a whole (written beside, then renamed), so that a reader never sees half of one, and are private to
their owner unless said otherwise.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcloud.servers.errors import UnwritableError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SECRET_LENGTH = 40
"""Forty characters of 62: 238 bits, and the length that the Cloudflare provider demands of a token."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turn the errors of writing below `folder` into `UnwritableError` with the next step."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        if error.errno in FULL:
            raise UnwritableError(f"the disk is full: cannot write {where}", "make room, then run `kept local up` again") from error
        raise UnwritableError(
            f"cannot write {where}: {error.strerror}", "check who owns that folder, or choose another one with KEPT_HOME"
        ) from error


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can read."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(PRIVATE_FOLDER)
    return path


def write(path: Path, content: str | bytes, mode: int = PRIVATE_FILE) -> None:
    """Replace a file as a whole; it has `mode` from its first byte on."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    data = content.encode() if isinstance(content, str) else content
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def secret_once(path: Path, length: int = SECRET_LENGTH) -> str:
    """The secret in a file; a random one is made when there is none."""
    if not path.exists():
        write(path, "".join(secrets.choice(ALPHABET) for _ in range(length)) + "\n")
    return path.read_text().strip()


def hexadecimal_once(path: Path, size_bytes: int = 32) -> str:
    """The same for a key of so many bytes, in hexadecimal digits."""
    if not path.exists():
        write(path, secrets.token_hex(size_bytes) + "\n")
    return path.read_text().strip()
