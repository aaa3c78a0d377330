"""Is an old TLS version refused at a hop, and a modern one welcome there?

Two connections: one says a hello that offers the old version at most and reads one record; the other is an ordinary modern client that
checks the certificate. Only a refusal in TLS's own words (an alert) counts as one, and only where the modern client got in: a closed
port, a firewall and a server that is down refuse everything.
"""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from errno import ECONNRESET
from pathlib import Path

from policies.probes import greeting
from policies.probes.deadlines import Deadline
from policies.probes.postgres import SSL_REQUEST

TIMEOUT_SECONDS = 8

PLAIN_RECORD = 5 + 16_384


@dataclass(frozen=True)
class Spot:
    """Where to knock: an address, the name to ask for, and how TLS begins there (`tls`, or `postgres` after its request for it).

    `source` is the own address to come from (empty: the system's choice), `ca_file` who must have signed (none: the system's authorities),
    `checked` whether the certificate can be judged at all, `alpn` the application's protocol where the server answers no other.
    """

    host: str
    port: int
    name: str
    protocol: str = "tls"
    source: str = ""
    ca_file: Path | None = None
    checked: bool = True
    alpn: str = ""


@dataclass(frozen=True)
class Offer:
    """What became of an offer: accepted, refused by an alert, or neither; `seen` says it in words."""

    accepted: bool
    refused: bool
    seen: str


class NoTlsError(Exception):
    """The server does not begin TLS where it should."""


def offer_old(spot: Spot, highest: int, random: bytes = b"") -> Offer:
    """Say hello with `highest` as the newest version, and read the first record."""
    said, until = f"{greeting.NAMES[highest]} offered", Deadline.within(TIMEOUT_SECONDS)
    try:
        with opened(spot, until) as connection:
            hello = greeting.hello(spot.name, highest, random or os.urandom(greeting.RANDOM_BYTES), spot.alpn)
            until.on(connection).sendall(hello)
            reply = greeting.answer_of(_record(connection, until))
    except TimeoutError:
        return Offer(accepted=False, refused=False, seen=f"{said}: no answer within {TIMEOUT_SECONDS} s")
    except NoTlsError:
        return Offer(accepted=False, refused=False, seen=f"{said}: the server does not begin TLS")
    except OSError as error:
        return Offer(accepted=False, refused=False, seen=f"{said}: the connection failed ({error.strerror or type(error).__name__})")
    if reply.version is not None:
        return Offer(accepted=True, refused=False, seen=f"{said}: accepted with {greeting.NAMES.get(reply.version, hex(reply.version))}")
    if reply.refusal:
        return Offer(accepted=False, refused=True, seen=f"{said}: refused with the alert {reply.refusal}")
    other = "the connection was closed" if reply.alert is None else f"alert {reply.alert}, which is no refusal of the version"
    return Offer(accepted=False, refused=False, seen=f"{said}: {other}")


def offer_modern(spot: Spot) -> Offer:
    """An ordinary handshake, certificate and all. A server that goes on to ask for a client's certificate has welcomed the version."""
    until = Deadline.within(TIMEOUT_SECONDS)
    try:
        with opened(spot, until) as connection, wrapped(spot, connection, until) as secured:
            return Offer(accepted=True, refused=False, seen=f"{secured.version()} spoken".replace("TLSv", "TLS "))
    except NoTlsError:
        return Offer(accepted=False, refused=False, seen="the server does not begin TLS")
    except ssl.SSLError as error:
        return Offer(accepted=False, refused=False, seen=f"a modern handshake failed ({error.reason or type(error).__name__})")
    except OSError as error:
        return Offer(accepted=False, refused=False, seen=f"a modern client could not connect ({error.strerror or type(error).__name__})")


def wrapped(spot: Spot, connection: socket.socket, until: Deadline) -> ssl.SSLSocket:
    """A modern handshake; raises `OSError`. A connection that was reset already is not wrapped: Python would lose it unclosed."""
    made = context(spot)
    try:
        connection.getpeername()
    except OSError as error:
        raise ConnectionResetError(ECONNRESET, os.strerror(ECONNRESET)) from error
    return made.wrap_socket(until.on(connection), server_hostname=spot.name)


def context(spot: Spot) -> ssl.SSLContext:
    """A client of today: TLS 1.2 and 1.3."""
    made = ssl.create_default_context(cafile=str(spot.ca_file) if spot.ca_file else None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if spot.alpn:
        made.set_alpn_protocols([spot.alpn])
    if not spot.checked:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def opened(spot: Spot, until: Deadline) -> socket.socket:
    """A connection at the point where TLS begins; raises `OSError` or `NoTlsError`."""
    source = (spot.source, 0) if spot.source else None
    connection = socket.create_connection((spot.host, spot.port), until.left(), source)
    try:
        _begin(connection, spot.protocol, until)
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(connection: socket.socket, protocol: str, until: Deadline) -> None:
    if protocol == "postgres":
        until.on(connection).sendall(SSL_REQUEST)
        if until.on(connection).recv(1) != b"S":
            raise NoTlsError


def _record(connection: socket.socket, until: Deadline) -> bytes:
    """The first record whole, or what there was of it."""
    found = b""
    while len(found) < 5 or len(found) < 5 + int.from_bytes(found[3:5], "big"):
        part = until.on(connection).recv(PLAIN_RECORD)
        if not part:
            break
        found += part
        if len(found) > PLAIN_RECORD:
            break
    return found
