"""TLS messages built and read by hand, far enough to ask for an old version and to understand the answer. Pure.

    record       type (1), version (2), length (2), content          22 handshake, 21 alert
    ClientHello  1, length (3), version (2), random (32), session id (1+n), cipher suites (2+n), compression (1+n), extensions (2+n)
    ServerHello  2, length (3), version (2) ...                      the version that both will speak
    alert        level (1), description (1)                          70 protocol_version, 40 handshake_failure ...

A client library refuses to offer TLS 1.1 by itself, so its failure would prove nothing of the server. This hello offers TLS 1.1 at most,
as RFC 4346 and RFC 8446 (4.2.1: no supported_versions) have it, with every cipher suite and curve that a server of that time would take,
so that nothing but the version can be the reason for a refusal.

>>> answer_of(b"\\x15\\x03\\x01\\x00\\x02\\x02\\x46").alert
70
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

TLS_1_1 = 0x0302
TLS_1_2 = 0x0303

NAMES = {0x0301: "TLS 1.0", TLS_1_1: "TLS 1.1", TLS_1_2: "TLS 1.2", 0x0304: "TLS 1.3"}

HANDSHAKE, ALERT = 22, 21
CLIENT_HELLO, SERVER_HELLO = 1, 2

RANDOM_BYTES = 32

HANDSHAKE_FAILURE, PROTOCOL_VERSION, INSUFFICIENT_SECURITY = 40, 70, 71

REFUSALS = {HANDSHAKE_FAILURE: "handshake_failure", PROTOCOL_VERSION: "protocol_version", INSUFFICIENT_SECURITY: "insufficient_security"}
"""Alerts with which a server refuses what it was offered (RFC 8446 6.2)."""

SUITES = (0xC00A, 0xC014, 0xC009, 0xC013, 0x0039, 0x0033, 0x0035, 0x002F, 0xC008, 0xC012, 0x0016, 0x000A)
"""AES and triple DES in CBC mode with ECDHE, DHE and RSA, for both kinds of certificates: what TLS 1.0 and 1.1 were spoken with."""

SUITES_1_2 = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0x009E, 0x009C)
"""What TLS 1.2 adds, for a figure of TLS 1.3."""

NO_RENEGOTIATION = 0x00FF
"""The signalling value of RFC 5746, without which some servers refuse for another reason."""

GROUPS = (0x001D, 0x0017, 0x0018)
SIGNATURES = (0x0403, 0x0503, 0x0804, 0x0401, 0x0501, 0x0203, 0x0201)


@dataclass(frozen=True)
class Reply:
    """The first message of a server: an alert (its number), a ServerHello (its version), or neither."""

    alert: int | None = None
    version: int | None = None

    @property
    def refusal(self) -> str:
        """The alert's name where it is a refusal of what was offered; else empty."""
        return REFUSALS.get(self.alert or 0, "")


def hello(name: str, highest: int, random: bytes, alpn: str = "") -> bytes:
    """A ClientHello that offers `highest` and older. `random` is 32 bytes; an empty name or an address is not asked for.

    `alpn` is the application's protocol (RFC 7301), for servers that answer nobody who does not name theirs.
    """
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a hello takes {RANDOM_BYTES} random bytes")
    newer = SUITES_1_2 if highest >= TLS_1_2 else ()
    suites = _numbers(*newer, *SUITES, NO_RENEGOTIATION)
    extensions = _server_name(name) + _extension(10, _short(_numbers(*GROUPS))) + _extension(11, b"\x01\x00")
    if alpn:
        extensions += _extension(16, _short(bytes([len(alpn)]) + alpn.encode("ascii")))
    if highest >= TLS_1_2:
        extensions += _extension(13, _short(_numbers(*SIGNATURES)))
    body = struct.pack("!H", highest) + random + b"\x00" + _short(suites) + b"\x01\x00" + _short(extensions)
    message = bytes([CLIENT_HELLO]) + len(body).to_bytes(3, "big") + body
    return struct.pack("!BHH", HANDSHAKE, 0x0301, len(message)) + message


def answer_of(record: bytes) -> Reply:
    """What a server's first record says; nothing for anything that is neither an alert nor a ServerHello."""
    if len(record) < 5 or record[1] != 3 or len(record) < 5 + int.from_bytes(record[3:5], "big"):
        return Reply()
    content = record[5 : 5 + int.from_bytes(record[3:5], "big")]
    if record[0] == ALERT and len(content) == 2:
        return Reply(alert=content[1])
    if record[0] == HANDSHAKE and len(content) >= 6 and content[0] == SERVER_HELLO:
        return Reply(version=int.from_bytes(content[4:6], "big"))
    return Reply()


def below(figure: str) -> int:
    """The version just below a figure like `1.2`: the newest that must be refused."""
    versions = {"1.2": TLS_1_1, "1.3": TLS_1_2}
    if figure not in versions:
        raise ValueError(f"no TLS version {figure!r} has one below it that is probed: 1.2 or 1.3")
    return versions[figure]


def _server_name(name: str) -> bytes:
    """Addresses are no names (RFC 6066 3)."""
    encoded = name.encode("ascii")
    is_address = name.replace(".", "").isdecimal() or ":" in name
    return b"" if is_address or not encoded else _extension(0, _short(b"\x00" + _short(encoded)))


def _extension(kind: int, content: bytes) -> bytes:
    return struct.pack("!H", kind) + _short(content)


def _short(content: bytes) -> bytes:
    return struct.pack("!H", len(content)) + content


def _numbers(*numbers: int) -> bytes:
    return struct.pack(f"!{len(numbers)}H", *numbers)
