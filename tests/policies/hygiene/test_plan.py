"""Every rule of hygiene over a plan: what is right passes, one thing broken fails exactly its rule, what is not known is left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.hygiene import all_checks, base
from policies.hygiene.judging import Result, judge_plan
from policies.hygiene.standing import Standing, of_results
from policies.kinds import DROPLET, KINDS, RECORD, ZONE
from policies.readers.state import Stack, stack_of
from promises.hygiene import GROUP, Choice, choices, rules
from promises.loading import load_catalog
from promises.observations import Observation, Outcome, Surface
from tests.policies.controls.compliant import drop, put, without
from tests.policies.hygiene.cases import BROKEN, FINE, HIDDEN, UNKNOWN
from tests.policies.hygiene.compliant import ADDRESS, ZONE_ID, empty, says, stack

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = replace(load_catalog("luggage", None), hygiene=choices(None))
"""Every rule with its defaults, whatever the shop's catalog says."""


def results(seen: Stack, chosen: tuple[Choice, ...] = CATALOG.hygiene, now: datetime = NOW) -> dict[str, Result]:
    return {each.choice.rule.id: each for each in judge_plan(seen, replace(CATALOG, hygiene=chosen), now)}


def of(outcome: Outcome, found: Mapping[str, Result]) -> dict[str, str]:
    """The subjects with an outcome, joined, by rule."""
    subjects = {name: [each.subject for each in observations(one) if each.outcome is outcome] for name, one in found.items()}
    return {name: "|".join(each) for name, each in subjects.items() if each}


def observations(result: Result) -> tuple[Observation, ...]:
    return result.run.observations if result.run else ()


def stand(result: Result) -> Standing:
    (finding,) = of_results([result])
    return finding.standing


def choosing(rule: str, **figures: Any) -> tuple[Choice, ...]:
    """The rules with other figures for one of them."""
    return tuple(replace(each, parameters={**each.parameters, **figures}) if each.rule.id == rule else each for each in CATALOG.hygiene)


def test_every_rule_has_a_check_and_every_check_a_rule() -> None:
    assert set(all_checks()) == set(rules())


def test_every_kind_that_is_judged_has_a_name_for_readers() -> None:
    assert {kind for check in all_checks().values() for kind in check.kinds} <= set(KINDS)


def test_a_rule_has_one_check() -> None:
    with pytest.raises(ValueError, match="two checks"):
        base.checks("zone.tls13", ZONE)(lambda _: [])


@pytest.mark.parametrize("case", FINE)
def test_passes_what_is_right(case: str) -> None:
    found = results(stack(*FINE[case]))
    assert of(Outcome.FAIL, found) == {}
    assert of(Outcome.UNKNOWN, found) == {}


def test_every_rule_passes_on_the_compliant_stack() -> None:
    assert {stand(each) for each in results(stack()).values()} == {Standing.PASS}


@pytest.mark.parametrize("case", BROKEN)
def test_flags_exactly_what_is_broken(case: str) -> None:
    changes, expected = BROKEN[case]
    found = results(stack(*changes))
    assert of(Outcome.FAIL, found) == expected
    assert of(Outcome.UNKNOWN, found) == {}
    failures = [each for result in found.values() for each in observations(result) if each.outcome is Outcome.FAIL]
    assert all(each.expected and each.observed for each in failures)
    assert all(each.mend == rules()[name].remediation.pulumi for name in expected for each in failures if len(expected) == 1)


@pytest.mark.parametrize("case", HIDDEN)
def test_leaves_open_what_is_not_known(case: str) -> None:
    """An unknown value is never a pass, and never a failure by itself."""
    changes, expected = HIDDEN[case]
    found = results(stack(*changes))
    assert of(Outcome.UNKNOWN, found) == expected
    assert of(Outcome.FAIL, found) == {}


REASONS = {
    "no Kubernetes": ((without("k8s"),), "kubernetes.sso", "no Kubernetes cluster"),
    "no token": ((without("deployer"),), "account.token-expiry", "no token"),
    "no account": ((without("account"),), "account.two-factor", "the live check asks"),
    "no certificate": ((without("served"), without("origin"), without("pack")), "certificate.expiry", "no certificate"),
    "no reserved address": ((without("reserved"),), "address.unattached", "no address is reserved"),
    "no key": ((without("operations"), without("deploy")), "account.ssh-keys", "no SSH key"),
    "no firewall that names tags": ((put("web", "tags", []),), "host.firewall-tags", "names a tag"),
    "no mail": ((put("spf", "content", "v=spf1 -all"),), "mail.dkim", "sends no mail"),
    "a zone for aliases": ((put("zone", "type", "partial"),), "dns.caa", "served elsewhere"),
}


@pytest.mark.parametrize("case", REASONS)
def test_is_not_applicable_only_with_a_reason(case: str) -> None:
    changes, rule, reason = REASONS[case]
    result = results(stack(*changes))[rule]
    assert stand(result) is Standing.NOT_APPLICABLE
    assert [each.outcome for each in observations(result)] == [Outcome.NOT_APPLICABLE]
    assert reason in observations(result)[0].observed


OPTIONAL = {name for name, check in all_checks().items() if check.none}


def test_an_empty_stack_proves_nothing() -> None:
    found = results(stack_of(()))
    assert {name for name, each in found.items() if stand(each) is Standing.NOT_APPLICABLE} == OPTIONAL
    assert {name for name, each in found.items() if stand(each) is Standing.UNKNOWN} == set(rules()) - OPTIONAL


def test_a_zone_that_is_not_here_is_judged_by_what_names_it() -> None:
    """A program that only adds to a zone made elsewhere: settings are judged; what needs the zone's own name is left open."""
    found = results(stack(without("zone"), put("tls_1_3", "value", "off")))
    assert of(Outcome.FAIL, found) == {"zone.tls13": f"tls_1_3 of zone {ZONE_ID}"}
    assert all(each.run and each.run.complete for each in found.values())
    open_still = {name for name, each in found.items() if stand(each) is Standing.UNKNOWN}
    assert open_still == {"dns.caa", "dns.wildcard", "dns.dangling", "dns.internal", "mail.spf", "mail.dkim", "mail.dmarc"}


def test_before_a_zone_exists_only_what_is_there_can_be_wrong() -> None:
    parts = ("dnssec", "universal", "bots", "tls_1_3", "browser_check", "development_mode", "security_header")
    hidden = tuple(put(name, "zoneId", UNKNOWN) for name in parts)
    changes = (put("zone", "id", UNKNOWN), *hidden, put("browser_check", "value", "off"), without("tls_1_3"))
    found = results(stack(*changes))
    assert of(Outcome.FAIL, found)["zone.browser-check"] == "browser_check of zone example.com"
    assert stand(found["zone.tls13"]) is Standing.UNKNOWN
    assert stand(found["dns.dnssec"]) is Standing.UNKNOWN


def test_an_input_counts_where_the_provider_reads_nothing_back() -> None:
    seen = stack(drop("web0", "backups"))
    resources = tuple(replace(each, inputs={"backups": True}) if each.name == "web0" else each for each in seen.resources)
    assert stand(results(replace(seen, resources=resources))["host.backups"]) is Standing.PASS


FIGURES: dict[str, tuple[str, dict[str, Any], tuple[Any, ...], str]] = {
    "authorities of its own": ("dns.caa", {"authorities": ("example-ca.test",)}, (), "fail"),
    "an authority that may issue": (
        "dns.caa",
        {"authorities": ("example-ca.test",)},
        (put("caa", "data.value", "example-ca.test"),),
        "pass",
    ),
    "a name that is hosted elsewhere": (
        "dns.dangling",
        {"elsewhere": ("provider.example",)},
        (says("shop", "CNAME", "shops.provider.example"),),
        "pass",
    ),
    "a name that is hosted elsewhere, itself": (
        "dns.dangling",
        {"elsewhere": ("provider.example",)},
        (says("shop", "CNAME", "Provider.example."),),
        "pass",
    ),
    "a name that only ends like one": (
        "dns.dangling",
        {"elsewhere": ("provider.example",)},
        (says("shop", "CNAME", "notprovider.example"),),
        "fail",
    ),
    "an address that is hosted elsewhere": ("dns.dangling", {"addresses": ("8.8.4.0/24",)}, (says("a", "A", "8.8.4.4"),), "pass"),
    "an address that is not": ("dns.dangling", {"addresses": ("8.8.4.0/24",)}, (says("a", "A", "8.8.5.4"),), "fail"),
    "a longer HSTS": ("zone.hsts", {"least_age": timedelta(days=400)}, (), "fail"),
    "hosts that are rebuilt": ("host.backups", {"rebuilt": ("web",)}, (put("web0", "backups", False),), "pass"),
    "other hosts that are rebuilt": ("host.backups", {"rebuilt": ("web",)}, (put("jobs0", "backups", False),), "fail"),
    "a longer notice for engines": ("database.version", {"notice": timedelta(days=2000)}, (), "fail"),
    "a bucket that needs no versions": (
        "bucket.versioning",
        {"plain": ("shop-files",)},
        (put("files", "versioning", {"enabled": False}),),
        "not applicable",
    ),
    "a bucket that keeps its versions": (
        "bucket.lifecycle",
        {"keeps_versions": ("shop-files",)},
        (drop("files", "lifecycleRules.0.noncurrentVersionExpiration"),),
        "pass",
    ),
    "a bucket without versions has none to end": (
        "bucket.lifecycle",
        {},
        (put("files", "versioning", {"enabled": False}), drop("files", "lifecycleRules.0.noncurrentVersionExpiration")),
        "pass",
    ),
    "a longer notice for certificates": ("certificate.expiry", {"notice": timedelta(days=90)}, (), "fail"),
    "a shorter life of tokens": ("account.token-expiry", {"longest": timedelta(days=90)}, (), "fail"),
    "a longer notice for releases": ("kubernetes.version", {"notice": timedelta(days=300)}, (), "fail"),
}


@pytest.mark.parametrize("case", FIGURES)
def test_a_catalogs_figures_decide(case: str) -> None:
    rule, figures, changes, standing = FIGURES[case]
    assert stand(results(stack(*changes), choosing(rule, **figures))[rule]) == standing


BOUNDARIES = {
    "an engine at its notice": ("database.version", "15", datetime(2027, 2, 11, tzinfo=UTC), "fail"),
    "an engine a day before": ("database.version", "15", datetime(2027, 2, 10, tzinfo=UTC), "pass"),
    "the newest engine at its notice": ("database.version", "17", datetime(2029, 2, 7, tzinfo=UTC), "fail"),
    "a release at its notice": ("kubernetes.version", "1.35.1-do.0", datetime(2027, 1, 29, tzinfo=UTC), "fail"),
    "a release a day before": ("kubernetes.version", "1.35.1-do.0", datetime(2027, 1, 28, tzinfo=UTC), "pass"),
    "the oldest release of the table before its end": ("kubernetes.version", "1.31.9", datetime(2025, 10, 1, tzinfo=UTC), "pass"),
}


@pytest.mark.parametrize("case", BOUNDARIES)
def test_the_clock_is_an_argument(case: str) -> None:
    rule, version, now, standing = BOUNDARIES[case]
    seen = stack(put("db", "version", version), put("k8s", "version", version))
    assert stand(results(seen, now=now)[rule]) == standing


def test_a_rule_that_is_off_is_not_run() -> None:
    off = tuple(replace(each, off="no reason") if each.rule.id == "zone.tls13" else each for each in CATALOG.hygiene)
    result = results(stack(without("tls_1_3")), off)["zone.tls13"]
    assert (stand(result), result.run) == (Standing.OFF, None)


def test_runs_bear_the_groups_name_and_never_a_promises() -> None:
    for name, result in results(stack()).items():
        assert result.run is not None
        assert (result.run.promise, result.run.control, result.run.surface) == (GROUP, name, Surface.PLAN)
        assert result.run.method == rules()[name].title


@pytest.mark.parametrize("odd", [None, "", 7, -1.5, [], {}, [None], {"a": None}, "not an address", True])
@pytest.mark.parametrize(
    "name", ["web0", "web", "lb", "reserved", "operations", "db", "files", "zone", "caa", "spf", "dkim", "apex", "pack", "k8s"]
)
def test_odd_values_are_no_crash_and_no_pass(name: str, odd: Any) -> None:
    """Whatever stands in a property, no rule stops by an error that is not told as unknown, and the others go on."""
    seen = stack()
    (target,) = (each for each in seen.resources if each.name == name)
    for property_name in target.outputs:
        found = results(stack(put(name, property_name, odd)))
        assert all(each.run is not None and (each.run.complete or stand(each) in ("fail", "unknown")) for each in found.values())


def test_a_rule_that_stops_takes_no_other_down(caplog: pytest.LogCaptureFixture) -> None:
    found = results(stack(put("k8s", "ssos", 7)))
    (said,) = observations(found["kubernetes.sso"])
    assert (said.outcome, found["kubernetes.sso"].run.complete) == (Outcome.UNKNOWN, False)  # type: ignore[union-attr]
    assert "TypeError" in said.observed
    assert stand(found["kubernetes.version"]) is Standing.PASS


def test_members_are_not_asked_of_a_plan() -> None:
    """The provider tells of a member what it is told by the cloud; only the live check judges it, and no person is named."""
    found = results(stack(put("owner", "secondFactor", False)))
    assert stand(found["account.two-factor"]) is Standing.PASS


def test_a_stack_of_records_alone_says_what_it_lacks() -> None:
    found = results(stack(*(without(name) for name in ("web0", "jobs0", "db", "files"))))
    for rule in ("host.backups", "host.monitoring", "host.firewall", "database.version", "bucket.versioning"):
        (said,) = observations(found[rule])
        assert said.outcome is Outcome.UNKNOWN
        assert "was found" in said.observed


def test_a_resource_without_properties_is_never_a_pass() -> None:
    for name, kind in (("web0", DROPLET), ("app", RECORD)):
        seen = stack(empty(name))
        assert any(each.type == kind for each in seen.resources)
        assert of(Outcome.PASS, results(seen)).get("host.monitoring", "") != "droplet web0|droplet jobs0" or kind == RECORD


def test_an_alias_below_a_wildcard_of_ours_is_answered() -> None:
    found = results(stack(says("*.dev", "A", ADDRESS), says("blog", "CNAME", "x.y.dev.example.com")))
    assert stand(found["dns.dangling"]) is Standing.PASS
