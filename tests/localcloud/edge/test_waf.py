"""What the zone's rules do with real requests; and what hollows them out."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.edge import waf
from tests.localcloud.api.conftest import ACCOUNT
from tests.localcloud.edge.site import ATTACK, MANAGED_RULES, NAME, Site

MANAGED, CUSTOM, LIMITS = waf.MANAGED, waf.CUSTOM, waf.LIMITS
CLOUDFLARE, OWASP = MANAGED_RULES


def execute(ruleset: str, **overrides: Any) -> dict[str, Any]:
    return {"action": "execute", "expression": "true", "action_parameters": {"id": ruleset, "overrides": overrides}}


def skip(expression: str = "true", **parameters: Any) -> dict[str, Any]:
    return {"action": "skip", "expression": expression, "action_parameters": parameters}


@pytest.mark.parametrize(
    "path",
    [
        ATTACK,
        "/healthz?id=1%27%20or%201=1--",
        "/healthz?id=1+union+select+password",
        "/healthz?file=../../../etc/passwd",
        "/healthz?q=$%7Bjndi:ldap://x%7D",
    ],
)
def test_well_known_attacks_are_blocked(site: Site, path: str):
    assert site.visit(path).status == 403


def test_an_attack_in_the_user_agent_is_blocked(site: Site):
    assert site.visit(agent="() { :; }; echo").status == 403


@pytest.mark.parametrize("path", ["/healthz", "/healthz?q=select+a+script+about+unions", "/healthz?path=a/../b"])
def test_ordinary_requests_are_not(site: Site, path: str):
    assert site.visit(path).status == 200


HOLLOWED: dict[str, list[dict[str, Any]]] = {
    "there is no rule": [],
    "the rules are disabled": [{**each, "enabled": False} for each in MANAGED_RULES],
    "they run for another name only": [{**each, "expression": 'http.host eq "other.example"'} for each in MANAGED_RULES],
    "their expression is not understood": [{**each, "expression": "cf.bot_management.score lt 30"} for each in MANAGED_RULES],
    "they only log": [execute(waf.CLOUDFLARE, action="log"), execute(waf.OWASP, action="log")],
    "they are switched off by an override": [execute(waf.CLOUDFLARE, enabled=False), execute(waf.OWASP, enabled=False)],
    "a category is switched off": [execute(waf.CLOUDFLARE, categories=[{"category": "xss", "enabled": False}])],
    "the score's rule only logs": [execute(waf.OWASP, rules=[{"id": waf.OWASP_SCORE_RULE, "action": "log"}])],
    "the score is never reached": [execute(waf.OWASP, rules=[{"id": waf.OWASP_SCORE_RULE, "score_threshold": 1000}])],
    "a rule skips what follows": [skip(ruleset="current"), *MANAGED_RULES],
    "a rule skips both by name": [skip(rulesets=[waf.CLOUDFLARE, waf.OWASP]), *MANAGED_RULES],
    "an expression that nobody understands skips": [skip("cf.client.bot", ruleset="current"), *MANAGED_RULES],
}


@pytest.mark.parametrize("case", HOLLOWED)
def test_what_hollows_the_managed_rules_lets_the_attack_through(site: Site, case: str):
    site.rules(MANAGED, HOLLOWED[case])
    assert site.visit(ATTACK).status == 200


WHOLE: dict[str, list[dict[str, Any]]] = {
    "one ruleset is enough": [CLOUDFLARE],
    "so is the other": [OWASP],
    "one that is left": [execute(waf.CLOUDFLARE, enabled=False), OWASP],
    "another category is switched off": [execute(waf.CLOUDFLARE, categories=[{"category": "sqli", "enabled": False}])],
    "an override blocks": [execute(waf.CLOUDFLARE, action="block")],
    "a challenge stops a program, too": [execute(waf.CLOUDFLARE, action="managed_challenge")],
    "the score's threshold is a real one": [execute(waf.OWASP, rules=[{"id": waf.OWASP_SCORE_RULE, "score_threshold": 25}])],
    "the skip is for another name": [skip('http.host eq "other.example"', ruleset="current"), *MANAGED_RULES],
    "the skip is disabled": [{**skip(ruleset="current"), "enabled": False}, *MANAGED_RULES],
    "the skip comes too late": [*MANAGED_RULES, skip(ruleset="current")],
    "the skip leaves one out": [skip(rulesets=[waf.CLOUDFLARE]), *MANAGED_RULES],
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_leaves_them_whole_does_not(site: Site, case: str):
    site.rules(MANAGED, WHOLE[case])
    assert site.visit(ATTACK).status == 403


@pytest.mark.parametrize(
    ("parameters", "status"),
    [({"phases": [MANAGED]}, 200), ({"products": ["waf"]}, 200), ({"ruleset": "current"}, 403), ({"phases": [LIMITS]}, 403)],
)
def test_a_custom_rule_may_skip_the_managed_phase(site: Site, parameters: dict[str, Any], status: int):
    site.rules(CUSTOM, [skip(**parameters)])
    assert site.visit(ATTACK).status == status


def test_the_accounts_rules_come_before_the_zones(site: Site):
    path = f"/accounts/{ACCOUNT}/rulesets/phases/{CUSTOM}/entrypoint"
    site.cloud.cf("PUT", path, {"rules": [skip(phases=[MANAGED])]})
    assert site.visit(ATTACK).status == 200


def test_custom_rules_block_challenge_and_log(site: Site):
    where = 'starts_with(http.request.uri.path, "/secret") and not ip.src in {198.51.100.0/24}'
    for action, status in {"block": 403, "managed_challenge": 403, "log": 404}.items():
        site.rules(CUSTOM, [{"action": action, "expression": where}])
        answer = site.visit("/secret/a")
        assert answer.status == status
        assert ("cf-mitigated" in answer.headers) == (action == "managed_challenge")
        assert site.visit("/healthz").status == 200


def test_a_rate_limit_stops_the_request_that_is_one_too_many(site: Site):
    limit = {"period": 60, "requests_per_period": 3, "characteristics": ["ip.src"], "mitigation_timeout": 60}
    site.rules(LIMITS, [{"action": "block", "expression": f'http.host eq "{NAME}"', "ratelimit": limit}])
    assert [site.visit().status for _ in range(5)] == [200, 200, 200, 429, 429]
    assert site.visit(source="127.55.0.1").status == 200


def test_a_rate_limit_forgets_after_its_period():
    now = 0.0
    counters = waf.Counters(lambda: now)
    assert [counters.exceeded("a", "b", 10, 2) for _ in range(3)] == [False, False, True]
    now = 10.0
    assert not counters.exceeded("a", "b", 10, 2)


def test_the_rules_of_another_zone_are_none_of_ours(site: Site):
    other = site.cloud.cf("POST", "/zones", {"name": "other.example", "account": {"id": ACCOUNT}})["id"]
    path = f"/zones/{other}/rulesets/phases/{CUSTOM}/entrypoint"
    site.cloud.cf("PUT", path, {"rules": [{"action": "block", "expression": "true"}]})
    assert site.visit().status == 200
