"""The local authority: made once, renewed in time, and good for loopback only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from localcloud.servers import authority
from localcloud.servers.authority import Purpose
from localcloud.servers.layout import Layout

NOW = datetime(2030, 1, 1, tzinfo=UTC)
WANTED = (("postgres", Purpose.SERVER), ("inner", Purpose.PEER))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path)
    made.create()
    authority.ensure(made, WANTED, NOW)
    return made


def contents(layout: Layout) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in layout.authority.iterdir()}


def certificate(layout: Layout, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(layout.certificate(name).read_bytes())


def test_a_certificate_names_loopback_and_is_signed_by_the_authority(layout: Layout):
    issued = certificate(layout, "postgres")
    names = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["127.0.0.1", "localhost"]
    issued.verify_directly_issued_by(x509.load_pem_x509_certificate(layout.ca_file.read_bytes()))


def test_only_a_peer_may_act_as_a_client(layout: Layout):
    for name, expected in (("postgres", False), ("inner", True)):
        usage = certificate(layout, name).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert (ExtendedKeyUsageOID.CLIENT_AUTH in usage) is expected


def test_private_keys_are_private(layout: Layout):
    assert {path.stat().st_mode & 0o777 for path in layout.authority.glob("*.key")} == {0o600}


def test_nothing_is_made_anew_while_it_lasts(layout: Layout):
    before = contents(layout)
    authority.ensure(layout, WANTED, NOW + authority.VALID - authority.RENEW_BEFORE - timedelta(days=1))
    assert contents(layout) == before


def test_near_its_end_the_authority_and_all_certificates_are_made_anew(layout: Layout):
    before = contents(layout)
    authority.ensure(layout, WANTED, NOW + authority.VALID - authority.RENEW_BEFORE)
    after = contents(layout)
    assert not set(before.values()) & set(after.values())
    certificate(layout, "inner").verify_directly_issued_by(x509.load_pem_x509_certificate(layout.ca_file.read_bytes()))


def test_a_missing_certificate_is_made_under_the_same_authority(layout: Layout):
    before = contents(layout)
    layout.key("postgres").unlink()
    authority.ensure(layout, WANTED, NOW)
    changed = {name for name, content in contents(layout).items() if content != before[name]}
    assert changed == {"postgres.pem", "postgres.key"}
