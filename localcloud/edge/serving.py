"""Listening: on the edge's own address, and on that of every balancer and every host behind one, as the local cloud names them now.

One thread a listener and one a connection; the world is asked for each connection, and once a second for addresses that came or went.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from localcloud.edge import loopback, messages, sockets, waf, world
from localcloud.edge.config import Config
from localcloud.edge.messages import MalformedError
from localcloud.edge.origins import Origins
from localcloud.edge.visitors import Visitors
from localcloud.edge.world import World, addresses

Handler = Callable[[socket.socket, str], None]
LOOK_SECONDS = 1.0
MOST_AT_ONCE = 64
STATUS_ADDRESS = "127.0.0.1"

_log = logging.getLogger(__name__)


@dataclass
class Listener:
    """One address and port, served until closed."""

    address: str
    port: int
    handler: Handler
    room: threading.Semaphore
    _socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.create_server((self.address, self.port), backlog=128)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True, name=f"listener {self.address}").start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, peer = self._socket.accept()
            except OSError:
                return
            self.room.acquire()
            threading.Thread(target=self._handle, args=(connection, str(peer[0])), daemon=True).start()

    def _handle(self, connection: socket.socket, visitor: str) -> None:
        connection.settimeout(sockets.IDLE_SECONDS)
        try:
            self.handler(connection, visitor)
        except (OSError, MalformedError) as error:  # a refused handshake, a client that went, a cloud that does not answer
            _log.info("%s: %s", self.address, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one connection must not take the listener down
            _log.warning("%s: stopped by %s", self.address, type(error).__name__)
        finally:
            connection.close()
            self.room.release()


class Edge:
    """Everything that listens. `run` returns after `stop`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._room = threading.Semaphore(MOST_AT_ONCE)
        self._over = threading.Event()
        self._visitors = Visitors(config, self.now, waf.Counters(time.monotonic))
        self._origins = Origins(config, self.now)
        self._fixed = [
            Listener(STATUS_ADDRESS, config.status_port, self._status, self._room),
            Listener(loopback.EDGE, config.tls_port, self._visitors.secure, self._room),
            Listener(loopback.EDGE, config.plain_port, self._visitors.plain, self._room),
        ]
        self._origin_listeners: dict[str, Listener] = {}

    def now(self) -> World:
        return world.read(self.config.clouds, self.config.token)

    def run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            with suppress(OSError, ValueError, KeyError):  # the local cloud is away: what was known stays
                self.follow(self.now())

    def stop(self) -> None:
        self._over.set()
        for each in (*self._fixed, *self._origin_listeners.values()):
            each.close()

    def follow(self, now: World) -> None:
        """Listen where the world says, and nowhere else."""
        wanted: dict[str, Handler] = {}
        for balancer in now.balancers:
            wanted[str(balancer["ip"])] = self._at(self._origins.balancer, str(balancer["ip"]))
            for droplet in now.behind(balancer):
                wanted.update({address: self._at(self._origins.host, address) for address in addresses(droplet)})
        for gone in self._origin_listeners.keys() - wanted.keys():
            self._origin_listeners.pop(gone).close()
        for new in wanted.keys() - self._origin_listeners.keys():
            try:
                self._origin_listeners[new] = Listener(new, self.config.tls_port, wanted[new], self._room)
            except OSError as error:
                _log.warning("cannot listen on %s:%d: %s", new, self.config.tls_port, error.strerror)

    @staticmethod
    def _at(handler: Callable[[socket.socket, str, str], None], address: str) -> Handler:
        return lambda connection, visitor: handler(connection, visitor, address)

    def _status(self, connection: socket.socket, visitor: str) -> None:  # noqa: ARG002 - as every handler is called
        """Where it listens, for whoever waits for it."""
        messages.receive(connection)
        found = {"status": "ok", "edge": loopback.EDGE, "origins": sorted(self._origin_listeners)}
        connection.sendall(messages.answer(200, json.dumps(found) + "\n", {"content-type": "application/json"}))
