"""The pair that a local edge shows its origins: from the local authority, the same at every call, for clients alone."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from kept.origin_pulls import SECRET_KEYS, local_origin_pulls
from services.settings import Settings


def test_the_pair_belongs_together_and_is_of_the_local_authority(local: Settings) -> None:
    given = local_origin_pulls(local)
    certificate = x509.load_pem_x509_certificate(given["kept:originPullCertificate"].encode())
    authority = x509.load_pem_x509_certificate(given["kept:internalAuthority"].encode())
    key = serialization.load_pem_private_key(given["kept:originPullKey"].encode(), None)
    certificate.verify_directly_issued_by(authority)
    assert certificate.public_key() == key.public_key()
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_it_is_made_once_and_its_key_is_nobodys_but_the_owners(local: Settings) -> None:
    assert local_origin_pulls(local) == local_origin_pulls(local)
    folder = local.objects.ca_file.parent.parent / "edge" / "certificates"
    (key,) = folder.glob("origin-pull.*.key")
    assert key.stat().st_mode & 0o077 == 0


def test_only_the_key_is_secret(local: Settings) -> None:
    secret = {key for key, value in local_origin_pulls(local).items() if "PRIVATE KEY" in value}
    assert secret == set(SECRET_KEYS)
