"""TLS as the settings say: what the edge offers visitors, what it asks of origins, what hosts demand.

Visitors: `min_tls_version` and `tls_1_3` decide the versions, really down to TLS 1.0 (which needs OpenSSL's security level 0); a refusal is
OpenSSL's own alert. Origins: `ssl` strict checks the certificate and its name against the local authority, `full` does not. A zone with
authenticated origin pulls shows its own certificate (for clients alone, made here: the private key of an uploaded one is kept by nobody),
and hosts trust exactly that certificate and no other of the same authority.
"""

from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime
from threading import Lock

from localcloud.edge.config import Config
from localcloud.edge.world import Zone
from localcloud.servers.authority import Pair, Purpose, issue

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
STRICT = ("strict", "origin_pull")
_LOCK = Lock()


def visitors(config: Config, zone: Zone, name: str) -> ssl.SSLContext | None:
    """For visitors of one name; None where the settings leave no version at all."""
    lowest = VERSIONS[zone.setting("min_tls_version")]
    highest = ssl.TLSVersion.TLSv1_2 if zone.setting("tls_1_3") == "off" else ssl.TLSVersion.TLSv1_3
    if lowest > highest:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if lowest < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with _LOCK, warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # old versions are what is asked for
        context.minimum_version, context.maximum_version = lowest, highest
    pair = _certificate(config, name, Purpose.SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def to_origin(config: Config, zone: Zone) -> ssl.SSLContext:
    """For the edge as a client of an origin."""
    context = ssl.create_default_context(cafile=str(config.authority / "ca.pem"))
    if zone.setting("ssl") not in STRICT:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if zone.pulls:
        pair = _pull_certificate(config, zone)
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def host(config: Config, zone: Zone, name: str) -> ssl.SSLContext:
    """For a host that serves a name: TLS 1.2 or newer, and a client that shows the zone's own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if config.origin_certificate:
        context.load_cert_chain(config.origin_certificate)
    else:
        pair = _certificate(config, name, Purpose.SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN  # that one certificate is the anchor
    context.load_verify_locations(_pull_certificate(config, zone).certificate)
    return context


def _pull_certificate(config: Config, zone: Zone) -> Pair:
    return _certificate(config, f"origin-pull.{zone.name}", Purpose.CLIENT)


def _certificate(config: Config, name: str, purpose: Purpose) -> Pair:
    """The certificate for a name, made at its first use."""
    stem = config.certificates / name.replace("*", "_")
    with _LOCK:
        config.certificates.mkdir(mode=0o700, parents=True, exist_ok=True)
        return issue(
            config.authority, Pair(stem.with_name(f"{stem.name}.pem"), stem.with_name(f"{stem.name}.key")), name, purpose, datetime.now(UTC)
        )
