"""Servers for the probes: TLS of chosen versions with a chosen answer, and ones that say a fixed thing whatever they are told."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from localcloud.servers import authority
from localcloud.servers.authority import Pair, Purpose
from localcloud.servers.layout import Layout

NAME = "app.shop.example"
FORGED = b"HTTP/1.1 200 OK\r\ncf-ray: 1\r\nConnection: close\r\n\r\nhello"


@dataclass(frozen=True)
class Authority:
    layout: Layout
    pair: Pair

    @property
    def ca_file(self) -> Path:
        return self.layout.ca_file


def make_authority(folder: Path) -> Authority:
    layout = Layout(folder)
    layout.create()
    authority.ensure(layout, (), datetime.now(UTC))
    pair = authority.issue(layout.authority, Pair(folder / "n.pem", folder / "n.key"), NAME, Purpose.SERVER, datetime.now(UTC))
    return Authority(layout, pair)


def context(made: Authority, lowest: str = "TLSv1_2", highest: str = "TLSv1_3", *, demands: bool = False) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found.minimum_version, found.maximum_version = ssl.TLSVersion[lowest], ssl.TLSVersion[highest]
    found.load_cert_chain(made.pair.certificate, made.pair.key)
    if demands:
        found.verify_mode = ssl.CERT_REQUIRED
        found.load_verify_locations(made.ca_file)
    return found


@contextmanager
def serving(
    secured: ssl.SSLContext, answer: bytes = FORGED, before: tuple[bytes, bytes] | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """A TLS server; `before` is what it waits for and says before TLS. Yields its port and the requests it gets."""
    requests: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        if before:
            assert connection.recv(len(before[0])) == before[0]
            connection.sendall(before[1])
        shaken = secured.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with shaken:
            try:
                shaken.do_handshake()
            except ssl.SSLError:  # end softly, so that the alert is not lost
                with socket.socket(fileno=os.dup(shaken.fileno())) as raw:
                    raw.shutdown(socket.SHUT_WR)
                    while raw.recv(4096):
                        pass
                raise
            requests.append(shaken.recv(65536))
            shaken.sendall(answer)

    with listening(serve) as port:
        yield port, requests


@contextmanager
def saying(*answers: bytes) -> Iterator[int]:
    """Answers each message with the next bytes, then closes."""

    def serve(connection: socket.socket) -> None:
        for answer in answers:
            connection.recv(65536)
            connection.sendall(answer)

    with listening(serve) as port:
        yield port


DRIPS = 300
PACE_SECONDS = 0.02


@contextmanager
def dripping(*answers: bytes, secured: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answers each message, then goes on a byte at a time: no single wait is long, all together are, until the client goes."""

    def serve(connection: socket.socket) -> None:
        with secured.wrap_socket(connection, server_side=True) if secured else connection as spoken:
            for answer in answers:
                spoken.recv(65536)
                spoken.sendall(answer)
            for _ in range(DRIPS):
                spoken.sendall(b"x")
                threading.Event().wait(PACE_SECONDS)

    with listening(serve) as port:
        yield port


@contextmanager
def listening(serve) -> Iterator[int]:
    """`serve` handles each connection, one after another; what breaks a connection ends that connection."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)

        def accept() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    connection.settimeout(10)
                    with connection, suppress(OSError):
                        serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        thread.join(timeout=15)
        assert not thread.is_alive()


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
