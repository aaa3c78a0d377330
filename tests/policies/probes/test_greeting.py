"""The hello byte by byte, and what servers' first records mean."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.edge.hello import server_name
from policies.probes.greeting import TLS_1_1, TLS_1_2, Reply, answer_of, below, hello

RANDOM = bytes(range(32))


def test_the_hello_is_laid_out_as_the_standard_says():
    record = hello("a.example", TLS_1_1, RANDOM)
    assert record[:5] == struct.pack("!BHH", 22, 0x0301, len(record) - 5)
    assert record[5:9] == b"\x01" + (len(record) - 9).to_bytes(3, "big")
    assert record[9:11] == b"\x03\x02"
    assert record[11:43] == RANDOM
    assert record[43] == 0
    assert server_name(record) == "a.example"


@pytest.mark.parametrize(("highest", "version"), [(TLS_1_1, b"\x03\x02"), (TLS_1_2, b"\x03\x03")])
def test_it_offers_no_newer_version_than_it_says(highest: int, version: bytes):
    """The extension that offers newer ones (43) is not there."""
    record = hello("a.example", highest, RANDOM)
    assert record[9:11] == version
    assert set(extensions(record)) == ({0, 10, 11, 13} if highest == TLS_1_2 else {0, 10, 11})


@pytest.mark.parametrize("name", ["", "127.0.0.1", "::1"])
def test_what_is_no_name_is_not_asked_for(name: str):
    assert 0 not in extensions(hello(name, TLS_1_1, RANDOM))


def test_the_applications_protocol_is_named_where_one_is_given():
    record = hello("a.example", TLS_1_1, RANDOM, "kept")
    assert set(extensions(record)) == {0, 10, 11, 16}
    assert b"\x00\x10\x00\x07\x00\x05\x04kept" in record


def test_randomness_is_not_invented_here():
    with pytest.raises(ValueError, match="32"):
        hello("a.example", TLS_1_1, b"short")


def extensions(record: bytes) -> list[int]:
    place = 44 + 2 + int.from_bytes(record[44:46], "big")
    place += 1 + record[place]
    place, found = place + 2, []
    while place < len(record):
        kind, length = struct.unpack("!HH", record[place : place + 4])
        found.append(kind)
        place += 4 + length
    assert place == len(record)
    return found


RECORDS: dict[str, tuple[bytes, Reply]] = {
    "protocol_version": (b"\x15\x03\x01\x00\x02\x02\x46", Reply(alert=70)),
    "handshake_failure": (b"\x15\x03\x02\x00\x02\x02\x28", Reply(alert=40)),
    "an alert of another kind": (b"\x15\x03\x03\x00\x02\x02\x50", Reply(alert=80)),
    "a ServerHello of TLS 1.1": (b"\x16\x03\x02\x00\x06\x02\x00\x00\x02\x03\x02", Reply(version=0x0302)),
    "another message": (b"\x16\x03\x02\x00\x06\x0b\x00\x00\x02\x03\x02", Reply()),
    "an alert cut short": (b"\x15\x03\x01\x00\x02\x02", Reply()),
    "a long alert": (b"\x15\x03\x01\x00\x03\x02\x46\x00", Reply()),
    "no TLS": (b"HTTP/1.1 400 Bad Request\r\n\r\n", Reply()),
    "an old SSL": (b"\x15\x02\x00\x00\x02\x02\x46", Reply()),
    "nothing": (b"", Reply()),
}


@pytest.mark.parametrize("case", RECORDS)
def test_the_first_record_is_read(case: str):
    record, expected = RECORDS[case]
    assert answer_of(record) == expected


def test_only_refusals_of_what_was_offered_are_refusals():
    assert {number for number in range(256) if Reply(alert=number).refusal} == {40, 70, 71}
    assert not Reply(version=0x0302).refusal


@given(st.binary(max_size=64))
def test_no_bytes_break_the_reader(data: bytes):
    found = answer_of(data)
    assert found.alert is None or found.version is None


def test_the_version_below_a_figure_is_the_one_to_be_refused():
    assert (below("1.2"), below("1.3")) == (TLS_1_1, TLS_1_2)
    for figure in ("1.1", "1.4", "", "TLS 1.2"):
        with pytest.raises(ValueError, match=r"1\.2 or 1\.3"):
            below(figure)
