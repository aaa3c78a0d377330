"""DSSE envelopes: a signature over the exact bytes of a payload and over its type.

    PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body       lengths in bytes, decimal, no leading zeros
    envelope        = {"payload": base64(body), "payloadType": type, "signatures": [{"keyid": hint, "sig": base64(Ed25519(PAE))}]}

The payload is base64, so no canonical JSON is needed: what was signed is what is parsed. We write the standard alphabet; a
verifier also accepts the URL-safe one (DSSE protocol 1.0.2), though not both in one field. A `keyid` is a hint without proof: it
may choose which trusted key is tried first, never whether one is trusted. Source: github.com/secure-systems-lab/dsse, protocol.md
and envelope.md.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evidence.errors import BadSignature, Malformed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_ENVELOPE_BYTES = 1 << 20
"""No record of ours comes near 1 MiB; a larger object is foreign and is not parsed."""

_KIND = PAYLOAD_TYPE.encode()
_PREFIX = b"DSSEv1 %d %b " % (len(_KIND), _KIND)


class _Decoded(BaseModel):
    """JSON in which bytes are base64; decoded while it is parsed, for an envelope is read millions of times."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, val_json_bytes="base64")


class Signature(_Decoded):
    """`keyid` is a hint; `sig` are the signature's bytes."""

    keyid: str | None = None
    sig: bytes


class Envelope(_Decoded):
    """A decoded envelope. Fields that are not ours are ignored, as the protocol says."""

    payload: bytes
    payload_type: str = Field(alias="payloadType")
    signatures: tuple[Signature, ...]


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
        return Envelope.model_validate_json(raw)
    except ValidationError:
        raise Malformed("not a DSSE envelope") from None


def verify(envelope: Envelope, keys: Mapping[str, Ed25519PublicKey]) -> bytes:
    """The payload, if one of the trusted keys signed it under our payload type; else `BadSignature`."""
    if envelope.payload_type != PAYLOAD_TYPE:
        raise BadSignature("the payload type is not in-toto's")
    payload = envelope.payload
    message = b"%b%d %b" % (_PREFIX, len(payload), payload)
    for each in envelope.signatures:
        hinted = keys.get(each.keyid or "")
        if hinted is not None and _signed(hinted, each.sig, message):
            return payload
        if any(_signed(key, each.sig, message) for key in keys.values() if key is not hinted):
            return payload
    raise BadSignature("no trusted key has signed it")


def _signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
