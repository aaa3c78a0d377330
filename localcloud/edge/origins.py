"""What stands behind the edge: balancers and hosts, each at its own address of the local cloud.

A balancer looks at its allow and deny lists and passes TLS through to one of its hosts, untouched. A host looks at its cloud
firewalls, then speaks TLS with who shows the zone's origin-pull certificate, and has one page: `/healthz`. Whoever a list or
firewall does not name is reset before a byte is said.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from localcloud.edge import hello, messages, sockets, transport
from localcloud.edge.admission import HTTPS, balancer_admits, host_admits
from localcloud.edge.config import Config
from localcloud.edge.messages import MalformedError
from localcloud.edge.world import Document, World, addresses

PAGE = "/healthz"


@dataclass(frozen=True)
class Origins:
    config: Config
    now: Callable[[], World]
    _turns: Iterator[int] = field(default_factory=itertools.count)

    def balancer(self, connection: socket.socket, visitor: str, address: str) -> None:
        """A connection to a balancer's address."""
        world = self.now()
        found = world.balancer(address)
        hosts = world.behind(found) if found else ()
        if found is None or not passes_through(found) or not balancer_admits(found, visitor) or not hosts:
            sockets.refuse(connection)
            return
        chosen = addresses(hosts[next(self._turns) % len(hosts)], "private")[0]
        try:
            inner = sockets.connect(chosen, self.config.tls_port, address)
        except OSError:
            sockets.refuse(connection)
            return
        with inner:
            sockets.join(connection, inner)

    def host(self, connection: socket.socket, visitor: str, address: str) -> None:
        """A connection to one of a host's addresses."""
        world = self.now()
        found = world.droplet(address)
        if found is None or not host_admits(world, found, visitor):
            sockets.refuse(connection)
            return
        name = hello.server_name(hello.peek(connection))
        zone = world.zone(name)
        if zone is None:
            connection.sendall(hello.REFUSED)
            return
        with sockets.accepted(transport.host(self.config, zone, name), connection) as secured:
            secured.sendall(_page(secured))
            with suppress(OSError):
                secured.unwrap()


def passes_through(balancer: Document) -> bool:
    """Whether the balancer takes port 443 and leaves TLS to its hosts; one that ends TLS itself is not done here."""
    rules = [rule for rule in balancer.get("forwarding_rules") or () if rule.get("entry_port") == HTTPS]
    return any(rule.get("tls_passthrough") or rule.get("entry_protocol") == "tcp" for rule in rules)


def _page(secured: socket.socket) -> bytes:
    try:
        message = messages.receive(secured)
    except MalformedError as error:
        return messages.answer(400, f"{error}\n")
    if message.target.partition("?")[0] != PAGE:
        return messages.answer(404, "no such page\n")
    return messages.answer(200, "ok\n")
