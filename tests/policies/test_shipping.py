"""A journal leaves its host over TLS to a receiver that is asked for its name, or it does not count as shipped."""

from __future__ import annotations

import pytest

from policies.shipping import shipping_faults
from policies.userdata import UserData

PLAIN, NOWHERE = ["its journal leaves it without TLS"], ["its journal is sent nowhere"]
RSYSLOG, UPLOAD = "/etc/rsyslog.d/10-collector.conf", "/etc/systemd/journal-upload.conf"


def action(**changes: str) -> str:
    said = {
        "type": "omfwd",
        "target": "collector",
        "protocol": "tcp",
        "StreamDriverMode": "1",
        "StreamDriverAuthMode": "x509/name",
    } | changes
    words = " ".join(f'{name}="{word}"' for name, word in said.items())
    return f"action({words})\n"


CASES: dict[str, tuple[tuple[tuple[str, str], ...], list[str]]] = {
    "over TLS": (((RSYSLOG, action()),), []),
    "over TLS, the receiver known by its fingerprint": (((RSYSLOG, action(StreamDriverAuthMode="x509/fingerprint")),), []),
    "over TLS, the receiver's certificate good": (((RSYSLOG, action(StreamDriverAuthMode="x509/certvalid")),), []),
    "in capitals": (((RSYSLOG, action(protocol="TCP", StreamDriverAuthMode="X509/Name")),), []),
    "in rsyslog's main file": ((("/etc/rsyslog.conf", action()),), []),
    "by systemd, over HTTPS": (((UPLOAD, "[Upload]\nURL=https://collector:19532\n"),), []),
    "by systemd's part of a file": ((("/etc/systemd/journal-upload.conf.d/1.conf", "[Upload]\nURL=https://collector\n"),), []),
    "to a receiver that nobody asks for its name": (((RSYSLOG, action(StreamDriverAuthMode="anon")),), PLAIN),
    "by UDP": (((RSYSLOG, action(protocol="udp")),), PLAIN),
    "in plain": (((RSYSLOG, action(StreamDriverMode="0")),), PLAIN),
    "twice, once in plain": (((RSYSLOG, action() + action(StreamDriverMode="0")),), PLAIN),
    "twice, once in plain in another file": (((RSYSLOG, action()), ("/etc/rsyslog.d/90-old.conf", action(protocol="udp"))), PLAIN),
    "over TLS and in the old words": (((RSYSLOG, f"{action()}*.* @@10.0.0.9:514\n"),), PLAIN),
    "over TLS and by old words for UDP": (((RSYSLOG, f"{action()}*.* @collector\n"),), PLAIN),
    "by systemd, in plain": (((UPLOAD, "[Upload]\nURL=http://collector:19532\n"),), PLAIN),
    "by both, systemd in plain": (((RSYSLOG, action()), (UPLOAD, "[Upload]\nURL=http://collector:19532\n")), PLAIN),
    "a comment about the old words": (((RSYSLOG, f"# *.* @@10.0.0.9:514\n{action()}"),), []),
    "to a file": (((RSYSLOG, action(type="omfile")),), NOWHERE),
    "nowhere": ((), NOWHERE),
    "an example in no file of rsyslog's": ((("/usr/share/doc/example.conf", action()),), NOWHERE),
    "a line of systemd's in no file of its": ((("/etc/motd", "URL=https://collector\n"),), NOWHERE),
    "old words in no file of rsyslog's": (((RSYSLOG, action()), ("/etc/motd", "write to us @@home\n")), []),
    "by systemd, behind a comment": (((UPLOAD, "[Upload]\n# URL=https://collector\n"),), NOWHERE),
}


@pytest.mark.parametrize("case", CASES)
def test_what_leaves_a_host(case: str) -> None:
    files, said = CASES[case]
    assert list(shipping_faults(UserData(files=files))) == said


def test_what_cannot_be_read_is_one_fault() -> None:
    assert list(shipping_faults(UserData(problem="no user data is declared"))) == ["no user data is declared"]
