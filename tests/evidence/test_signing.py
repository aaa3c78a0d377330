"""Signers: keys of the real Vault in all their versions, and public keys as text."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from evidence.errors import BadSignature, Malformed
from evidence.signing import TransitSigner, from_pem, to_pem
from services.errors import Refused
from services.settings import Settings
from services.vault import Vault
from tests.evidence.log_world import ATTACKER, LOG, RECORD
from tests.own_database import root_vault


def test_the_role_of_records_signs_records_and_nothing_else(local: Settings) -> None:
    vault = Vault.login(local.vault, "evidence_record")
    signature = TransitSigner(vault, "evidence-record").sign(b"message")
    public = TransitSigner(vault, "evidence-record").public_key()
    Ed25519PublicKey.from_public_bytes(public).verify(signature, b"message")
    with pytest.raises(Refused):
        TransitSigner(vault, "evidence-log").sign(b"message")


def test_the_role_of_checkpoints_signs_no_record(local: Settings) -> None:
    vault = Vault.login(local.vault, "evidence_log")
    assert len(TransitSigner(vault, "evidence-log").sign(b"message")) == 64
    with pytest.raises(Refused):
        TransitSigner(vault, "evidence-record").sign(b"message")


@pytest.fixture
def own_key(local: Settings) -> Iterator[str]:
    """A signing key of the test's own, gone afterwards: the register of keys counts every key there is."""
    vault, name = root_vault(local), f"test-{uuid4().hex}"
    vault.write(f"transit/keys/{name}", {"type": "ed25519"})
    yield name
    vault.write(f"transit/keys/{name}/config", {"deletion_allowed": True})
    vault.delete(f"transit/keys/{name}")


def test_a_rotation_keeps_every_public_key_and_signs_with_the_newest(local: Settings, own_key: str) -> None:
    """Twelve versions: the newest is found by number, not by spelling. A signer that was made before notices by itself."""
    vault, name = root_vault(local), own_key
    before = TransitSigner(vault, name)
    before.sign(b"old")
    first = before.public_key()
    for _ in range(11):
        vault.write(f"transit/keys/{name}/rotate", {})
    signature = before.sign(b"new")
    assert before.public_key() == before.public_keys()[12] != first
    assert list(before.public_keys()) == list(range(1, 13))
    assert before.public_keys()[1] == first
    Ed25519PublicKey.from_public_bytes(before.public_key()).verify(signature, b"new")
    assert TransitSigner(vault, name).public_key() == before.public_key()


class Lying:
    """Vault as it is, but what it signs is damaged on the way."""

    def __init__(self, vault: Vault, answer: str | None = None) -> None:
        self._vault = vault
        self._answer = answer

    def read(self, path: str) -> dict[str, object]:
        return self._vault.read(path)

    def write(self, path: str, body: dict[str, str]) -> dict[str, object]:
        return {"signature": self._answer} if self._answer is not None else self._vault.write(path, {"input": body["input"][:-4] + "AAAA"})


def test_a_signature_over_something_else_is_refused(local: Settings) -> None:
    vault = Lying(Vault.login(local.vault, "evidence_record"))
    with pytest.raises(BadSignature):
        TransitSigner(vault, "evidence-record").sign(b"a message")  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ["", "vault:v1:", "vault:v1:AAAA", "vault:vx:" + "A" * 88, "other:v1:" + "A" * 86 + "==", "vault:v1:!"])
def test_an_answer_that_is_no_signature_is_malformed(local: Settings, answer: str) -> None:
    vault = Lying(Vault.login(local.vault, "evidence_record"), answer)
    with pytest.raises(Malformed):
        TransitSigner(vault, "evidence-record").sign(b"a message")  # type: ignore[arg-type]


def test_public_keys_go_through_pem_and_back() -> None:
    publics = (RECORD.public_key(), LOG.public_key(), ATTACKER.public_key())
    assert from_pem(to_pem(publics)) == publics
    assert from_pem("a comment\n" + to_pem(publics[:1]) + "\n") == publics[:1]


def pem_of_another_kind() -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return X25519PrivateKey.generate().public_key().public_bytes(serialization.Encoding.PEM, form).decode()


NOT_PEM = {
    "empty": "",
    "no block": "just words",
    "a block of rubbish": "-----BEGIN PUBLIC KEY-----\nrubbish\n-----END PUBLIC KEY-----\n",
    "a key of another kind": pem_of_another_kind(),
}


@pytest.mark.parametrize("text", NOT_PEM.values(), ids=NOT_PEM.keys())
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(Malformed):
        from_pem(text)
