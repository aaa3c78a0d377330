"""Under which account Postgres runs: never as root, for it refuses that.

An ordinary user runs it directly (one that the machine has no name for, as in some containers, in a namespace as below, for
Postgres asks for its user's name). Root has two ways, tried in this order:

1. A user namespace, in which root's user id shows as that of `nobody` and has no power over anything: files of root stay
   readable and writable for it by ownership alone, even below a folder that no other account may enter.
2. Where the machine allows no namespaces, or the folder belongs to an ordinary user: the account of that user, else `nobody`.
   The data folder is given to it, and the folder of the local run lets it pass (pass, not list).

A way counts only when it was tried: the account must be able to use the data folder and the program.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localcloud.servers.errors import MissingError

NOBODY = 65534
PASS = 0o711
SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Runner:
    """`prefix` are the words before a command; files that it reads must belong to `owner` and `group`."""

    prefix: tuple[str, ...]
    owner: int
    group: int

    def own(self, *paths: Path) -> None:
        """Give files to the account; only root has to, and root may."""
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, self.owner, self.group)


def unprivileged(data: Path, program: str) -> Runner:
    """The way in which `program` can use the folder `data` without root's powers; `MissingError` if there is none."""
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return Runner((), os.geteuid(), os.getegid())
    failures = []
    for runner in _candidates(data):
        if not (failure := _tried(runner, data, program)):
            return runner
        failures.append(f"{runner.prefix[0]}: {failure}")
    raise MissingError(
        "Postgres does not run as root or as a user without a name, and no other way is open "
        f"to use {data} and {program} ({'; '.join(failures) or 'no util-linux'})",
        "run as an ordinary user, or allow user namespaces, or put the project where every account may enter its folder",
    )


def _candidates(data: Path) -> Iterator[Runner]:
    """The owner of an existing data folder stays its owner, so that one folder is never split between two accounts."""
    settled = data.stat().st_uid if (data / "PG_VERSION").exists() else None
    unshare, setpriv = (shutil.which(name, path=SYSTEM_PATH) for name in ("unshare", "setpriv"))
    if unshare and settled in (None, os.geteuid()):
        inside = _unprivileged_name()
        yield Runner((unshare, "--user", f"--map-user={inside}", f"--map-group={inside}"), os.geteuid(), os.getegid())
    if os.geteuid() == 0 and setpriv and settled != 0:
        owner, group = (settled, data.stat().st_gid) if settled else _neighbour(data)
        yield Runner((setpriv, f"--reuid={owner}", f"--regid={group}", "--clear-groups", "--no-new-privs"), owner, group)


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _unprivileged_name() -> int:
    """An account that the machine has a name for and that is not root: `nobody`, or the first there is."""
    if _has_name(NOBODY):
        return NOBODY
    return next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid), NOBODY)


def _neighbour(path: Path) -> tuple[int, int]:
    """The nearest named account above a path that is not root's."""
    for each in path.parents:
        found = each.stat()
        if found.st_uid != 0 and _has_name(found.st_uid):
            return found.st_uid, found.st_gid
    return NOBODY, NOBODY


def _tried(runner: Runner, data: Path, program: str) -> str:
    """Why a way does not work; empty if it does. What was changed for it is put back if it does not."""
    before, above = data.stat(), data.parent.stat().st_mode
    runner.own(data)
    if runner.owner != os.geteuid():
        data.parent.chmod(PASS)
    words = [*runner.prefix, "/usr/bin/test", "-w", str(data), "-a", "-x", program]
    tried = subprocess.run(words, capture_output=True, check=False, text=True, cwd="/")
    if not tried.returncode:
        return ""
    Runner((), before.st_uid, before.st_gid).own(data)
    data.parent.chmod(above)
    return tried.stderr.strip() or "not allowed to use these paths"
