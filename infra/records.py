"""What the zone says about mail and certificates, so that nobody else speaks in its name. Pure.

CAA      who may issue certificates, and where to report (RFC 8659)
SPF      which servers send mail: Postmark's where the platform sends through it, else nobody (RFC 7208)
DKIM     Postmark's key; where no mail is sent, an empty key for every selector (RFC 6376)
DMARC    mail that fails is rejected (RFC 7489)
MX       the exchangers of the stack's file, else the null MX: no mail is taken (RFC 7505)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from infra import baseline
from infra.config import Config

TTL_SECONDS = 3600
STRING_LENGTH = 255
"""Longest single string of a TXT record; a longer text is several strings in a row."""

POSTMARK = "spf.mtasv.net"
PREFERENCE_STEP = 10


@dataclass(frozen=True)
class Record:
    """One record. `label` is the program's name for it; of `content` and `data` it has one, as its type wants it."""

    label: str
    name: str
    type: str
    content: str | None = None
    data: dict[str, str | int] = field(default_factory=dict)
    priority: int | None = None


def records(config: Config) -> tuple[Record, ...]:
    """All of them, in a fixed order."""
    return (*_authorities(config), *_mail(config), *_exchangers(config))


def text(content: str) -> str:
    """A TXT record's content as the edge keeps it: quoted strings of at most 255 characters."""
    parts = [content[at : at + STRING_LENGTH] for at in range(0, len(content), STRING_LENGTH)]
    return " ".join(f'"{part}"' for part in parts)


def _authorities(config: Config) -> Iterator[Record]:
    for authority in baseline.CERTIFICATE_AUTHORITIES:
        for tag in ("issue", "issuewild"):
            yield _caa(config, f"caa-{tag}-{authority.replace('.', '-')}", tag, authority)
    yield _caa(config, "caa-iodef", "iodef", f"mailto:{config.alert_email}")


def _caa(config: Config, label: str, tag: str, value: str) -> Record:
    return Record(label, config.domain, "CAA", data={"flags": 0, "tag": tag, "value": value})


def _mail(config: Config) -> Iterator[Record]:
    sends = config.dkim is not None
    yield Record("spf", config.domain, "TXT", text(f"v=spf1 include:{POSTMARK} -all" if sends else "v=spf1 -all"))
    selector, key = config.dkim or ("*", "")
    yield Record("dkim", f"{selector}._domainkey.{config.domain}", "TXT", text(f"v=DKIM1; k=rsa; p={key}" if key else "v=DKIM1; p="))
    yield Record("dmarc", f"_dmarc.{config.domain}", "TXT", text(f"v=DMARC1; p=reject; adkim=s; aspf=r; rua=mailto:{config.alert_email}"))


def _exchangers(config: Config) -> Iterator[Record]:
    if not config.mail_exchangers:
        yield Record("mx-none", config.domain, "MX", ".", priority=0)
    for number, exchanger in enumerate(config.mail_exchangers, 1):
        yield Record(f"mx-{number}", config.domain, "MX", exchanger, priority=number * PREFERENCE_STEP)
