"""Who signs: an Ed25519 key in Vault's transit engine, or (in tests) one in memory.

The private key of a `TransitSigner` never leaves Vault: each signature is one request, and its result is checked against the
public key before it is used, so that a damaged answer is an error and not a bad record. Verifiers need the public keys of all
versions, for a rotation leaves earlier records signed by earlier versions.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import BadSignature, Inconsistent, Malformed
from services.vault import Vault

_PEM_END = "-----END PUBLIC KEY-----"


class Signer(Protocol):
    """A key with versions. `select` fixes the version that signs from now on, by its public key: the one the log has announced.

    `public_key` (32 bytes) is that of the selected version; with none selected, of the version that made the latest signature, and
    before the first, of the newest.
    """

    key_name: str

    def sign(self, message: bytes) -> bytes: ...

    def select(self, public: bytes) -> None: ...

    def public_key(self) -> bytes: ...

    def public_keys(self) -> Mapping[int, bytes]: ...


class LocalSigner:
    """A key in memory, its versions numbered from 1, for tests and for the attacker in them. The newest signs until one is selected."""

    def __init__(self, private: Ed25519PrivateKey, key_name: str = "local") -> None:
        self._privates = [private]
        self._selected: int | None = None
        self.key_name = key_name

    def rotate(self, private: Ed25519PrivateKey) -> bytes:
        """Add a version; its public key."""
        self._privates.append(private)
        return private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def select(self, public: bytes) -> None:
        self._selected = _version(self.key_name, public, self.public_keys()) - 1

    def public_key(self) -> bytes:
        return self._private.public_key().public_bytes_raw()

    def public_keys(self) -> Mapping[int, bytes]:
        return {number: each.public_key().public_bytes_raw() for number, each in enumerate(self._privates, 1)}

    @property
    def _private(self) -> Ed25519PrivateKey:
        return self._privates[-1 if self._selected is None else self._selected]


class Deferred:
    """A signer that is made when it first signs, so that what making it needs may be down until then: the record waits in the spool."""

    def __init__(self, key_name: str, make: Callable[[], Signer]) -> None:
        self._make = make
        self.key_name = key_name

    @cached_property
    def _signer(self) -> Signer:
        return self._make()

    def sign(self, message: bytes) -> bytes:
        return self._signer.sign(message)

    def select(self, public: bytes) -> None:
        self._signer.select(public)

    def public_key(self) -> bytes:
        return self._signer.public_key()

    def public_keys(self) -> Mapping[int, bytes]:
        return self._signer.public_keys()


class TransitSigner:
    """Signs with `transit/sign/<key>`; needs `update` there and `read` on `transit/keys/<key>`.

    Once a version is selected, every request names it: a version that Vault has and the log has not announced signs nothing.
    """

    def __init__(self, vault: Vault, key: str, mount: str = "transit") -> None:
        self._vault = vault
        self._mount = mount
        self._keys: dict[int, bytes] = {}
        self._version: int | None = None
        self._selected: int | None = None
        self.key_name = key

    def select(self, public: bytes) -> None:
        """`Inconsistent` when Vault holds no such version: it is not the Vault this log was signed with."""
        if public not in self._keys.values():
            self._keys = dict(self.public_keys())
        self._version = self._selected = _version(self.key_name, public, self._keys)

    def sign(self, message: bytes) -> bytes:
        """64 bytes over the exact message (no pre-hashing)."""
        asked = {} if self._selected is None else {"key_version": self._selected}
        body = {"input": base64.b64encode(message).decode(), **asked}
        answer = self._vault.write(f"{self._mount}/sign/{self.key_name}", body)
        version, signature = _parse(str(answer.get("signature", "")))
        if version != asked.get("key_version", version):
            raise BadSignature(f"Vault signed with {self.key_name} v{version}, not with v{self._selected}", "look at Vault's own log")
        if version not in self._keys:
            self._keys = dict(self.public_keys())
        try:
            Ed25519PublicKey.from_public_bytes(self._keys[version]).verify(signature, message)
        except (KeyError, InvalidSignature):
            raise BadSignature(f"Vault's signature with {self.key_name} v{version} does not verify", "look at Vault's own log") from None
        self._version = version
        return signature

    def public_key(self) -> bytes:
        if not self._keys:
            self._keys = dict(self.public_keys())
        return self._keys[self._version if self._version is not None else max(self._keys)]

    def public_keys(self) -> Mapping[int, bytes]:
        """The public key of every version that Vault still holds, by number (a number: "10" comes after "9")."""
        versions = self._vault.read(f"{self._mount}/keys/{self.key_name}")["keys"]
        return {int(number): base64.b64decode(entry["public_key"]) for number, entry in sorted(versions.items(), key=_number)}


def keyid(public: bytes) -> str:
    """The hint that we write into envelopes: the first 16 hex digits of SHA-256(public key)."""
    return hashlib.sha256(public).hexdigest()[:16]


def fingerprint(public: bytes) -> str:
    """SHA-256 (hex) of the 32 public bytes."""
    return hashlib.sha256(public).hexdigest()


def record_keys(publics: Iterable[bytes]) -> dict[str, Ed25519PublicKey]:
    """Trusted record keys by their hint, as `evidence.dsse.verify` wants them."""
    return {keyid(public): Ed25519PublicKey.from_public_bytes(public) for public in publics}


def to_pem(publics: Iterable[bytes]) -> str:
    """The public keys of all versions as PEM blocks, oldest first."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return "".join(Ed25519PublicKey.from_public_bytes(public).public_bytes(encoding, form).decode() for public in publics)


def from_pem(text: str) -> tuple[bytes, ...]:
    """The Ed25519 public keys of a file with one PEM block or several."""
    blocks = [block + _PEM_END for block in text.split(_PEM_END)[:-1]]
    if not blocks:
        raise Malformed("no PEM block of a public key", "give the file that `kept evidence export` wrote")
    return tuple(_from_block(block) for block in blocks)


def _version(name: str, public: bytes, versions: Mapping[int, bytes]) -> int:
    for number, each in versions.items():
        if each == public:
            return number
    raise Inconsistent(
        f"no version of {name} has the public key {fingerprint(public)[:16]}... that the log names",
        "is this the Vault the log was signed with? compare the fingerprints",
    )


def _number(version: tuple[str, object]) -> int:
    return int(version[0])


def _from_block(block: str) -> bytes:
    try:
        key = serialization.load_pem_public_key(block.strip().encode())
    except ValueError:
        raise Malformed("a PEM block is not a public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Malformed("a PEM block is a public key, but not of Ed25519")
    return key.public_bytes_raw()


def _parse(signature: str) -> tuple[int, bytes]:
    """`vault:v<version>:<base64>` into its parts; 64 bytes or `Malformed`."""
    prefix, _, rest = signature.partition(":v")
    number, _, encoded = rest.partition(":")
    try:
        decoded = base64.b64decode(encoded, validate=True)
        version = int(number)
    except ValueError:
        raise Malformed("Vault's answer is no signature") from None
    if prefix != "vault" or len(decoded) != 64:
        raise Malformed("Vault's answer is no Ed25519 signature")
    return version, decoded
