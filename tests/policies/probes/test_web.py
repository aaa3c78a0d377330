"""Requests over TLS: what they say, and what they meet."""

from __future__ import annotations

import errno
import socket
from dataclasses import replace
from typing import NoReturn

import pytest

from localcloud.edge.sockets import refuse
from policies.probes import buckets, web
from policies.probes.tls import Spot
from policies.probes.web import Met
from tests.policies.probes.servers import FORGED, NAME, Authority, closed_port, context, dripping, listening, saying, serving


def spot(made: Authority, port: int) -> Spot:
    return Spot("127.0.0.1", port, NAME, ca_file=made.ca_file)


def test_a_request_says_what_it_is(made: Authority):
    with serving(context(made)) as (port, requests):
        page = web.get(spot(made, port), web.target("/healthz", web.ATTACK))
    assert (page.met, page.status, page.by_edge, page.start) == (Met.ANSWER, 200, True, "hello")
    (sent,) = requests
    assert sent.startswith(b"GET /healthz?kept-probe=%3Cscript%3E")
    assert b" " not in sent.split(b"\r\n")[0].removeprefix(b"GET ").removesuffix(b" HTTP/1.1")
    assert f"User-Agent: {web.AGENT}".encode() in sent
    assert f"Host: {NAME}".encode() in sent


@pytest.mark.parametrize("newest", ["TLSv1_2", "TLSv1_3"])
def test_a_demand_for_a_certificate_is_told_from_everything_else(made: Authority, newest: str):
    with serving(context(made, highest=newest, demands=True)) as (port, _):
        assert web.get(spot(made, port), "/").met is Met.CERTIFICATE


ANSWERS: dict[str, tuple[bytes, Met]] = {
    "nginx's answer to a client without a certificate": (
        b"HTTP/1.1 400 Bad Request\r\n\r\n<title>400 No required SSL certificate was sent</title>",
        Met.CERTIFICATE,
    ),
    "another 400": (b"HTTP/1.1 400 Bad Request\r\n\r\nbad", Met.ANSWER),
    "a page about certificates": (b"HTTP/1.1 200 OK\r\n\r\nwe sell certificates", Met.ANSWER),
    "no answer": (b"", Met.OTHER),
    "no HTTP": (b"220 mail.example ESMTP\r\n", Met.OTHER),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_the_answer_is_read(made: Authority, case: str):
    answer, met = ANSWERS[case]
    with serving(context(made), answer) as (port, _):
        assert web.get(spot(made, port), "/").met is met


def test_where_nobody_answers_or_somebody_else_does(made: Authority):
    assert web.get(spot(made, closed_port()), "/").met is Met.NOBODY
    with saying(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        assert web.get(spot(made, port), "/").met is Met.OTHER
    with serving(context(made)) as (port, _):
        assert web.get(Spot("127.0.0.1", port, "other.example", ca_file=made.ca_file), "/").met is Met.OTHER


NOT_THERE: dict[str, tuple[OSError, Met]] = {
    "silence": (TimeoutError("timed out"), Met.NOBODY),
    "a closed port": (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Met.NOBODY),
    "a reset": (ConnectionResetError(errno.ECONNRESET, "reset"), Met.NOBODY),
    "a name that nobody knows": (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Met.OTHER),
    "no network here": (OSError(errno.ENETUNREACH, "Network is unreachable"), Met.OTHER),
    "no way there": (OSError(errno.EHOSTUNREACH, "No route to host"), Met.OTHER),
    "an own address that this machine has not": (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), Met.OTHER),
    "no file descriptor left": (OSError(errno.EMFILE, "Too many open files"), Met.OTHER),
    "not allowed to connect": (PermissionError(errno.EPERM, "Operation not permitted"), Met.OTHER),
}


@pytest.mark.parametrize("case", NOT_THERE)
def test_only_what_the_other_side_does_says_that_nobody_is_there(made: Authority, monkeypatch: pytest.MonkeyPatch, case: str):
    error, met = NOT_THERE[case]

    def refuse(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr("policies.probes.tls.socket.create_connection", refuse)
    assert web.get(spot(made, 443), "/").met is met


def test_what_this_machine_cannot_do_says_nothing_about_the_other(made: Authority):
    with serving(context(made)) as (port, _):
        elsewhere = replace(spot(made, port), source="192.0.2.1")
        assert web.get(elsewhere, "/").met is Met.OTHER
        assert web.get(replace(elsewhere, source="", host="nowhere.invalid"), "/").met is Met.OTHER


def test_a_reset_in_the_handshake_is_as_good_as_none(made: Authority):
    def heard_and_refused(connection: socket.socket) -> None:
        connection.recv(65536)
        refuse(connection)

    with listening(heard_and_refused) as port:
        assert web.get(spot(made, port), "/").met is Met.NOBODY


def test_who_takes_a_connection_and_says_nothing_is_somebody(made: Authority, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("policies.probes.web.TIMEOUT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        page = web.get(spot(made, silent.getsockname()[1]), "/")
    assert page.met is Met.OTHER
    assert "no answer within" in page.seen


def test_a_dripping_server_is_given_up(made: Authority, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("policies.probes.web.TIMEOUT_SECONDS", 0.5)
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n", secured=context(made)) as port:
        page = web.get(spot(made, port), "/")
    assert page.met is Met.OTHER
    assert "no answer within" in page.seen


def xml(status: str, code: str) -> bytes:
    return f"HTTP/1.1 {status}\r\n\r\n<Error><Code>{code}</Code></Error>".encode()


LOOKS: dict[str, tuple[bytes, bool, bool]] = {
    "refused": (xml("403 Forbidden", "AccessDenied"), False, True),
    "open": (b"HTTP/1.1 200 OK\r\n\r\n<ListBucketResult/>", True, False),
    "partly open": (b"HTTP/1.1 206 Partial Content\r\n\r\nx", True, False),
    "no such bucket": (xml("404 Not Found", "NoSuchBucket"), False, False),
    "no such key, which only who may look is told": (xml("404 Not Found", "NoSuchKey"), False, False),
    "a 403 that is not S3's": (b"HTTP/1.1 403 Forbidden\r\n\r\nproxy says no", False, False),
    "a 403 about the request's time": (xml("403 Forbidden", "RequestTimeTooSkewed"), False, False),
    "somewhere else": (xml("301 Moved", "PermanentRedirect"), False, False),
    "an outage": (xml("503 Slow", "SlowDown"), False, False),
}


@pytest.mark.parametrize("case", LOOKS)
def test_s3s_own_words_tell_whether_a_bucket_is_closed(made: Authority, case: str):
    answer, is_open, refused = LOOKS[case]
    with serving(context(made), answer) as (port, requests):
        for look in (
            buckets.listing(spot(made, port), "https://x/shop-objects"),
            buckets.reading(spot(made, port), "https://x/shop-objects", "a b"),
        ):
            assert (look.open, look.refused) == (is_open, refused), look.seen
    assert requests[0].startswith(b"GET /shop-objects/?list-type=2&max-keys=1 HTTP")
    assert requests[1].startswith(b"GET /shop-objects/a%20b HTTP")
    assert not [each for each in requests if b"authorization" in each.lower()]


def test_a_buckets_address_must_be_https():
    assert buckets.spot_of("https://b.nyc3.example") == Spot("b.nyc3.example", 443, "b.nyc3.example")
    assert buckets.spot_of("https://127.0.0.1:9000/b", source="127.0.0.2") == Spot("127.0.0.1", 9000, "127.0.0.1", source="127.0.0.2")
    for wrong in ("http://b.example", "b.example", "https:///b"):
        with pytest.raises(ValueError, match="https"):
            buckets.spot_of(wrong)


def test_the_forged_page_is_one(made: Authority):
    assert FORGED.startswith(b"HTTP/1.1 200")
