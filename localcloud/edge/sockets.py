"""Small things done to sockets: connect from an address, refuse at once, shake hands, join two connections."""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import struct
from contextlib import suppress

CONNECT_SECONDS = 5
IDLE_SECONDS = 20
LINGER_SECONDS = 2
PIECE = 65536


def connect(address: str, port: int, source: str) -> socket.socket:
    """A connection that comes from `source`; raises `OSError`."""
    connection = socket.create_connection((address, port), CONNECT_SECONDS, (source, 0))
    connection.settimeout(IDLE_SECONDS)
    return connection


def refuse(connection: socket.socket) -> None:
    """End a connection with a reset, as a firewall that rejects does: nothing was said."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def accepted(context: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
    """The server's side of a handshake. One that is refused ends softly: a close over unread bytes would be a reset and lose the alert."""
    secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError:
        _linger(secured)
        raise
    return secured


def _linger(secured: ssl.SSLSocket) -> None:
    with secured, suppress(OSError), socket.socket(fileno=os.dup(secured.fileno())) as raw:
        raw.settimeout(LINGER_SECONDS)
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(PIECE):
            pass


def join(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways, untouched, until both sides have ended or nothing has moved for a while."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(one, selectors.EVENT_READ, other)
        waiting.register(other, selectors.EVENT_READ, one)
        while waiting.get_map() and (ready := waiting.select(IDLE_SECONDS)):
            for key, _ in ready:
                source: socket.socket = key.fileobj  # type: ignore[assignment]  # sockets are what was registered
                if not _carried(source, key.data):
                    waiting.unregister(source)


def _carried(source: socket.socket, target: socket.socket) -> bool:
    """Carry what there is; false once the source has ended, which the target is told."""
    try:
        piece = source.recv(PIECE)
        if piece:
            target.sendall(piece)
            return True
    except OSError:
        refuse(target)  # a reset is passed on as one
        return False
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
    return False
