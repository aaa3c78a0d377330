"""Old and modern handshakes with real servers of every sort, and with ones that answer strangely."""

from __future__ import annotations

import socket

import pytest

from policies.probes.greeting import TLS_1_1, TLS_1_2
from policies.probes.postgres import SSL_REQUEST
from policies.probes.tls import Spot, offer_modern, offer_old
from tests.policies.probes.servers import NAME, Authority, closed_port, context, dripping, saying, serving


def spot(made: Authority, port: int, protocol: str = "tls", *, checked: bool = True, name: str = NAME) -> Spot:
    return Spot("127.0.0.1", port, name, protocol, ca_file=made.ca_file, checked=checked)


@pytest.mark.parametrize(
    ("lowest", "highest", "offered", "accepted"),
    [
        ("TLSv1_2", "TLSv1_3", TLS_1_1, False),
        ("TLSv1_3", "TLSv1_3", TLS_1_1, False),
        ("TLSv1_1", "TLSv1_3", TLS_1_1, True),
        ("TLSv1", "TLSv1_2", TLS_1_1, True),
        ("TLSv1", "TLSv1", TLS_1_1, True),
        ("TLSv1_3", "TLSv1_3", TLS_1_2, False),
        ("TLSv1_2", "TLSv1_3", TLS_1_2, True),
    ],
)
def test_a_real_server_says_whether_it_speaks_the_old_version(made: Authority, lowest: str, highest: str, offered: int, *, accepted: bool):
    with serving(context(made, lowest, highest)) as (port, _):
        found = offer_old(spot(made, port), offered)
    assert (found.accepted, found.refused) == (accepted, not accepted), found.seen
    assert ("accepted with" if accepted else "alert protocol_version") in found.seen


def test_after_postgres_own_request(made: Authority):
    with serving(context(made), before=(SSL_REQUEST, b"S")) as (port, _):
        assert offer_old(spot(made, port, "postgres"), TLS_1_1).refused
        assert offer_modern(spot(made, port, "postgres")).accepted


ANSWERS: dict[str, bytes] = {
    "it closes": b"",
    "it speaks HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "it has an error of its own": b"\x15\x03\x01\x00\x02\x02\x50",
    "it breaks off": b"\x15\x03",
    "it says nonsense": b"\x00" * 40,
    "it says too much": b"\x17\x03\x03\xff\xff" + b"\x00" * 20000,
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_that_is_no_refusal_is_neither(made: Authority, case: str):
    with saying(ANSWERS[case]) as port:
        found = offer_old(spot(made, port), TLS_1_1)
    assert (found.accepted, found.refused) == (False, False), found.seen


def test_a_closed_port_refuses_nothing(made: Authority):
    for found in (offer_old(spot(made, closed_port()), TLS_1_1), offer_modern(spot(made, closed_port()))):
        assert (found.accepted, found.refused) == (False, False)


def test_a_server_that_does_not_begin_tls_refuses_nothing(made: Authority):
    for offer in (lambda where: offer_old(where, TLS_1_1), offer_modern):
        with saying(b"N") as port:
            found = offer(spot(made, port, "postgres"))
        assert (found.accepted, found.refused) == (False, False)
        assert "does not begin TLS" in found.seen


def test_a_silent_server_is_given_up(made: Authority, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("policies.probes.tls.TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = offer_old(spot(made, silent.getsockname()[1]), TLS_1_1)
    assert "no answer within" in found.seen
    assert not found.refused


def test_a_dripping_server_is_given_up(made: Authority, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("policies.probes.tls.TIMEOUT_SECONDS", 0.5)
    with dripping(b"\x16\x03\x01\x3f\xff") as port:
        found = offer_old(spot(made, port), TLS_1_1)
    assert "no answer within" in found.seen
    assert (found.accepted, found.refused) == (False, False)


def test_a_modern_client_checks_who_answers(made: Authority):
    with serving(context(made)) as (port, _):
        assert offer_modern(spot(made, port)).seen == "TLS 1.3 spoken"
        assert not offer_modern(spot(made, port, name="other.example")).accepted
        assert not offer_modern(Spot("127.0.0.1", port, NAME)).accepted
        assert offer_modern(spot(made, port, name="other.example", checked=False)).accepted


def test_a_modern_client_is_not_welcome_where_only_old_versions_are_spoken(made: Authority):
    with serving(context(made, "TLSv1", "TLSv1_1")) as (port, _):
        assert not offer_modern(spot(made, port)).accepted


def test_a_server_that_wants_a_clients_certificate_has_welcomed_the_version(made: Authority):
    with serving(context(made, demands=True)) as (port, _):
        assert offer_modern(spot(made, port)).accepted
        assert offer_old(spot(made, port), TLS_1_1).refused
