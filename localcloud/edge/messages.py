"""HTTP/1.1 as far as one request a connection needs it: the head, a body of a told length, and an answer."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

LARGEST_HEAD = 32 * 1024
LARGEST_BODY = 1024 * 1024
OF_THE_CONNECTION = ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")

SAID = {
    520: "Unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    525: "SSL handshake failed",
    526: "Invalid SSL certificate",
    530: "Origin DNS error",
}


class MalformedError(ValueError):
    """What came is no request that is understood here."""


@dataclass(frozen=True)
class Message:
    """A request; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def host(self) -> str:
        return self.headers.get("host", "").partition(":")[0].lower().rstrip(".")


def receive(connection: socket.socket) -> Message:
    """Read one request; raises `MalformedError`, or `OSError` when the connection ends or is too slow."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part or len(data) > LARGEST_HEAD:
            raise MalformedError("no whole request")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[1].startswith("/"):
        raise MalformedError("no request line")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Message(words[0], words[1], headers, _body(connection, headers, body))


def _body(connection: socket.socket, headers: Mapping[str, str], body: bytes) -> bytes:
    told = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not told.isdecimal() or int(told) > LARGEST_BODY:
        raise MalformedError("a body without a length, or too long")
    while len(body) < int(told):
        part = connection.recv(65536)
        if not part:
            raise MalformedError("no whole body")
        body += part
    return body


def passed_on(message: Message, visitor: str) -> bytes:
    """The request as the edge sends it to the origin."""
    kept = {name: value for name, value in message.headers.items() if name not in OF_THE_CONNECTION}
    headers = {**kept, "cf-connecting-ip": visitor, "x-forwarded-proto": "https", "connection": "close"}
    lines = [f"{message.method} {message.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + message.body


def answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole answer of plain text, after which the connection ends."""
    phrase = SAID.get(status) or HTTPStatus(status).phrase
    body = text.encode()
    fields = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), "connection": "close", **(headers or {})}
    head = "\r\n".join([f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in fields.items()), "", ""])
    return head.encode("latin-1") + body


def with_headers(head: bytes, headers: Mapping[str, str]) -> bytes:
    """The head of an answer with more fields; those it had under the same names are gone."""
    first, *lines = head.decode("latin-1").split("\r\n")
    kept = [line for line in lines if line.partition(":")[0].strip().lower() not in headers]
    return "\r\n".join([first, *kept, *(f"{name}: {value}" for name, value in headers.items())]).encode("latin-1")
