"""What the edge is set to for a zone: HSTS, TLS 1.3, certificates that renew by themselves, browser integrity, development mode, bots.

The clouds list every setting, so one that is not there now is *unknown*. A program may leave a setting out; then Cloudflare's documented
default is what will hold, and it is spelled out; where a default would not do, leaving it out fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from policies.findings import has_unknown, unknown, value
from policies.hygiene.base import Asked, checks, told, verdict
from policies.hygiene.records import apex_of, each_zone, plain
from policies.kinds import BOT_MANAGEMENT, CERTIFICATE_PACK, UNIVERSAL_SSL, ZONE, ZONE_SETTING
from policies.readers.state import UNKNOWN, Resource
from policies.zones import View
from promises.observations import Observation, Outcome, Surface
from promises.wording import duration

UNTOLD = "Cloudflare did not tell"


@dataclass(frozen=True)
class Wanted:
    """What a setting should be: in words, what is wrong with a value, and Cloudflare's default (None where it would not do)."""

    expected: str
    problem: Callable[[Any], str]
    default: Any = None


def declared(asked: Asked, subject: str, wanted: Wanted, seen: tuple[Any, ...]) -> Observation:
    """One setting; `seen` are its values (there should be one)."""
    if has_unknown(seen):
        return unknown(subject, wanted.expected)
    if seen:
        problems = filter(None, map(wanted.problem, seen))
        return verdict(subject, wanted.expected, "; ".join(problems), ", ".join(map(told, seen)))
    if asked.surface is Surface.LIVE:
        return unknown(subject, wanted.expected, UNTOLD)
    default = f"not said: Cloudflare's default is {told(wanted.default)}"
    return verdict(subject, wanted.expected, "not set" if wanted.default is None else "", default)


def _switch(asked: Asked, setting: str, good: tuple[str, ...], default: str | None) -> Iterator[Observation]:
    wanted = Wanted(f"{setting} {' or '.join(good)}", lambda seen: "" if seen in good else told(seen), default)
    return each_zone(asked.stack, lambda view: [declared(asked, f"{setting} of {view.name}", wanted, view.settings(setting))])


@checks("zone.tls13", ZONE, ZONE_SETTING)
def tls13(asked: Asked) -> Iterator[Observation]:
    """`zrt` is TLS 1.3 with early data."""
    return _switch(asked, "tls_1_3", ("on", "zrt"), None)


@checks("zone.browser-check", ZONE, ZONE_SETTING)
def browser_check(asked: Asked) -> Iterator[Observation]:
    return _switch(asked, "browser_check", ("on",), "on")


@checks("zone.development-mode", ZONE, ZONE_SETTING)
def development_mode(asked: Asked) -> Iterator[Observation]:
    return _switch(asked, "development_mode", ("off",), "off")


@checks("zone.hsts", ZONE, ZONE_SETTING)
def hsts(asked: Asked) -> Iterator[Observation]:
    least = asked.duration("least_age")
    expected = f"HSTS for at least {duration(least)}, names below included"
    return each_zone(asked.stack, lambda view: [_hsts(asked, view, expected, least)])


def _hsts(asked: Asked, view: View, expected: str, least: timedelta) -> Observation:
    return declared(asked, f"HSTS of {view.name}", Wanted(expected, partial(_weak, least)), view.settings("security_header"))


def _weak(least: timedelta, header: Any) -> str:
    """What is wrong with the header; the provider and the API spell its parts in two ways."""
    found = _part(header, "strict_transport_security", "strictTransportSecurity")
    age = _part(found, "max_age", "maxAge")
    if _part(found, "enabled", "enabled") is not True:
        return "off"
    faults = []
    if not isinstance(age, int | float) or age < least.total_seconds():
        faults.append(f"max-age {told(age)}")
    if _part(found, "include_subdomains", "includeSubdomains") is not True:
        faults.append("names below not included")
    return "; ".join(faults)


def _part(seen: Any, snake: str, camel: str) -> Any:
    return seen.get(snake, seen.get(camel)) if isinstance(seen, Mapping) else None


@checks("zone.universal-ssl", ZONE, UNIVERSAL_SSL, CERTIFICATE_PACK)
def universal_ssl(asked: Asked) -> Iterator[Observation]:
    return each_zone(asked.stack, lambda view: [_renewed(asked, view)])


def _renewed(asked: Asked, view: View) -> Observation:
    """On, or a certificate pack in its place: Cloudflare renews either."""
    subject, expected = f"certificates of {view.name}", "universal SSL on, or a certificate pack for the domain"
    seen = tuple(value(each, "enabled") for each in view.of(UNIVERSAL_SSL))
    covers = [_covers(pack, apex_of(view)) for pack in view.of(CERTIFICATE_PACK)]
    if True in covers:
        return verdict(subject, expected, "", "a certificate pack for the domain")
    wanted = Wanted(expected, lambda on: "" if on is True else "universal SSL off", default=True)
    found = declared(asked, subject, wanted, seen)
    return unknown(subject, expected) if None in covers and found.outcome is Outcome.FAIL else found


def _covers(pack: Resource, apex: str | None) -> bool | None:
    """Whether a pack stands for the domain; one that timed out or ended does not."""
    hosts, status = value(pack, "hosts"), value(pack, "status")
    if has_unknown(hosts) or apex is None:
        return None
    return apex in map(plain, hosts or ()) and (status is UNKNOWN or status in (None, "active"))


@checks("zone.bot-fight", ZONE, BOT_MANAGEMENT)
def bot_fight(asked: Asked) -> Iterator[Observation]:
    return each_zone(asked.stack, lambda view: [_fought(asked, view)])


def _fought(asked: Asked, view: View) -> Observation:
    """Bot fight mode or, on paid plans, what is surely automated blocked or challenged."""
    subject, expected = f"bots at {view.name}", "bot fight mode on, or automated traffic blocked or challenged"
    seen = tuple({name: value(each, name) for name in ("fightMode", "sbfmDefinitelyAutomated")} for each in view.of(BOT_MANAGEMENT))
    if any(_fights(each) for each in seen):
        return verdict(subject, expected, "", "on")
    return declared(asked, subject, Wanted(expected, lambda _: "off"), seen)


def _fights(seen: Mapping[str, Any]) -> bool:
    return seen["fightMode"] is True or seen["sbfmDefinitelyAutomated"] in ("block", "managed_challenge")
