"""To whom an address, a name or a destination leads: one of the house's processors, ourselves, or somebody nobody declared. Pure.

Ourselves are private addresses, the stack's own zones and the catalog's `domains` (what stands behind a zone is judged where it is
configured: its mail exchangers, for one). Processors are known by the domains they use; a domain that is in no list is a stranger's.
Only the domain of a mail address is ever told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qs, urlsplit

from policies.addresses import INTERNAL, network

DOMAINS: Mapping[str, tuple[str, ...]] = {
    "digitalocean": ("digitalocean.com", "digitaloceanspaces.com", "ondigitalocean.app", "ondigitalocean.com"),
    "cloudflare": ("cloudflare.com", "cloudflare.net", "cloudflarestorage.com", "cloudflareaccess.com", "workers.dev", "pages.dev"),
    "postmark": ("postmarkapp.com", "mtasv.net"),
    "stripe": ("stripe.com", "stripe.network"),
    "zendesk": ("zendesk.com", "zdassets.com"),
    "dhl": ("dhl.com",),
    "fedex": ("fedex.com",),
    "ups": ("ups.com",),
    "usps": ("usps.com",),
}
"""The domains each processor uses, as its own documents name them."""

OURSELVES = "ourselves"

PROVIDERS: Mapping[str, str] = {"digitalocean": "digitalocean", "cloudflare": "cloudflare", "pulumi": OURSELVES, "kept": OURSELVES}
"""Whom the resources of a package are handed to; components of ours and the engine's own are nobody else's."""


def processor(host: str, own: Collection[str]) -> str:
    """Who stands behind a host: a processor's name, `OURSELVES`, or nobody declared (empty). `own` are our domains."""
    name = host.strip().strip("[]").rstrip(".").lower()
    if not name:
        return ""
    try:
        return OURSELVES if INTERNAL.holds(network(name)) else ""
    except ValueError:
        pass
    if any(_under(name, domain.lower()) for domain in own):
        return OURSELVES
    return next((party for party, domains in DOMAINS.items() if any(_under(name, domain) for domain in domains)), "")


def _under(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


def host_of(text: object) -> str:
    """The host that an address of any sort leads to; empty when there is none to see.

    A mail address leads to its domain; a Logpush destination to its endpoint, which for `s3://` stands in the query (and without one is
    Amazon's); everything else is a URL or a bare host.
    """
    plain = str(text).strip()
    if plain.startswith("s3://"):
        return (parse_qs(urlsplit(plain).query).get("endpoint") or ["s3.amazonaws.com"])[0]
    if plain.startswith("r2://"):
        return "r2.cloudflarestorage.com"
    if "://" in plain:
        try:
            return urlsplit(plain).hostname or ""
        except ValueError:
            return ""
    if "@" in plain:
        return plain.rpartition("@")[2]
    return re.sub(r":[0-9]+$", "", plain) if plain.count(":") < 2 else plain
