"""A cloud-config document out of parts. Pure.

>>> render(Part(packages=("nginx",))).splitlines()[0]
'#cloud-config'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

LARGEST_BYTES = 64 * 1024
"""What the cloud takes as user data."""

HTTPS_MIRRORS = {
    "primary": [{"arches": ["default"], "uri": "https://deb.debian.org/debian"}],
    "security": [{"arches": ["default"], "uri": "https://deb.debian.org/debian-security"}],
}
"""Packages come over HTTPS alone: the table of flows lets nothing else out."""


@dataclass(frozen=True)
class File:
    """A file to write, `late` after the packages and before the commands, else before both; `mode` is octal."""

    path: str
    content: str
    mode: str = "0644"
    late: bool = False


@dataclass(frozen=True)
class Part:
    """What one concern adds: packages, files, and commands run once at the end of the first start, each a list of words."""

    packages: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()


def render(*parts: Part) -> str:
    """The document; `ValueError` for a path written twice and for more than the cloud takes."""
    files = [file for part in parts for file in part.files]
    twice = {file.path for file in files if sum(file.path == other.path for other in files) > 1}
    if twice:
        raise ValueError(f"written twice: {', '.join(sorted(twice))}")
    text = "#cloud-config\n" + yaml.dump(_document(parts, files), Dumper=_Dumper, sort_keys=False, width=1000)
    if len(text.encode()) > LARGEST_BYTES:
        raise ValueError(f"user data of {len(text.encode())} bytes: the cloud takes {LARGEST_BYTES}")
    return text


def _document(parts: tuple[Part, ...], files: list[File]) -> dict[str, Any]:
    return {
        "ssh_pwauth": False,
        "ssh_deletekeys": True,
        "ssh_genkeytypes": ["ed25519"],
        "chpasswd": {"expire": False, "users": [{"name": "root", "type": "hash", "password": "!"}]},
        "apt": HTTPS_MIRRORS,
        "ntp": {"enabled": True},
        "package_update": True,
        "package_upgrade": True,
        "packages": list(dict.fromkeys(package for part in parts for package in part.packages)),
        "write_files": [_written(file) for file in files],
        "runcmd": [list(command) for part in parts for command in part.commands],
    }


def _written(file: File) -> dict[str, Any]:
    deferred = {"defer": True} if file.late else {}
    return {"path": file.path, "permissions": file.mode, "owner": "root:root", **deferred, "content": file.content}


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that people can read them."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
