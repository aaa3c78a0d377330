"""Whether a host's user data sends its journal away over TLS. Pure. rsyslog's forwarding and systemd-journal-upload are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.userdata import UserData


def shipping_faults(found: UserData) -> Iterator[str]:
    """Why a host's journal does not leave it over TLS; rsyslog and systemd-journal-upload are known."""
    if found.problem:
        yield found.problem
        return
    forwards = [text for path, text in found.files if path.startswith("/etc/rsyslog")]
    uploads = [text for path, text in found.files if path.startswith("/etc/systemd/journal-upload.conf")]
    plain = [text for text in forwards if re.search(r"^[^#\n]*\s@@?[\w\[(.]", text, re.MULTILINE)]
    secured = [action for text in forwards for action in _forwards(text)]
    if plain or any(not good for good in secured) or any(re.search(r"^URL=http:", text, re.MULTILINE) for text in uploads):
        yield "its journal leaves it without TLS"
    elif not secured and not any(re.search(r"^URL=https:", text, re.MULTILINE) for text in uploads):
        yield "its journal is sent nowhere"


def _forwards(text: str) -> Iterator[bool]:
    """For every forwarding action of rsyslog: whether it demands TLS and the receiver's name."""
    for match in re.finditer(r"action\(((?:[^()\"]|\"[^\"]*\")*)\)", text):
        settings = {name.lower(): seen for name, seen in re.findall(r"([\w.]+)\s*=\s*\"([^\"]*)\"", match[1])}
        if settings.get("type") == "omfwd":
            named = settings.get("streamdriverauthmode", "").lower() in ("x509/name", "x509/fingerprint", "x509/certvalid")
            yield settings.get("streamdrivermode") == "1" and settings.get("protocol", "").lower() == "tcp" and named
