"""One visitor's connection to the edge, from the first byte to the last.

1. The name is read from the ClientHello (port 443) or the Host header (port 80).
2. A name that is not proxied, or whose zone is paused, is no business of the edge: DNS would lead straight to the origin, so the bytes go
   there untouched, from the visitor's own address. A name of no zone is refused.
3. TLS as the zone says. Then the request: the rules of `waf`, then the origin, whose answer gets the edge's headers.
4. What an origin does wrong is answered with Cloudflare's numbers: 521 it refuses, 522 it is silent, 525 TLS fails, 526 its certificate is
   wrong, 530 its name leads nowhere.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from localcloud.edge import hello, loopback, messages, sockets, transport, waf
from localcloud.edge.config import Config
from localcloud.edge.messages import MalformedError, Message
from localcloud.edge.world import World, Zone

PLAIN = ("off", "flexible")
SERVER = "kept-local-edge"


class _OriginError(Exception):
    """The origin did not answer; the status says how."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Visitors:
    """`now` asks the local cloud; it raises `OSError` or `ValueError` when that does not answer."""

    config: Config
    now: Callable[[], World]
    counters: waf.Counters

    def secure(self, connection: socket.socket, visitor: str) -> None:
        """A connection to port 443."""
        name = hello.server_name(hello.peek(connection))
        world = self.now()
        zone = world.zone(name)
        if zone is None or zone.record(name) is None:
            connection.sendall(hello.REFUSED)
        elif not zone.proxies(name):
            self._straight(connection, zone.address(name), self.config.tls_port, visitor)
        elif (context := transport.visitors(self.config, zone, name)) is None:
            connection.sendall(hello.REFUSED)
        else:
            with sockets.accepted(context, connection) as secured:
                self._serve(secured, zone, name, visitor)

    def plain(self, connection: socket.socket, visitor: str) -> None:
        """A connection to port 80."""
        message = messages.receive(connection)
        zone = self.now().zone(message.host)
        if zone is None or not zone.proxies(message.host):
            connection.sendall(messages.answer(404, "no such name here\n", {"server": SERVER}))
        elif zone.setting("always_use_https") == "on":
            location = f"https://{message.host}{message.target}"
            connection.sendall(messages.answer(301, "", {"location": location, "server": SERVER}))
        else:
            connection.sendall(self._answer(message, zone, visitor, secure=False))

    def _straight(self, connection: socket.socket, address: str, port: int, visitor: str) -> None:
        try:
            origin = sockets.connect(address, port, visitor)
        except OSError:
            sockets.refuse(connection)
            return
        with origin:
            sockets.join(connection, origin)

    def _serve(self, secured: ssl.SSLSocket, zone: Zone, name: str, visitor: str) -> None:
        try:
            message = messages.receive(secured)
        except MalformedError as error:
            secured.sendall(messages.answer(400, f"{error}\n", {"server": SERVER}))
            return
        if message.host == name:
            secured.sendall(self._answer(message, zone, visitor, secure=True))
        else:
            secured.sendall(messages.answer(421, "the Host header is not the name of the connection\n", {"server": SERVER}))
        with suppress(OSError):
            secured.unwrap()

    def _answer(self, message: Message, zone: Zone, visitor: str, *, secure: bool) -> bytes:
        headers = {"server": SERVER, "cf-ray": "local", **(_hsts(zone) if secure else {})}
        path, _, query = message.target.partition("?")
        agent = message.headers.get("user-agent", "")
        request = waf.Request(message.host, message.method, path, query, agent, str(loopback.public(visitor)), secure)
        if found := waf.stopped(zone, request, self.counters):
            mitigated = {} if found.action == "block" else {"cf-mitigated": "challenge"}
            return messages.answer(found.status, f"stopped by rule {found.rule}\n", {**headers, **mitigated})
        try:
            return self._from_origin(message, zone, visitor, headers, secure=secure)
        except _OriginError as error:
            return messages.answer(error.status, f"{messages.SAID[error.status]}\n", headers)

    def _from_origin(self, message: Message, zone: Zone, visitor: str, headers: Mapping[str, str], *, secure: bool) -> bytes:
        """Over TLS unless the visitor came without it, or `ssl` says so."""
        tls = secure and zone.setting("ssl") not in PLAIN
        with self._connected(zone, message.host, tls=tls) as origin:
            try:
                origin.sendall(messages.passed_on(message, str(loopback.public(visitor))))
                head, gap, body = _everything(origin).partition(b"\r\n\r\n")
            except ssl.SSLError:
                raise _OriginError(525) from None  # in TLS 1.3 the refusal of a client's certificate comes after the handshake
            except OSError:
                raise _OriginError(520) from None
        if not gap:
            raise _OriginError(520)
        return messages.with_headers(head, headers) + gap + body

    def _connected(self, zone: Zone, name: str, *, tls: bool) -> socket.socket:
        address = zone.address(name)
        if not address:
            raise _OriginError(530)
        port = self.config.tls_port if tls else self.config.plain_port
        try:
            origin = sockets.connect(address, port, loopback.EDGE_TO_ORIGIN)
        except TimeoutError:
            raise _OriginError(522) from None
        except OSError:
            raise _OriginError(521) from None
        if not tls:
            return origin
        with ExitStack() as unfinished:
            unfinished.callback(origin.close)
            secured = self._secured(unfinished, origin, zone, name)
            unfinished.pop_all()
        return secured

    def _secured(self, unfinished: ExitStack, origin: socket.socket, zone: Zone, name: str) -> ssl.SSLSocket:
        try:
            context = transport.to_origin(self.config, zone)
            origin.getpeername()  # one that was reset already is not wrapped: Python would lose it unclosed
            secured = context.wrap_socket(origin, server_hostname=name, do_handshake_on_connect=False)
            unfinished.callback(secured.close)
            secured.do_handshake()
        except ssl.SSLCertVerificationError:
            raise _OriginError(526) from None
        except ssl.SSLError:
            raise _OriginError(525) from None
        except OSError:
            raise _OriginError(521) from None
        return secured


def _everything(connection: socket.socket) -> bytes:
    found = b""
    while part := connection.recv(sockets.PIECE):
        found += part
    return found


def _hsts(zone: Zone) -> Mapping[str, str]:
    """The header that the zone's `security_header` asks for."""
    said = zone.setting("security_header")["strict_transport_security"]
    if not said.get("enabled"):
        return {}
    words = {"includeSubDomains": said.get("include_subdomains"), "preload": said.get("preload")}
    value = "; ".join([f"max-age={int(said.get('max_age') or 0)}", *(word for word, on in words.items() if on)])
    return {"strict-transport-security": value, **({"x-content-type-options": "nosniff"} if said.get("nosniff") else {})}
