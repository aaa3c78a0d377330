"""To whom hosts and destinations lead: exact domains, never endings that only look alike."""

from __future__ import annotations

import pytest

from policies.recipients import OURSELVES, host_of, processor

OWN = ("example.com", "Example.ORG")

PARTIES = {
    "nyc3.digitaloceanspaces.com": "digitalocean",
    "NYC3.DigitalOceanSpaces.com.": "digitalocean",
    "notdigitalocean.com": "",
    "digitalocean.com.stranger.example": "",
    "spf.mtasv.net": "postmark",
    "api.postmarkapp.com": "postmark",
    "cloud.digitalocean.com": "digitalocean",
    "shop.ondigitalocean.app": "digitalocean",
    "db.ondigitalocean.com": "digitalocean",
    "api.cloudflare.com": "cloudflare",
    "x.cdn.cloudflare.net": "cloudflare",
    "team.cloudflareaccess.com": "cloudflare",
    "edge.workers.dev": "cloudflare",
    "site.pages.dev": "cloudflare",
    "js.stripe.com": "stripe",
    "m.stripe.network": "stripe",
    "help.zendesk.com": "zendesk",
    "static.zdassets.com": "zendesk",
    "api.dhl.com": "dhl",
    "apis.fedex.com": "fedex",
    "onlinetools.ups.com": "ups",
    "secure.usps.com": "usps",
    " app.example.com ": OURSELVES,
    "mail.example.org": OURSELVES,
    "app.example.com": OURSELVES,
    "example.com": OURSELVES,
    "myexample.com": "",
    "10.1.2.3": OURSELVES,
    "[fd00::1]": OURSELVES,
    "::ffff:10.0.0.1": OURSELVES,
    "8.8.8.8": "",
    "2001:db8::1": "",
    "": "",
    ".": "",
}


@pytest.mark.parametrize("host", PARTIES)
def test_who_stands_behind_a_host(host: str) -> None:
    assert processor(host, OWN) == PARTIES[host]


HOSTS = {
    "https://user:secret@hooks.stranger.example:8443/x?y=z": "hooks.stranger.example",
    "s3://bucket/path/{DATE}?region=nyc3&secret-access-key=x&endpoint=nyc3.digitaloceanspaces.com": "nyc3.digitaloceanspaces.com",
    "s3://bucket/path?region=us-east-1": "s3.amazonaws.com",
    "r2://bucket/x": "r2.cloudflarestorage.com",
    "gs://bucket/x": "bucket",
    "somebody@mail.example": "mail.example",
    "10.0.0.4:6514": "10.0.0.4",
    "fd00::4": "fd00::4",
    "logs.example.com": "logs.example.com",
    " logs.example.com\n": "logs.example.com",
    "https://[not an address": "",
    "https:///x": "",
    "": "",
}


@pytest.mark.parametrize("text", HOSTS)
def test_where_an_address_leads(text: str) -> None:
    """Never more than the host: no name of a mailbox, no path, no credential."""
    assert host_of(text) == HOSTS[text]
