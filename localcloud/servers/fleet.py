"""All local servers together: up, down, status.

`up` is done once: what runs is left alone, what does not is started, what crashed is started again. Only one `up` or `down` works
on a folder at a time (a lock file). Servers that need nobody start side by side; the clouds' stand-in follows when Postgres and
S3 are ready.

>>> endpoints = up(Path(".kept"), print)
>>> down(Path(".kept"))
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from localcloud.servers import authority, binaries, clouds, files, objects, openbao, ports, postgres, processes
from localcloud.servers.errors import CrashedError, NotReadyError, ServerError, UnwritableError
from localcloud.servers.layout import Layout
from localcloud.servers.objects import Identity
from localcloud.servers.ports import HOST
from localcloud.servers.server import Place, Server
from localcloud.servers.waiting import holds

Progress = Callable[[str], None]
LOCK_SECONDS = 300


@dataclass(frozen=True)
class Endpoints:
    """Where everything is. `started` names the servers that this `up` had to start; secrets are named by file."""

    folder: Path
    ca_file: Path
    secrets: Path
    postgres_host: str
    postgres_port: int
    postgres_user: str
    postgres_database: str
    postgres_password_file: Path
    postgres_data: Path
    vault_address: str
    vault_root_token_file: Path
    objects_endpoint: str
    objects_region: str
    clouds_endpoint: str
    clouds_token_file: Path
    started: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServerStatus:
    """`state` is running, stopped, crashed or deaf (it runs, but nobody answers on its port)."""

    name: str
    state: str
    pid: int | None
    port: int | None
    detail: str


def up(folder: Path, progress: Progress, identities: Sequence[Identity] = ()) -> Endpoints:
    """Start what does not run and wait until everything is ready."""
    binaries.require_supported_machine()
    layout = Layout(folder.resolve())
    with files.told(layout.folder):
        layout.create()
        with _locked(layout):
            place = _place(layout, _servers(identities))
            started = _start_missing(place, _servers(identities), progress)
    return _endpoints(place, started)


def down(folder: Path, progress: Progress = lambda _: None, *, wipe: bool = False) -> tuple[str, ...]:
    """Stop every server of the folder; with `wipe` delete the folder and all it keeps. Returns the names of what ran."""
    layout = Layout(folder.resolve())
    if not layout.servers.exists():
        if wipe and layout.folder.exists():
            raise ServerError(f"{layout.folder} is not the folder of a local run: not deleted", "check KEPT_HOME")
        return ()
    with files.told(layout.folder), _locked(layout):
        stopped = tuple(server.name for server in reversed(_servers(())) if _stop(layout, server, progress))
        if wipe:
            progress(f"deleting {layout.folder}")
            shutil.rmtree(layout.folder)
    return stopped


def status(folder: Path) -> tuple[ServerStatus, ...]:
    """How each server is; a crashed one with the last lines of its log."""
    layout = Layout(folder.resolve())
    known = ports.load(layout.ports_file)
    return tuple(_status(layout, server, known.get(server.port_names[0])) for server in _servers(()))


def endpoints(folder: Path) -> Endpoints | None:
    """Where everything is, without starting anything; none when this folder never had its servers started."""
    layout = Layout(folder.resolve())
    known = ports.load(layout.ports_file)
    return _endpoints(Place(layout, known), ()) if known else None


def _servers(identities: Sequence[Identity]) -> tuple[Server, ...]:
    found: tuple[Server, ...] = (openbao.OpenBao(), objects.Objects(identities), postgres.Postgres())
    return (*found, clouds.Clouds()) if clouds.is_there() else found


def _place(layout: Layout, servers: Sequence[Server]) -> Place:
    names = [name for server in servers for name in server.port_names]
    return Place(layout, ports.choose(layout.ports_file, [*names, clouds.NAME]))


def _start_missing(place: Place, servers: Sequence[Server], progress: Progress) -> tuple[str, ...]:
    missing = [server for server in servers if not _runs(place, server)]
    if not missing:
        return ()
    authority.ensure(place.layout, [each.name for each in (objects.Objects(), openbao.OpenBao(), postgres.Postgres())], datetime.now(UTC))
    ready: set[str] = {server.name for server in servers} - {server.name for server in missing}
    for wave in (
        [server for server in missing if not server.needs],
        [server for server in missing if server.needs],
    ):
        for server in wave:
            _start(place, server, progress)
        for server in wave:
            _await(place, server, progress)
            ready.add(server.name)
    return tuple(server.name for server in missing)


def _runs(place: Place, server: Server) -> bool:
    process = processes.recall(place.layout.process_file(server.name))
    return process is not None and process.alive() and ports.answers(place.ports[server.port_names[0]])


def _start(place: Place, server: Server, progress: Progress) -> None:
    """Start one server. A process of ours that runs, but is deaf, is stopped first."""
    layout = place.layout
    _stop(layout, server, progress)
    ports.require_free(layout.ports_file, server.title, place.ports, server.port_names)
    command = server.prepare(place)
    progress(f"starting {server.title} on {HOST}:{place.ports[server.port_names[0]]}")
    process = processes.start(command.argv, command.environment, layout.log(server.name))
    processes.remember(layout.process_file(server.name), process)


def _await(place: Place, server: Server, progress: Progress) -> None:
    process = processes.recall(place.layout.process_file(server.name))
    assert process is not None
    reason = "not asked yet"

    def settled() -> bool:
        nonlocal reason
        reason = server.advance(place) if process.alive() else ""
        return not reason

    in_time = holds(settled, server.ready_seconds)
    log = place.layout.log(server.name)
    if not process.alive():
        raise CrashedError(
            f"{server.title} ended while starting; the end of {log}:\n{processes.tail(log)}", "mend what it names, then start again"
        )
    if not in_time:
        raise NotReadyError(f"{server.title} was not ready after {server.ready_seconds:.0f} s: {reason}", f"look at {log}")
    progress(f"{server.title} is ready")


def _stop(layout: Layout, server: Server, progress: Progress) -> bool:
    """Stop a server by its own process id; true if it ran."""
    path = layout.process_file(server.name)
    process = processes.recall(path)
    ran = process is not None and process.alive()
    if process is not None and ran:
        progress(f"stopping {server.title}")
        if not processes.stop(process, server.stop_steps):
            raise ServerError(f"{server.title} (process {process.pid}) does not end", f"look at {layout.log(server.name)}")
    path.unlink(missing_ok=True)
    return ran


def _status(layout: Layout, server: Server, port: int | None) -> ServerStatus:
    process = processes.recall(layout.process_file(server.name))
    if process is None or port is None:
        return ServerStatus(server.name, "stopped", None, port, "")
    if not process.alive():
        log = layout.log(server.name)
        return ServerStatus(server.name, "crashed", process.pid, port, f"the end of {log}:\n{processes.tail(log)}")
    if not ports.answers(port):
        return ServerStatus(server.name, "deaf", process.pid, port, f"it runs, but does not answer; see {layout.log(server.name)}")
    return ServerStatus(server.name, "running", process.pid, port, "")


def _endpoints(place: Place, started: tuple[str, ...]) -> Endpoints:
    layout = place.layout
    return Endpoints(
        folder=layout.folder,
        ca_file=layout.ca_file,
        secrets=layout.secrets,
        postgres_host=HOST,
        postgres_port=place.ports[postgres.NAME],
        postgres_user=postgres.USER,
        postgres_database=postgres.DATABASE,
        postgres_password_file=layout.secret(postgres.PASSWORD),
        postgres_data=layout.data(postgres.NAME),
        vault_address=f"https://{HOST}:{place.ports[openbao.NAME]}",
        vault_root_token_file=layout.secret(openbao.ROOT_TOKEN),
        objects_endpoint=objects.endpoint(place),
        objects_region=objects.REGION,
        clouds_endpoint=clouds.endpoint(place),
        clouds_token_file=layout.secret(clouds.TOKEN),
        started=started,
    )


@contextmanager
def _locked(layout: Layout) -> Iterator[None]:
    """Hold the folder's lock; waits for another `up` or `down`, and gives up with a reason."""
    handle = os.open(layout.lock_file, os.O_RDWR | os.O_CREAT, files.PRIVATE_FILE)
    try:
        if not holds(lambda: _try_lock(handle), LOCK_SECONDS):
            raise UnwritableError(f"another `kept local` works on {layout.folder} for over {LOCK_SECONDS} s", "wait for it, or end it")
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
