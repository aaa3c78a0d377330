"""What weakens the edge's managed protection: rules of the rulesets engine, read as Cloudflare reads them.

Pure; rules are mappings with Pulumi's names (`actionParameters`, `overrides`). A rule that says nothing of `enabled` is enabled.
Any override that switches something off or only logs is a weakening, for a category, a tag or a single rule alike: a rule of the
OWASP set that sums up the score decides alone, and tuning belongs into an exception with an owner and an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.readers.state import Resource
from policies.zones import active_rules

MANAGED = "http_request_firewall_managed"
CUSTOM = "http_request_firewall_custom"
SKIPPING = (MANAGED, CUSTOM)
"""The phases whose skip rules can go round the managed rules."""

DDOS = ("ddos_l7", "ddos_l4")

BLOCKING = ("block", "challenge", "js_challenge", "managed_challenge", "ddos_dynamic")
"""Actions that stop a request; every other one lets it through."""

HIGHEST_THRESHOLD = 60
"""The mildest OWASP score threshold that Cloudflare offers (60, 40, 25); a higher one never fires."""

Rule = Mapping[str, Any]


def runs_for_everything(rule: Rule) -> bool:
    """Whether an active rule executes its ruleset for every request."""
    return rule.get("action") == "execute" and str(rule.get("expression")).strip(" ()") == "true"


def hollowed(rule: Rule) -> Iterator[str]:
    """What the overrides of one execute rule take away."""
    overrides = (rule.get("actionParameters") or {}).get("overrides") or {}
    yield from _off("the whole ruleset", overrides)
    for category in overrides.get("categories") or ():
        yield from _off(f"category {category.get('category')}", category)
    for single in overrides.get("rules") or ():
        yield from _off(f"rule {str(single.get('id'))[:8]}", single)


def _off(what: str, override: Mapping[str, Any]) -> Iterator[str]:
    action, threshold = override.get("action"), override.get("scoreThreshold")
    if override.get("enabled") is False:
        yield f"{what} is switched off"
    if action not in (None, "", *BLOCKING):
        yield f"{what} only does {action}"
    if threshold is not None and threshold > HIGHEST_THRESHOLD:
        yield f"{what} fires from a score of {threshold:.0f} only"


def skips(ruleset: Resource) -> Iterator[str]:
    """Active skip rules of a ruleset that go round managed rules."""
    for rule in active_rules(ruleset):
        if rule.get("action") == "skip" and (why := _skipped(ruleset, rule.get("actionParameters") or {})):
            yield f"skips {why} where {rule.get('expression')}"


def _skipped(ruleset: Resource, parameters: Mapping[str, Any]) -> str:
    if MANAGED in (parameters.get("phases") or ()):
        return "the managed phase"
    if "waf" in (parameters.get("products") or ()):
        return "the firewall"
    if ruleset.get("phase") == MANAGED:
        return "managed rules"
    return ""


def weakened(ruleset: Resource) -> Iterator[str]:
    """Active overrides of a DDoS entry point; every kind of them can only weaken."""
    for rule in active_rules(ruleset):
        if (rule.get("actionParameters") or {}).get("overrides"):
            yield f"an override where {rule.get('expression')}"
