"""Buckets are closed to who shows no key: `storage.anonymous-read` asks each declared bucket for a listing and, where an object is
known, for that object, without a signature. Objects are known from the identities of the settings; a vantage without any asks for
the listing alone and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.controls.base import Question, control
from policies.findings import failed, or_nothing, passed, unknown
from policies.probes import buckets, places
from policies.probes.buckets import Look
from promises.observations import Observation, Surface, Vantage
from services.errors import KeptError

if TYPE_CHECKING:
    from services.clients import Clients

EXPECTED = "who shows no key is refused (403 AccessDenied)"

MEND = "make the bucket private, and take away policies and ACLs that name everybody"


@control(
    "storage.anonymous-read",
    Surface.LIVE,
    "an anonymous listing of every bucket, and an anonymous read of one of its objects where one is known",
    vantage=Vantage.OUTSIDE,
)
def anonymous_read(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure for it
    settings = clients.settings

    def looked(name: str, address: str) -> Observation:
        spot = buckets.spot_of(address, source=settings.probes.source, ca_file=settings.objects.ca_file)
        key = known_key(clients, name)
        return closed(f"bucket {name}", buckets.listing(spot, address), *([buckets.reading(spot, address, key)] if key else []))

    return or_nothing(places.each(settings.probes.buckets.items(), looked, EXPECTED), "bucket", EXPECTED)


def closed(subject: str, *looks: Look) -> Observation:
    """One open door is enough; closed counts only when every look says so in S3's words."""
    said = "; ".join(look.seen for look in looks)
    if any(look.open for look in looks):
        return failed(subject, EXPECTED, said, MEND)
    if looks and all(look.refused for look in looks):
        return passed(subject, EXPECTED, said)
    return unknown(subject, EXPECTED, said)


def known_key(clients: Clients, bucket: str) -> str:
    """The key of some object, as the first identity that may list the bucket tells it; empty when none may or there is none."""
    from botocore.exceptions import BotoCoreError, ClientError

    for identity in clients.settings.objects.identities:
        try:
            found = clients.objects(identity).list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents") or []
        except (BotoCoreError, ClientError, KeptError):
            continue
        return str(found[0]["Key"]) if found else ""
    return ""
