"""Under which account Postgres runs: never as root, for it refuses that, and without needing another account's permission.

An ordinary user runs it directly. Root runs it in a user namespace of its own, in which root's user id shows as 1000 and has
no power over anything: files of root stay readable and writable for it by ownership alone, even below a folder that nobody
else may enter (where a switch to another account would fail).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from localcloud.servers.errors import MissingError

INSIDE = "1000"


def unprivileged(folder: Path, program: str) -> tuple[str, ...]:
    """The words to put before a command so that it runs without root's powers; none for an ordinary user."""
    if os.geteuid() != 0:
        return ()
    unshare = shutil.which("unshare", path="/usr/bin:/bin:/usr/sbin:/sbin")
    if unshare is None:
        raise MissingError("Postgres does not run as root, and unshare is not there", "install util-linux, or run as an ordinary user")
    prefix = (unshare, "--user", f"--map-user={INSIDE}", f"--map-group={INSIDE}")
    _require(prefix, folder, program)
    return prefix


def _require(prefix: tuple[str, ...], folder: Path, program: str) -> None:
    words = [*prefix, "/usr/bin/test", "-w", str(folder), "-a", "-x", program]
    tried = subprocess.run(words, capture_output=True, check=False, text=True)
    if tried.returncode == 1:
        raise MissingError(
            f"Postgres does not run as root, and root without its powers cannot use {folder} or {program}",
            "run as the user who owns these folders, or put the project and KEPT_HOME where root owns the whole path",
        )
    if tried.returncode:
        raise MissingError(
            f"Postgres does not run as root, and this machine allows no user namespace ({tried.stderr.strip()})",
            "run as an ordinary user, or allow user namespaces (sysctl user.max_user_namespaces, or the container's seccomp profile)",
        )
