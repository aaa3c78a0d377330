"""Buckets are closed to who shows no key: `storage.anonymous-read` asks each declared bucket for a listing and, where it holds an
object, for that object, without a signature.

A refusal counts only where the same listing with a key succeeds: some stores refuse a stranger even what is not there. The key is
any of the settings' identities that may list the bucket; where none may, nothing is proven.
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
        keys = listed(clients, name)
        looks = [buckets.listing(spot, address), *(buckets.reading(spot, address, key) for key in keys or ())]
        return closed(f"bucket {name}", *looks, there=keys is not None)

    return or_nothing(places.each(settings.probes.buckets.items(), looked, EXPECTED), "bucket", EXPECTED)


def closed(subject: str, *looks: Look, there: bool) -> Observation:
    """One open door is enough; closed counts only when every look says so in S3's words, and the bucket is there."""
    said = "; ".join(look.seen for look in looks)
    if any(look.open for look in looks):
        return failed(subject, EXPECTED, said, MEND)
    if not there:
        return unknown(subject, EXPECTED, f"{said}; no identity of the settings may list it, so nothing shows that it is there")
    if looks and all(look.refused for look in looks):
        return passed(subject, EXPECTED, said)
    return unknown(subject, EXPECTED, said)


def listed(clients: Clients, bucket: str) -> tuple[str, ...] | None:
    """The key of one object, or none in an empty bucket, as the first identity that may list it tells; None where none may."""
    from botocore.exceptions import BotoCoreError, ClientError

    for identity in clients.settings.objects.identities:
        try:
            found = clients.objects(identity).list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents") or []
        except (BotoCoreError, ClientError, KeptError):
            continue
        return tuple(str(each["Key"]) for each in found)
    return None
