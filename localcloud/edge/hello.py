"""The first message of a TLS connection, read without taking it: which name the client asks for (RFC 8446 4.1.2, RFC 6066 3).

    record     22, version (2), length (2)
    handshake  1 (ClientHello), length (3), version (2), random (32), session id, cipher suites, compression, extensions
    extension  type (2), length (2), content; type 0 is the server's name: list length (2), 0, length (2), name

OpenSSL chooses its lowest version before a program learns the name, so the name is read first. A hello that is spread over several
records is not understood; no client that asks for a name sends one.
"""

from __future__ import annotations

import socket
import time

RECORD = 22
CLIENT_HELLO = 1
SERVER_NAME = 0
LARGEST = 16 * 1024 + 5
WAIT_SECONDS = 5
PAUSE_SECONDS = 0.01

REFUSED = bytes.fromhex("15030100020228")
"""The fatal alert handshake_failure (40), for a client to whom nothing else can be said."""


def peek(connection: socket.socket) -> bytes:
    """The first record, left in place for whoever reads next; empty when none comes in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    seen = b""
    while time.monotonic() < deadline:
        before, seen = seen, connection.recv(LARGEST, socket.MSG_PEEK)
        if not seen or (len(seen) >= 5 and len(seen) >= 5 + int.from_bytes(seen[3:5], "big")):
            return seen
        if seen == before:
            time.sleep(PAUSE_SECONDS)  # the rest is under way, and peeking does not wait for it
    return b""


def server_name(record: bytes) -> str:
    """The name asked for, in lower case; empty when the hello names none or cannot be read."""
    try:
        return _server_name(record)
    except (IndexError, UnicodeDecodeError):
        return ""


def _server_name(record: bytes) -> str:
    if record[0] != RECORD or record[5] != CLIENT_HELLO:
        return ""
    place = 5 + 4 + 2 + 32
    place += 1 + record[place]  # session id
    place += 2 + _number(record, place)  # cipher suites
    place += 1 + record[place]  # compression methods
    end = place + 2 + _number(record, place)
    place += 2
    while place + 4 <= end:
        kind, length = _number(record, place), _number(record, place + 2)
        if kind == SERVER_NAME:
            size = _number(record, place + 7)
            name = record[place + 9 : place + 9 + size]
            return name.decode("ascii").lower().rstrip(".") if len(name) == size else ""
        place += 4 + length
    return ""


def _number(record: bytes, place: int) -> int:
    return record[place] * 256 + record[place + 1]
