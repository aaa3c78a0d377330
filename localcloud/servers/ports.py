"""Which loopback port belongs to which server: chosen once, kept in a file, so that a restart finds the same addresses.

Ports are drawn from below the range that the kernel gives to outgoing connections; a port drawn from that range could be in
passing use just when a stopped server wants it back.
"""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from localcloud.servers import files
from localcloud.servers.errors import NotReadyError, PortTakenError, ServerError

HOST = "127.0.0.1"
LOWEST, HIGHEST = 20000, 32000
TRIES = 2000


def load(path: Path) -> dict[str, int]:
    """The ports chosen so far; none when there is no file."""
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text())
        return {str(name): int(port) for name, port in document.items()}
    except (ValueError, AttributeError) as error:
        raise ServerError(f"{path} is damaged: {error}", "delete it: new ports are chosen at the next start") from error


def choose(path: Path, names: Sequence[str], draw: random.Random | None = None) -> Mapping[str, int]:
    """The port of each name: those in the file, and new free ones for the others, written back."""
    chosen = load(path)
    if missing := [name for name in names if name not in chosen]:
        for name in missing:
            chosen[name] = _free(draw or random.SystemRandom(), frozenset(chosen.values()))
        files.write(path, json.dumps(chosen, indent=2, sort_keys=True) + "\n")
    return chosen


def is_free(port: int) -> bool:
    """Whether nobody listens on the port, on any address: local hosts have addresses of their own beside 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection in its last seconds does not count
        try:
            probe.bind(("", port))  # bound for a moment, never listening
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def require_free(path: Path, server: str, ports: Mapping[str, int], names: Sequence[str]) -> None:
    """Refuse to start a server on a port that a stranger holds, and name it."""
    for name in names:
        if not is_free(ports[name]):
            raise PortTakenError(
                f"{server} cannot start: port {ports[name]} of {HOST} ({name}) is in use by another program",
                f"stop that program (`ss -ltnp 'sport = :{ports[name]}'` shows it), "
                f'or remove "{name}" from {path} to have another port chosen',
            )


def _free(draw: random.Random, taken: frozenset[int]) -> int:
    for _ in range(TRIES):
        port = draw.randrange(LOWEST, HIGHEST)
        if port not in taken and is_free(port):
            return port
    raise NotReadyError(f"no free port between {LOWEST} and {HIGHEST} on {HOST}", "stop programs that listen there")
