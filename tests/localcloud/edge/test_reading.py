"""What is read from strangers: expressions of rules, the first bytes of a connection, requests."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.edge import hello, messages
from localcloud.edge.expressions import NotUnderstoodError, holds

FIELDS = {
    "http.host": "app.shop.example",
    "http.request.method": "GET",
    "http.request.uri": "/Api/x?a=b",
    "http.request.uri.path": "/Api/x",
    "http.request.uri.query": "a=b",
    "http.user_agent": 'say "hi"',
    "ip.src": "203.0.113.66",
    "ssl": True,
}

EXPRESSIONS: dict[str, bool] = {
    "true": True,
    "(true)": True,
    "false": False,
    "not false": True,
    "ssl": True,
    "not ssl": False,
    "!ssl": False,
    'http.host eq "app.shop.example"': True,
    'http.host == "other"': False,
    'http.host ne "other"': True,
    'http.host != "app.shop.example"': False,
    'http.request.uri.path contains "pi/"': True,
    'http.request.uri.path matches "^/[A-Z]pi"': True,
    'http.request.uri.path ~ "^/api"': False,
    'lower(http.request.uri.path) contains "/api"': True,
    'starts_with(http.request.uri.path, "/Api")': True,
    'starts_with(http.request.uri.path, "Api")': False,
    'ends_with(lower(http.request.uri.path), "X")': False,
    'http.request.method in {"GET" "HEAD"}': True,
    'http.request.method in {"POST"}': False,
    "ip.src in {203.0.113.0/24}": True,
    "ip.src in {198.51.100.7 203.0.113.66}": True,
    "ip.src in {198.51.100.0/24}": False,
    "ip.src eq 203.0.113.66": True,
    'http.user_agent eq "say \\"hi\\""': True,
    "true or false and false": True,
    "(true or false) and false": False,
    'ssl and http.host eq "app.shop.example" and not http.request.method eq "POST"': True,
    'false || http.request.uri.query eq "a=b" && ssl': True,
}

STRANGE = [
    "",
    "true true",
    "(true",
    "cf.client.bot",
    "cf.bot_management.score lt 30",
    'http.host eq other"',
    'any(http.request.headers["x"][*] eq "y")',
    "ip.src in $list",
    'http.host matches "("',
    "ip.src in {nonsense}",
    "http.host",
    "not " * 5000 + "true",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_mean_what_they_say(expression: str):
    assert holds(expression, FIELDS) is EXPRESSIONS[expression]


@pytest.mark.parametrize("expression", STRANGE)
def test_what_is_not_understood_says_so(expression: str):
    with pytest.raises(NotUnderstoodError):
        holds(expression, FIELDS)


@given(st.text(alphabet=' ()"{}ab.!&|=1/,_', max_size=40))
def test_no_expression_breaks_the_reader(text: str):
    with suppress(NotUnderstoodError):
        holds(text, FIELDS)


def client_hello(name: str | None) -> bytes:
    """What OpenSSL really sends."""
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def test_the_name_is_read_from_a_real_hello():
    assert hello.server_name(client_hello("App.Shop.example")) == "app.shop.example"
    assert hello.server_name(client_hello(None)) == ""


def test_a_hello_cut_anywhere_or_changed_names_nobody_and_breaks_nothing():
    whole = client_hello("app.shop.example")
    for length in range(len(whole)):
        assert hello.server_name(whole[:length]) in ("", "app.shop.example")
    for place in range(len(whole)):
        hello.server_name(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    assert hello.server_name(b"GET / HTTP/1.1\r\n\r\n") == ""


def test_a_hello_in_two_pieces_is_waited_for_and_left_in_place():
    whole = client_hello("app.shop.example")
    one, other = socket.socketpair()
    with one, other:
        other.sendall(whole[:20])
        late = threading.Timer(0.05, lambda: other.sendall(whole[20:]))
        late.start()
        assert hello.peek(one) == whole == one.recv(65536)
        late.join()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"",
        b"GET /\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: nine\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
    ],
)
def test_a_request_that_is_none_is_refused(request_bytes: bytes):
    one, other = socket.socketpair()
    with one, other:
        other.sendall(request_bytes)
        other.shutdown(socket.SHUT_WR)
        with pytest.raises(messages.MalformedError):
            messages.receive(one)


def test_a_request_is_passed_on_whole_without_what_is_the_connections():
    one, other = socket.socketpair()
    with one, other:
        other.sendall(b"POST /a?b HTTP/1.1\r\nHost: X.example:443\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc")
        message = messages.receive(one)
    assert message.host == "x.example"
    sent = messages.passed_on(message, "203.0.113.66")
    assert sent.startswith(b"POST /a?b HTTP/1.1\r\n")
    assert sent.endswith(b"\r\n\r\nabc")
    assert b"cf-connecting-ip: 203.0.113.66" in sent
    assert b"keep-alive" not in sent
