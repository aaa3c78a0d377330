"""A hand-made Postgres handshake, far enough to see whether the server lets this address in, and not one byte further.

    we -> SSLRequest            00 00 00 08  04 d2 16 2f                        (length 8, code 80877103)
    we <- `S` (TLS follows) or `N` (no TLS here)
    we -> StartupMessage        length, 00 03 00 00, "user" name "database" name, 00   (inside TLS after `S`)
    we <- `R` ...               authentication asked for, or granted: this address is let in
          `E` fields            an error; SQLSTATE 28000 naming pg_hba.conf is the refusal of this address

pg_hba.conf is looked at before any password is, so the first answer tells, and no secret is ever sent. The server's certificate is
checked: an answer from somebody else proves nothing. A libpq would hide the difference between these answers.
"""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from policies.probes.deadlines import Deadline

if TYPE_CHECKING:
    from services.settings import Database

TIMEOUT_SECONDS = 8

SSL_REQUEST = struct.pack("!ii", 8, 80_877_103)

PROTOCOL = 196_608
"""Version 3.0 of the protocol."""

REFUSED_BY_ADDRESS = "28000"
"""SQLSTATE invalid_authorization_specification, as pg_hba.conf's refusal carries it."""

LONGEST_MESSAGE_BYTES = 65_536


class Door(Enum):
    """What a handshake from one address met."""

    OPEN = "open"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Answer:
    """The outcome, in words a reader understands, and our own address in the connection (empty without one)."""

    door: Door
    seen: str
    source: str = ""


def knock(database: Database, source: str = "") -> Answer:
    """Shake hands from `source` (any address of this machine; empty: the system's choice)."""
    until = Deadline.within(TIMEOUT_SECONDS)
    try:
        bound = (source, 0) if source else None
        connection = socket.create_connection((database.host, database.port), until.left(), bound)
    except TimeoutError:
        return Answer(Door.UNREACHABLE, f"no answer within {TIMEOUT_SECONDS} s")
    except OSError as error:  # a name nobody knows, no way there, a closed port: nobody was asked
        return Answer(Door.UNCLEAR, f"no connection ({error.strerror or type(error).__name__})")
    with connection:
        own = str(connection.getsockname()[0])
        try:
            door, seen = _shake(connection, database, until)
        except ssl.SSLError as error:
            return Answer(Door.UNCLEAR, f"TLS failed ({error.reason or type(error).__name__})", own)
        except TimeoutError:
            return Answer(Door.UNCLEAR, f"no answer within {TIMEOUT_SECONDS} s of the handshake", own)
        except (OSError, EOFError, ValueError, struct.error) as error:
            return Answer(Door.UNCLEAR, f"the connection ended in the handshake ({type(error).__name__})", own)
    return Answer(door, seen, own)


def _shake(connection: socket.socket, database: Database, until: Deadline) -> tuple[Door, str]:
    hello = startup(database.user, database.name)
    until.on(connection).sendall(SSL_REQUEST)
    answer = _exactly(connection, 1, until)
    if answer == b"N":
        until.on(connection).sendall(hello)
        return _first(connection, until, "without TLS")
    if answer != b"S":
        return Door.UNCLEAR, "the server does not speak Postgres"
    context = ssl.create_default_context(cafile=database.ca_file)
    with context.wrap_socket(until.on(connection), server_hostname=database.host) as secured:
        until.on(secured).sendall(hello)
        return _first(secured, until, "over TLS")


def startup(user: str, database: str) -> bytes:
    """The StartupMessage; names must not hold a zero byte."""
    pairs = ("user", user, "database", database, "application_name", "kept-probe")
    body = struct.pack("!i", PROTOCOL) + b"".join(text.encode() + b"\0" for text in pairs) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def _first(connection: socket.socket, until: Deadline, how: str) -> tuple[Door, str]:
    """The first message that tells; a note on protocol versions comes before it."""
    kind, body = _message(connection, until)
    if kind == b"v":
        kind, body = _message(connection, until)
    if kind == b"R":
        (wanted,) = struct.unpack("!i", body[:4])
        return Door.OPEN, f"let in {how}: {'no password asked for' if wanted == 0 else 'asked for a password'}"
    if kind != b"E":
        return Door.UNCLEAR, f"an unexpected message of type {kind!r}"
    fields = error_fields(body)
    state, named = fields.get("C", "none"), "pg_hba" in fields.get("M", "")
    if state == REFUSED_BY_ADDRESS and named:
        return Door.REFUSED, f"refused by address {how} (SQLSTATE {state})"
    return Door.UNCLEAR, f"an error {how} that is no refusal of the address (SQLSTATE {state})"


def error_fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse, by their one-letter codes."""
    return {field[:1].decode(): field[1:].decode(errors="replace") for field in body.split(b"\0") if field}


def _message(connection: socket.socket, until: Deadline) -> tuple[bytes, bytes]:
    kind = _exactly(connection, 1, until)
    (length,) = struct.unpack("!i", _exactly(connection, 4, until))
    if not 4 <= length <= LONGEST_MESSAGE_BYTES:
        raise ValueError(f"a message of {length} bytes")
    return kind, _exactly(connection, length - 4, until)


def _exactly(connection: socket.socket, count: int, until: Deadline) -> bytes:
    found = b""
    while len(found) < count:
        part = until.on(connection).recv(count - len(found))
        if not part:
            raise EOFError("the server closed the connection")
        found += part
    return found
