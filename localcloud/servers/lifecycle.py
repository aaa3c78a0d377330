"""One server's life: started, brought to readiness, looked at, stopped.

stopped -> starting -> running -> stopped
              |           |-> unusable    it runs, but cannot be used (sealed, deaf): `up` brings it back
              |-> crashed <-|             it ended by itself: `up` starts it again
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localcloud.servers import ports, processes
from localcloud.servers.errors import CrashedError, NotReadyError, ServerError, UnwritableError
from localcloud.servers.ports import HOST
from localcloud.servers.server import Place, Server
from localcloud.servers.waiting import holds

Progress = Callable[[str], None]
ROOM_BYTES = 512 * 2**20
"""What the servers need to start: Postgres takes 40 MB, SeaweedFS stops writing below 200 MiB."""


@dataclass(frozen=True)
class ServerStatus:
    """`state` is one of the states above; `detail` says why it is not running."""

    name: str
    state: str
    pid: int | None
    port: int | None
    detail: str


def status(place: Place, server: Server) -> ServerStatus:
    """How a server is; asks, and changes nothing."""
    port = place.ports.get(server.port_names[0])
    process = processes.recall(place.layout.process_file(server.name))
    log = place.layout.log(server.name)
    if process is None or port is None:
        return ServerStatus(server.name, "stopped", None, port, "")
    if process.from_another_boot():
        return ServerStatus(server.name, "stopped", None, port, "the machine was restarted since it ran")
    if not process.alive():
        return ServerStatus(server.name, "crashed", process.pid, port, f"the end of {log}:\n{processes.tail(log)}")
    if not place.layout.ready_file(server.name).exists():
        return ServerStatus(server.name, "starting", process.pid, port, f"not ready yet; see {log}")
    if not server.healthy(place):
        return ServerStatus(server.name, "unusable", process.pid, port, f"it runs, but cannot be used; see {log}")
    return ServerStatus(server.name, "running", process.pid, port, "")


def start(place: Place, server: Server, progress: Progress) -> None:
    """Start a server that does not run. A process that is starting or can be brought back is left to `bring_ready`."""
    layout = place.layout
    if (process := processes.recall(layout.process_file(server.name))) and process.alive():
        return
    _forget(place, server)
    ports.require_free(layout.ports_file, server.title, place.ports, server.port_names)
    _require_room(layout.folder)
    command = server.prepare(place)
    processes.put_aside(layout.log(server.name))
    progress(f"starting {server.title} on {HOST}:{place.ports[server.port_names[0]]}")
    process = processes.start(command.argv, command.environment, layout.log(server.name))
    processes.remember(layout.process_file(server.name), process)


def bring_ready(place: Place, server: Server, progress: Progress) -> None:
    """Wait for a started server, with a bound; its crash is told with the end of its log."""
    process = processes.recall(place.layout.process_file(server.name))
    assert process is not None
    reason = ""

    def settled() -> bool:
        nonlocal reason
        reason = server.advance(place) if process.alive() else ""
        return not reason

    in_time = holds(settled, server.ready_seconds)
    log = place.layout.log(server.name)
    if not process.alive():
        _require_room(place.layout.folder)
        raise CrashedError(
            f"{server.title} ended while starting; the end of {log}:\n{processes.tail(log)}", "mend what it names, then start again"
        )
    if not in_time:
        _require_room(place.layout.folder)
        hint = f"look at {log}; `kept local down` ends it"
        raise NotReadyError(f"{server.title} was not ready after {server.ready_seconds:.0f} s: {reason}", hint)
    place.layout.ready_file(server.name).touch()
    progress(f"{server.title} is ready")


def stop(place: Place, server: Server, progress: Progress) -> bool:
    """Stop a server by its own process id; true if it ran."""
    process = processes.recall(place.layout.process_file(server.name))
    ran = process is not None and process.alive()
    if process is not None and ran:
        progress(f"stopping {server.title}")
        if not processes.stop(process, server.stop_steps):
            raise ServerError(f"{server.title} (process {process.pid}) does not end", f"look at {place.layout.log(server.name)}")
    _forget(place, server)
    return ran


def _forget(place: Place, server: Server) -> None:
    place.layout.ready_file(server.name).unlink(missing_ok=True)
    place.layout.process_file(server.name).unlink(missing_ok=True)
    server.tidy(place)


def _require_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < ROOM_BYTES:
        text = f"the disk of {folder} is full: {free // 2**20} MiB are free, the local servers need {ROOM_BYTES // 2**20} MiB"
        raise UnwritableError(text, "make room, or choose a folder on another disk with KEPT_HOME")
