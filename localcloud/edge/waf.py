"""What the zone's rules do with a request: the phases in Cloudflare's order (custom rules, rate limits, managed rules), rule by rule.

Managed rulesets are known by their ids; each blocks a few well-known harmless attack strings (`SIGNATURES`), as the real ones do among
thousands.
Obeyed: whether a rule is enabled, its expression, `execute`, `block`, challenges, `log`, `skip` (of phases, products, rulesets, and
of the rest of its own ruleset), overrides of a whole ruleset, of a category (a signature's name), and of the OWASP score's rule.
Not obeyed: overrides of other single rules, whose ids are Cloudflare's.

An expression that is not understood counts against protection: a rule that would stop a request does not, one that would skip does.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import unquote_plus

from localcloud.edge.expressions import Fields, NotUnderstoodError, holds
from localcloud.edge.world import Document, Zone

CUSTOM = "http_request_firewall_custom"
LIMITS = "http_ratelimit"
MANAGED = "http_request_firewall_managed"

CLOUDFLARE = "efb7b8c949ac4650a09736fc376e9aee"
OWASP = "4814384a9e5d4991b9815dcfc25d2f1f"
OWASP_SCORE_RULE = "6179ae15870a4bb7b2d480d4843b323c"
"""The rule of the OWASP ruleset that adds up the score and alone decides (as Cloudflare documents it)."""

HIGHEST_THRESHOLD = 60

STOPPING = ("block", "challenge", "js_challenge", "managed_challenge")

SIGNATURES: Mapping[str, re.Pattern[str]] = {
    "xss": re.compile(r"<script\b|javascript:|onerror\s*=", re.IGNORECASE),
    "sqli": re.compile(r"'\s*or\s+['\d]|\bunion\s+(all\s+)?select\b|;\s*drop\s+table", re.IGNORECASE),
    "traversal": re.compile(r"\.\./\.\./|/etc/passwd"),
    "rce": re.compile(r"\$\{jndi:|\(\)\s*\{\s*:;\s*\}", re.IGNORECASE),
}


@dataclass(frozen=True)
class Request:
    """One request as rules see it; `source` is the public address of the visitor."""

    host: str
    method: str
    path: str
    query: str
    agent: str
    source: str
    ssl: bool

    @property
    def fields(self) -> Fields:
        uri = f"{self.path}?{self.query}" if self.query else self.path
        return {
            "http.host": self.host,
            "http.request.method": self.method,
            "http.request.uri": uri,
            "http.request.uri.path": self.path,
            "http.request.uri.query": self.query,
            "http.user_agent": self.agent,
            "ip.src": self.source,
            "ssl": self.ssl,
        }

    def attacks(self) -> Iterator[str]:
        """The signatures that the request bears anywhere."""
        text = unquote_plus(f"{self.path}?{self.query} {self.agent}")
        return (name for name, pattern in SIGNATURES.items() if pattern.search(text))


@dataclass(frozen=True)
class Stopped:
    """Why a request goes no further: the status it is answered with, and the action in Cloudflare's word."""

    status: int
    action: str
    rule: str


@dataclass
class Counters:
    """When each client last met each rate limit. In memory; a restart forgets it."""

    clock: Callable[[], float]
    seen: dict[tuple[str, str], deque[float]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def exceeded(self, rule: str, client: str, period: float, limit: int) -> bool:
        now = self.clock()
        with self.lock:
            times = self.seen.setdefault((rule, client), deque())
            while times and times[0] <= now - period:
                times.popleft()
            times.append(now)
            return len(times) > limit


@dataclass
class _Skipped:
    """What skip rules have taken out of a request's way."""

    phases: set[str] = field(default_factory=set)
    rulesets: set[str] = field(default_factory=set)


def stopped(zone: Zone, request: Request, counters: Counters) -> Stopped | None:
    """What stops the request, if anything does."""
    skipped = _Skipped()
    for phase in (CUSTOM, LIMITS, MANAGED):
        for entry in zone.entry_points(phase):
            if phase not in skipped.phases and (found := _run(entry, request, skipped, counters)):
                return found
    return None


def _run(ruleset: Document, request: Request, skipped: _Skipped, counters: Counters) -> Stopped | None:
    for rule in ruleset.get("rules") or ():
        if rule.get("enabled") is False or not _meets(rule, request):
            continue
        action, parameters = str(rule.get("action")), rule.get("action_parameters") or {}
        if action == "skip" and _skip(parameters, skipped):
            return None
        if action == "execute" and parameters.get("id") not in skipped.rulesets and (found := _execute(rule, parameters, request)):
            return found
        if action in STOPPING and not _below_limit(rule, request, counters):
            return Stopped(429 if rule.get("ratelimit") else 403, action, str(rule.get("id")))
    return None


def _meets(rule: Document, request: Request) -> bool:
    try:
        return holds(str(rule.get("expression")), request.fields)
    except NotUnderstoodError:
        return rule.get("action") == "skip"


def _skip(parameters: Mapping[str, Any], skipped: _Skipped) -> bool:
    """Note what is skipped; true when the rest of this ruleset is."""
    skipped.phases.update(parameters.get("phases") or ())
    skipped.rulesets.update(parameters.get("rulesets") or ())
    if "waf" in (parameters.get("products") or ()):
        skipped.phases.add(MANAGED)
    return parameters.get("ruleset") == "current"


def _below_limit(rule: Document, request: Request, counters: Counters) -> bool:
    limit = rule.get("ratelimit")
    if not limit:
        return False
    return not counters.exceeded(str(rule.get("id")), request.source, float(limit["period"]), int(limit["requests_per_period"]))


def _execute(rule: Document, parameters: Mapping[str, Any], request: Request) -> Stopped | None:
    managed, overrides = parameters.get("id"), parameters.get("overrides") or {}
    if managed not in (CLOUDFLARE, OWASP) or _hollow(overrides) or (managed == OWASP and _hollow_score(overrides)):
        return None
    for attack in request.attacks():
        if not any(_hollow(each) for each in overrides.get("categories") or () if each.get("category") == attack):
            return Stopped(403, "block", str(rule.get("id")))
    return None


def _hollow(override: Mapping[str, Any]) -> bool:
    return override.get("enabled") is False or override.get("action") not in (None, "", *STOPPING)


def _hollow_score(overrides: Mapping[str, Any]) -> bool:
    score = [each for each in overrides.get("rules") or () if each.get("id") == OWASP_SCORE_RULE]
    return any(_hollow(each) or (each.get("score_threshold") or 0) > HIGHEST_THRESHOLD for each in score)
