"""The certificate authority of a local run, and a certificate for each server that speaks TLS.

The authority's key never leaves the folder. Servers' certificates name 127.0.0.1 and localhost and nothing else; the local edge
gets some for the platforms' public names (`issue`). A certificate is good for a server, for a client (`Purpose.CLIENT`), or
(`Purpose.PEER`) for both ends of a connection between parts of one server, which then demand it of each other. All are valid for
two years and made anew, at a start, when fewer than 30 days are left.

What this does not protect: whoever can read the folder can read the authority's key.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from localcloud.servers import files
from localcloud.servers.layout import Layout

VALID = timedelta(days=730)
RENEW_BEFORE = timedelta(days=30)
SKEW = timedelta(hours=1)
PUBLIC_FILE = 0o644
NAMES: tuple[x509.GeneralName, ...] = (x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost"))


class Purpose(Enum):
    SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
    CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    PEER = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


Certificates = tuple[tuple[str, Purpose], ...]


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


def ensure(layout: Layout, certificates: Certificates, now: datetime) -> bool:
    """Make or renew what is missing or runs out: the authority (and then every certificate), or single certificates.

    True when the authority is new: servers that run still show certificates of the one before.
    """
    key_file = layout.authority / "ca.key"
    renewed = not (key_file.exists() and _lasts(layout.ca_file, now))
    if renewed:
        _make_authority(layout.ca_file, key_file, now)
    for name, purpose in certificates:
        if renewed or not (layout.key(name).exists() and _lasts(layout.certificate(name), now)):
            _make_certificate(layout, name, purpose, now)
    return renewed


def issue(authority: Path, pair: Pair, name: str, purpose: Purpose, now: datetime) -> Pair:
    """A certificate of the authority in that folder for one DNS name; one that lasts and is of this very authority is left as it is."""
    issuer = _certificate(authority / "ca.pem")
    if not (pair.key.exists() and _lasts(pair.certificate, now) and _is_from(pair.certificate, issuer)):
        _issue(authority, pair, _name(name), (x509.DNSName(name),), purpose, now)
    return pair


def _is_from(path: Path, issuer: x509.Certificate) -> bool:
    try:
        _certificate(path).verify_directly_issued_by(issuer)
    except (ValueError, InvalidSignature):
        return False
    return True


def _lasts(path: Path, now: datetime) -> bool:
    return path.exists() and _certificate(path).not_valid_after_utc - now > RENEW_BEFORE


def _make_authority(path: Path, key_file: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Kept local authority")
    usage = _usage(digital_signature=False, key_cert_sign=True, crl_sign=True)
    builder = (
        _builder(name, name, key.public_key(), key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    _write(path, key_file, builder.sign(key, hashes.SHA256()), key)


def _make_certificate(layout: Layout, server: str, purpose: Purpose, now: datetime) -> None:
    pair = Pair(layout.certificate(server), layout.key(server))
    _issue(layout.authority, pair, _name(f"Kept local {server}"), NAMES, purpose, now)


def _issue(  # noqa: PLR0913, PLR0917 - the parts of a certificate
    authority: Path, pair: Pair, subject: x509.Name, names: tuple[x509.GeneralName, ...], purpose: Purpose, now: datetime
) -> None:
    authority_key = _private_key(authority / "ca.key")
    key = ec.generate_private_key(ec.SECP256R1())
    usage = _usage(digital_signature=True, key_cert_sign=False, crl_sign=False)
    builder = (
        _builder(subject, _certificate(authority / "ca.pem").subject, key.public_key(), authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(purpose.value), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    _write(pair.certificate, pair.key, builder.sign(authority_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _usage(*, digital_signature: bool, key_cert_sign: bool, crl_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _write(path: Path, key_file: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files.write(key_file, private)
    files.write(path, certificate.public_bytes(serialization.Encoding.PEM), PUBLIC_FILE)
