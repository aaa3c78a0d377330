"""DSSE envelopes: a signature over the exact bytes of a payload and over its type.

    PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body       lengths in bytes, decimal, no leading zeros
    envelope        = {"payload": base64(body), "payloadType": type, "signatures": [{"keyid": hint, "sig": base64(Ed25519(PAE))}]}

The payload is base64, so no canonical JSON is needed: what was signed is what is parsed. We write the standard alphabet; a
verifier also accepts the URL-safe one (DSSE protocol 1.0.2). A `keyid` is a hint without proof: it may choose which trusted key
is tried first, never whether one is trusted. Source: github.com/secure-systems-lab/dsse, protocol.md and envelope.md.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic_core import from_json

from evidence.errors import BadSignature, Malformed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_ENVELOPE_BYTES = 1 << 20
"""No record of ours comes near 1 MiB; a larger object is foreign and is not parsed."""

_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class Envelope:
    """A decoded envelope; `signatures` are pairs of key id (a hint) and signature bytes."""

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[str, bytes], ...]


def pae(payload_type: str, body: bytes) -> bytes:
    """The bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


def encode(body: bytes, keyid: str, signature: bytes) -> bytes:
    """An envelope with one signature, as stored: compact JSON, standard base64."""
    document = {
        "payload": base64.b64encode(body).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def decode(raw: bytes) -> Envelope:
    """Parse an envelope; `Malformed` says what is wrong with it. Nothing is verified yet."""
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise Malformed(f"an envelope of {len(raw)} bytes is too large")
    try:
        document = from_json(raw)
        return Envelope(_unbase64(document["payload"]), document["payloadType"], _signatures(document["signatures"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Malformed("not a DSSE envelope") from None


def verify(envelope: Envelope, keys: Mapping[str, Ed25519PublicKey]) -> bytes:
    """The payload, if one of the trusted keys signed it under our payload type; else `BadSignature`."""
    if envelope.payload_type != PAYLOAD_TYPE:
        raise BadSignature("the payload type is not in-toto's")
    message = pae(PAYLOAD_TYPE, envelope.payload)
    for keyid, signature in envelope.signatures:
        hinted = keys.get(keyid)
        if hinted is not None and _signed(hinted, signature, message):
            return envelope.payload
        if any(_signed(key, signature, message) for key in keys.values() if key is not hinted):
            return envelope.payload
    raise BadSignature("no trusted key has signed it")


def _signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _signatures(entries: list[dict[str, Any]]) -> tuple[tuple[str, bytes], ...]:
    return tuple((str(entry.get("keyid", "")), _unbase64(entry["sig"])) for entry in entries)


def _unbase64(text: str) -> bytes:
    if "-" in text or "_" in text:
        text = text.translate(_URL_SAFE)
    return binascii.a2b_base64(text, strict_mode=True)
