"""All local servers together: up, down, status.

`up` is done once: what runs is left alone, what does not is started, what crashed is started again. Only one `up` or `down` works
on a folder at a time (a lock file). Servers that need nobody start side by side; the clouds' stand-in and the edge follow when
Postgres and S3 are ready.

>>> endpoints = up(Path(".kept"), print)
>>> down(Path(".kept"))
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from localcloud.servers import authority, binaries, clouds, edge, endpoints, files, lifecycle, objects, openbao, ports, postgres
from localcloud.servers.endpoints import Endpoints
from localcloud.servers.errors import ServerError
from localcloud.servers.layout import Layout
from localcloud.servers.lifecycle import ServerStatus
from localcloud.servers.objects import Identity
from localcloud.servers.server import Place, Server
from localcloud.servers.waiting import holds

Progress = Callable[[str], None]
LOCK_SECONDS = 300


def up(folder: Path, progress: Progress, identities: Sequence[Identity] = ()) -> Endpoints:
    """Start what does not run and wait until everything is ready."""
    binaries.require_supported_machine()
    layout = Layout(folder.resolve())
    with files.told(layout.folder):
        layout.create()
        with _locked(layout):
            servers = _servers(identities)
            place = _place(layout, servers)
            started = _start_missing(place, servers, progress)
    return endpoints.of(place, started)


def down(folder: Path, progress: Progress = lambda _: None, *, wipe: bool = False) -> tuple[str, ...]:
    """Stop every server of the folder; with `wipe` delete what the local run keeps. Returns the names of what ran.

    A folder that the first `up` made, or found empty, is deleted as a whole; one that held other things before keeps them.
    """
    layout = Layout(folder.resolve())
    if not layout.servers.exists():
        return ()
    with files.told(layout.folder), _locked(layout):
        place = Place(layout, ports.load(layout.ports_file))
        stopped = tuple(server.name for server in reversed(_servers()) if lifecycle.stop(place, server, progress))
        if wipe:
            _wipe(layout, progress)
    return stopped


def status(folder: Path) -> tuple[ServerStatus, ...]:
    """How each server is; a crashed one with the last lines of its log."""
    layout = Layout(folder.resolve())
    place = Place(layout, ports.load(layout.ports_file))
    return tuple(lifecycle.status(place, server) for server in _servers())


def known_endpoints(folder: Path) -> Endpoints | None:
    """Where everything is, without starting anything; none when this folder never had its servers started."""
    layout = Layout(folder.resolve())
    known = ports.load(layout.ports_file)
    return endpoints.of(Place(layout, known)) if known else None


def _servers(identities: Sequence[Identity] = ()) -> tuple[Server, ...]:
    """In the order of starting. OpenBao is the quickest to start and the slowest to initialise."""
    return (openbao.OpenBao(), objects.Objects(identities), postgres.Postgres(), clouds.Clouds(), edge.Edge())


def _place(layout: Layout, servers: Sequence[Server]) -> Place:
    return Place(layout, ports.choose(layout.ports_file, [name for server in servers for name in server.port_names]))


def _start_missing(place: Place, servers: Sequence[Server], progress: Progress) -> tuple[str, ...]:
    missing = [server for server in servers if lifecycle.status(place, server).state != "running"]
    if missing:
        binaries.require_all()
        certificates = tuple(each for server in servers for each in server.certificates)
        if authority.ensure(place.layout, certificates, datetime.now(UTC)):
            for server in reversed(servers):
                lifecycle.stop(place, server, progress)
            missing = list(servers)
    for wave in ([each for each in missing if not each.needs], [each for each in missing if each.needs]):
        for server in wave:
            lifecycle.start(place, server, progress)
        for server in wave:
            lifecycle.bring_ready(place, server, progress)
    return tuple(server.name for server in missing)


def _wipe(layout: Layout, progress: Progress) -> None:
    progress(f"deleting {layout.folder}")
    if layout.made_file.exists():
        shutil.rmtree(layout.folder)
        return
    for path in (*layout.folders(), *(layout.data(server.name) for server in _servers())):
        shutil.rmtree(path, ignore_errors=True)
    progress(f"{layout.folder} itself stays: it held other things before the first start")


@contextmanager
def _locked(layout: Layout) -> Iterator[None]:
    """Hold the folder's lock; waits for another `up` or `down`, and gives up with a reason."""
    handle = os.open(layout.lock_file, os.O_RDWR | os.O_CREAT, files.PRIVATE_FILE)
    try:
        if not holds(lambda: _try_lock(handle), LOCK_SECONDS):
            raise ServerError(f"another `kept local` works on {layout.folder} for over {LOCK_SECONDS} s", "wait for it, or end it")
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
