"""Requests over TLS as an outsider makes them: one GET, one answer, and what refused it on the way.

The attack is a string in a parameter that no page reads: three well-known patterns that any managed ruleset blocks, and that would do
nothing if one did not. Every request says what it is in its user agent.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote

from policies.probes.deadlines import Deadline
from policies.probes.tls import TIMEOUT_SECONDS, NoTlsError, Spot, opened, wrapped

AGENT = "kept-probe/1 (harmless check of this platform's own promises)"

PARAMETER = "kept-probe"

ATTACK = "<script>alert(1)</script> ' or '1'='1 ../../../../etc/passwd"

ORDINARY = "an ordinary value"

LARGEST = 64 * 1024

CERTIFICATE_ALERTS = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "HANDSHAKE_FAILURE")
"""OpenSSL's words, at the end of its reason, for the alerts of a server that wants a client's certificate (TLS 1.3, TLS 1.2, older)."""

NOT_THERE = (TimeoutError, ConnectionRefusedError, ConnectionResetError)
"""How a machine keeps one away. Whatever else fails (a name, a route, an own address) says something about our side alone."""

EDGE_HEADER = "cf-ray"
"""Stands in every answer that came through the edge."""


class Met(Enum):
    """What a request met."""

    ANSWER = "an answer"
    CERTIFICATE = "a demand for a client's certificate"
    NOBODY = "no connection"
    OTHER = "something else"


@dataclass(frozen=True)
class Page:
    """`status` is 0 without an answer; header names are in lower case; `seen` says it in words."""

    met: Met
    seen: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    start: str = ""

    @property
    def by_edge(self) -> bool:
        return EDGE_HEADER in self.headers


def target(page: str, value: str) -> str:
    """The page with our parameter."""
    return f"{page}?{PARAMETER}={quote(value, safe='')}"


def get(spot: Spot, path: str) -> Page:
    """One request. `NOBODY` is silence, a refusal or a reset; who took the connection and said nothing is somebody."""
    until = Deadline.within(TIMEOUT_SECONDS)
    try:
        connection = opened(spot, until)
    except (OSError, NoTlsError) as error:
        return Page(Met.NOBODY if isinstance(error, NOT_THERE) else Met.OTHER, f"no connection ({_words(error)})")
    begun = False
    try:
        with connection, wrapped(spot, connection, until) as secured:
            begun = True
            until.on(secured).sendall(_request(spot.name, path))
            return _read(_received(secured, until))
    except ssl.SSLError as error:
        if (error.reason or "").endswith(CERTIFICATE_ALERTS):
            return Page(Met.CERTIFICATE, f"refused with the alert {_alert(error)}")
        if isinstance(error, ssl.SSLEOFError) and not begun:
            return Page(Met.NOBODY, "closed before a handshake")
        return Page(Met.OTHER, f"TLS failed ({error.reason or type(error).__name__})")
    except OSError as error:
        reset = isinstance(error, ConnectionResetError) and not begun
        return Page(Met.NOBODY if reset else Met.OTHER, f"the connection ended ({_words(error)})")


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_SECONDS} s"
    return getattr(error, "strerror", None) or type(error).__name__


def _alert(error: ssl.SSLError) -> str:
    return str(error.reason).partition("ALERT_")[2].lower()


def _request(name: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode()


def _received(secured: ssl.SSLSocket, until: Deadline) -> bytes:
    found = b""
    while len(found) < LARGEST and (part := until.on(secured).recv(LARGEST)):
        found += part
    return found


def _read(data: bytes) -> Page:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        return Page(Met.OTHER, "closed without an answer" if not data else "no HTTP answer")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status, start = int(words[1]), body[:2000].decode("latin-1")
    if status in (400, 496) and "certificate" in start.lower():  # nginx asks for it in HTTP's words, after the handshake
        return Page(Met.CERTIFICATE, f"status {status}: no client certificate was sent", status, headers, start)
    return Page(Met.ANSWER, f"status {status}", status, headers, start)
