"""Is a bucket closed to who shows no key? One listing and, where a key is known, one object's first byte, both without a signature.

S3's own words tell: 403 with `AccessDenied` is the refusal, 200 or 206 is an open door, 404 `NoSuchBucket` means that nobody was asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from policies.probes import web
from policies.probes.tls import Spot
from policies.probes.web import Met, Page

REFUSED_CODES = ("AccessDenied",)

_CODE = re.compile(r"<Code>([A-Za-z]+)</Code>")


@dataclass(frozen=True)
class Look:
    """One anonymous request: open, refused, or neither."""

    open: bool
    refused: bool
    seen: str


def listing(spot: Spot, address: str) -> Look:
    """Ask for the names of the bucket's objects; `address` is the bucket's own (`https://host/bucket` or `https://bucket.host`)."""
    return _look("listing", web.get(spot, f"{_path(address)}/?list-type=2&max-keys=1"))


def reading(spot: Spot, address: str, key: str) -> Look:
    """Ask for an object that is there."""
    return _look("reading", web.get(spot, f"{_path(address)}/{quote(key)}"))


def spot_of(address: str, **more: object) -> Spot:
    """Where a bucket's address leads; `more` are further fields of the spot."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"{address!r} is no https address of a bucket")
    return Spot(parts.hostname, parts.port or 443, parts.hostname, **more)  # type: ignore[arg-type]  # fields of a spot


def _path(address: str) -> str:
    return urlsplit(address).path.rstrip("/")


def _look(what: str, page: Page) -> Look:
    if page.met is not Met.ANSWER:
        return Look(open=False, refused=False, seen=f"{what}: {page.seen}")
    found = _CODE.search(page.start)
    code = f" {found[1]}" if found else ""
    refused = page.status == 403 and found is not None and found[1] in REFUSED_CODES
    return Look(open=200 <= page.status < 300, refused=refused, seen=f"{what}: status {page.status}{code}")
