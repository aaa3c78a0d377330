"""What the edge writes into the bucket of logs: which datasets, which fields, and where to. Pure.

Fields are listed one by one: what is not listed is not written. Bodies, cookies and query strings are in none. Where browsing is
promised to be anonymous, no field identifies a visitor: neither the address nor what is derived from it beyond the country, nor the
browser's own name.
"""

from __future__ import annotations

IDENTIFYING = frozenset({"ClientIP", "ClientASN", "ClientRequestUserAgent", "ClientRequestReferer", "UserAgent", "RayID", "ClientRayID"})
"""Fields that tell visitors apart."""

FIELDS = {
    "http_requests": (
        "EdgeStartTimestamp",
        "RayID",
        "ClientIP",
        "ClientASN",
        "ClientCountry",
        "ClientRequestHost",
        "ClientRequestMethod",
        "ClientRequestPath",
        "ClientRequestUserAgent",
        "ClientSSLProtocol",
        "ClientSSLCipher",
        "EdgeResponseStatus",
        "OriginResponseStatus",
        "SecurityAction",
        "SecurityRuleID",
        "WAFAttackScore",
    ),
    "firewall_events": (
        "Datetime",
        "RayID",
        "ClientIP",
        "ClientASN",
        "ClientCountry",
        "ClientRequestHost",
        "ClientRequestMethod",
        "ClientRequestPath",
        "UserAgent",
        "Action",
        "RuleID",
        "Source",
        "EdgeResponseStatus",
    ),
}
"""By dataset of the zone."""

LABEL = {"http_requests": "edge-requests", "firewall_events": "edge-firewall"}
"""The stream's name in the data map and in the bucket."""


def fields(dataset: str, *, anonymous: bool) -> tuple[str, ...]:
    """The fields of a dataset that may be written."""
    return tuple(each for each in FIELDS[dataset] if not (anonymous and each in IDENTIFYING))


def destination_of(region: str, stream: str, bucket: str, access_key: str, secret_key: str) -> str:
    """A bucket of Spaces as Logpush names it (S3-compatible endpoints): one folder a stream and day."""
    host = f"{region}.digitaloceanspaces.com"
    return f"s3://{bucket}/{stream}/{{DATE}}?region={region}&access-key-id={access_key}&secret-access-key={secret_key}&endpoint={host}"
