"""Envelopes: exact bytes are signed, both base64 alphabets are read, a key id decides nothing."""

from __future__ import annotations

import base64
import json

import pytest

from evidence import dsse
from evidence.errors import BadSignature, Malformed
from evidence.signing import keyid, record_keys
from evidence.writer import seal
from tests.evidence.log_world import ATTACKER, RECORD

BODY = b'{"a": "\xc3\xa9\xff\xfe>>>???"}'
KEYS = record_keys([RECORD.public_key()])


def test_the_pre_authentication_encoding_is_that_of_the_protocol() -> None:
    """The example of the DSSE protocol's own text."""
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert dsse.pae("", b"") == b"DSSEv1 0  0 "
    assert dsse.pae("é", b"x") == "DSSEv1 2 é 1 x".encode()


def test_what_was_signed_comes_back_byte_for_byte() -> None:
    assert dsse.verify(dsse.decode(seal(BODY, RECORD)), KEYS) == BODY


def test_the_url_safe_alphabet_is_read_too() -> None:
    document = json.loads(seal(BODY, RECORD))
    document["payload"] = base64.urlsafe_b64encode(BODY).decode()
    assert "_" in document["payload"] or "-" in document["payload"]
    document["signatures"][0]["sig"] = document["signatures"][0]["sig"].replace("+", "-").replace("/", "_")
    assert dsse.verify(dsse.decode(json.dumps(document).encode()), KEYS) == BODY


@pytest.mark.parametrize("hint", ["", "unknown", keyid(ATTACKER.public_key())])
def test_a_key_id_is_a_hint_and_decides_nothing(hint: str) -> None:
    document = json.loads(seal(BODY, RECORD))
    document["signatures"][0]["keyid"] = hint
    assert dsse.verify(dsse.decode(json.dumps(document).encode()), KEYS) == BODY


def test_a_trusted_key_id_over_a_foreign_signature_is_refused() -> None:
    document = json.loads(seal(BODY, ATTACKER))
    document["signatures"][0]["keyid"] = keyid(RECORD.public_key())
    with pytest.raises(BadSignature):
        dsse.verify(dsse.decode(json.dumps(document).encode()), KEYS)


def test_a_good_signature_beside_a_foreign_one_is_enough() -> None:
    foreign, own = json.loads(seal(BODY, ATTACKER)), json.loads(seal(BODY, RECORD))
    own["signatures"] = foreign["signatures"] + own["signatures"]
    assert dsse.verify(dsse.decode(json.dumps(own).encode()), KEYS) == BODY


def test_another_payload_type_is_refused_though_it_is_signed() -> None:
    signature = RECORD.sign(dsse.pae("text/plain", BODY))
    document = json.loads(dsse.encode(BODY, "", signature)) | {"payloadType": "text/plain"}
    with pytest.raises(BadSignature):
        dsse.verify(dsse.decode(json.dumps(document).encode()), KEYS)


def test_every_flipped_byte_of_an_envelope_is_refused_or_changes_nothing() -> None:
    """A flip in the key id is harmless; anywhere else the envelope no longer reads or no longer verifies."""
    sealed = seal(BODY, RECORD)
    for position in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[position] ^= 0x01
        try:
            read = dsse.verify(dsse.decode(bytes(flipped)), KEYS)
        except (Malformed, BadSignature):
            continue
        assert read == BODY


def test_every_truncation_is_refused() -> None:
    sealed = seal(BODY, RECORD)
    for length in range(len(sealed)):
        with pytest.raises((Malformed, BadSignature)):
            dsse.verify(dsse.decode(sealed[:length]), KEYS)


NOT_ENVELOPES = {
    "empty": b"",
    "no JSON": b"\x00\x01",
    "a list": b"[]",
    "a number": b"1",
    "no signatures": b'{"payload": "", "payloadType": "x"}',
    "signatures of another shape": b'{"payload": "", "payloadType": "x", "signatures": ["a"]}',
    "base64 of two alphabets": b'{"payload": "-/8=", "payloadType": "x", "signatures": []}',
    "base64 with bits left over": b'{"payload": "aGl=", "payloadType": "x", "signatures": []}',
    "not base64": b'{"payload": "a", "payloadType": "x", "signatures": []}',
    "base64 with a space": b'{"payload": "YQ ==", "payloadType": "x", "signatures": []}',
    "not ASCII": '{"payload": "é", "payloadType": "x", "signatures": []}'.encode(),
    "nested beyond reason": b"[" * 100_000,
    "larger than any record": b" " * (dsse.MAX_ENVELOPE_BYTES + 1),
}


@pytest.mark.parametrize("raw", NOT_ENVELOPES.values(), ids=NOT_ENVELOPES.keys())
def test_foreign_bytes_are_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        dsse.decode(raw)


def test_an_envelope_without_signatures_is_not_signed() -> None:
    with pytest.raises(BadSignature):
        dsse.verify(dsse.Envelope(payload=BODY, payload_type=dsse.PAYLOAD_TYPE, signatures=()), KEYS)
