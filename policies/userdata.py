"""A host's user data, read: the cloud-config document with its files decoded and its commands as text.

Pure. The text is the program's: the provider keeps only a SHA-1 of it, and the cloud never tells it again. So a host is judged by what it
was told at its first start; what became of it is for its own reports to say. What can only be run to be understood is not read.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import posixpath
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from policies.findings import has_unknown
from policies.readers.state import REDACTED, Resource

HEADER = "#cloud-config"
LARGEST_BYTES = 1_000_000
_DIGEST = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class UserData:
    """A cloud-config: its document, its files by path, its commands. `problem` says why there is nothing to read."""

    document: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, str], ...] = ()
    commands: tuple[str, ...] = ()
    problem: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that may run or be read: commands, then files."""
        return (*self.commands, *(content for _, content in self.files))


def of(host: Resource) -> UserData | None:
    """A droplet's user data: the program's own text, else whatever is there; None while it is not known, or only its digest is."""
    said = host.inputs["userData"] if host.inputs.get("userData") is not None else host.get("userData")
    if has_unknown(said) or said == REDACTED or (isinstance(said, str) and _DIGEST.fullmatch(said)):
        return None
    return read(said)


def read(text: object) -> UserData:
    """Read a document; anything but a cloud-config that can be read whole is a `problem`."""
    if not isinstance(text, str) or not text.strip():
        return UserData(problem="no user data is declared")
    if not text.lstrip().startswith(HEADER) or len(text) > LARGEST_BYTES:
        return UserData(problem="the user data is no cloud-config that can be read")
    return _parsed(text)


_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, written in C where PyYAML was built with it."""


@lru_cache(maxsize=64)
def _parsed(text: str) -> UserData:
    """Hosts of one kind are told the same, and several controls read it."""
    try:
        document = yaml.load(text, Loader=_SAFE)  # noqa: S506 - one of the two safe loaders
        files = tuple((_path(str(each["path"])), _content(each)) for each in document.get("write_files") or ())
        commands = [each for name in ("bootcmd", "runcmd") for each in document.get(name) or ()]
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return UserData(problem="the user data cannot be read")
    return UserData(document, files, tuple(" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in commands))


def _path(said: str) -> str:
    """A file's path as it is opened: from the root, without `//`, `.` and `..`."""
    return posixpath.normpath("/" + said.lstrip("/"))


def _content(file: Mapping[str, Any]) -> str:
    """A file's content with its encodings undone; `ValueError` for one that nobody can read."""
    content, encoding = file.get("content") or "", str(file.get("encoding") or "text/plain").lower()
    if "source" in file:
        raise ValueError("a file that is fetched from elsewhere")
    raw = content if isinstance(content, bytes) else str(content).encode()
    try:
        if "b64" in encoding or "base64" in encoding:
            raw = base64.b64decode(raw, validate=False)
        if "gz" in encoding:
            raw = gzip.decompress(raw)
    except (binascii.Error, OSError, EOFError, zlib.error) as error:
        raise ValueError("a file that cannot be decoded") from error
    return raw.decode(errors="replace")
