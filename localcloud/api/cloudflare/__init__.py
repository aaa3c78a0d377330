"""Cloudflare's API, version 4: the routes of every collection, and how it refuses."""

from __future__ import annotations

from localcloud.api.calls import Answer, Call, Family, Route
from localcloud.api.cloudflare import access, collections, dns, logpush, rulesets, settings, zones
from localcloud.api.cloudflare.answers import API, refusal, result

EDGE_RANGES = {
    "ipv4_cidrs": [
        "173.245.48.0/20",
        "103.21.244.0/22",
        "103.22.200.0/22",
        "103.31.4.0/22",
        "141.101.64.0/18",
        "108.162.192.0/18",
        "190.93.240.0/20",
        "188.114.96.0/20",
        "197.234.240.0/22",
        "198.41.128.0/17",
        "162.158.0.0/15",
        "104.16.0.0/13",
        "104.24.0.0/14",
        "172.64.0.0/13",
        "131.0.72.0/22",
    ],
    "ipv6_cidrs": [
        "2400:cb00::/32",
        "2606:4700::/32",
        "2803:f800::/32",
        "2405:b500::/32",
        "2405:8100::/32",
        "2a06:98c0::/29",
        "2c0f:f248::/32",
    ],
}
"""The addresses of Cloudflare's edge, as published at https://www.cloudflare.com/ips/."""

IPS = f"{API}/ips"


def _edge_ranges(_: Call) -> Answer:
    return result({"etag": "local", "jdcloud_cidrs": [], **EDGE_RANGES})


_OWN = (Route("GET", IPS, _edge_ranges),)
_PARTS = (settings, dns, rulesets, logpush, access, collections, zones)

FAMILY = Family(
    prefix=API,
    routes=(*_OWN, *(route for part in _PARTS for route in part.routes())),
    unauthorised=lambda: refusal(401, 10000, "Authentication error"),
    no_route=lambda method, path: refusal(404, 7000, f"No route for that URI: {method} {path}"),
    malformed=lambda message: refusal(400, 6003, message),
    failure=lambda status, message: refusal(status, 10013, message),
    open_paths=frozenset({IPS}),
)
