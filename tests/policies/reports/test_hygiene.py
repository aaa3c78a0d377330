"""Hygiene in every format of a report: a section of its own, every standing in words, and no verdict touched."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from policies.hygiene.judging import judge_plan
from policies.hygiene.standing import Standing
from policies.reports import document, junit, markdown, page, public, sarif, spreadsheet
from policies.reports.model import Judged, Report, build
from promises.hygiene import GROUP, choices, rules
from promises.observations import RunSummary, summarise
from promises.verdicts import judge
from tests.policies.controls.compliant import drop, put
from tests.policies.hygiene.compliant import stack
from tests.policies.reports.sample import HOSTILE, MAKING, TRUST, catalog
from tests.promises.support import NOW

OFF = "the registrar cannot"
CATALOG = replace(catalog(), hygiene=tuple(replace(each, off=OFF) if each.rule.id == "dns.dnssec" else each for each in choices(None)))


def runs() -> tuple[RunSummary, ...]:
    """TLS 1.3 is off, a host's name is hostile, a bucket's versions are not known, the rest is well."""
    hidden = put("files", "versioning", "04da6b54-80e4-46f7-96ec-b56ff0331ba9")
    seen = stack(put("tls_1_3", "value", "off"), put("web0", "name", HOSTILE), drop("web0", "backups"), hidden)
    return tuple(replace(summarise(each.run), record=7) for each in judge_plan(seen, CATALOG, NOW.replace(year=2026)) if each.run)


def reported(log: tuple[RunSummary, ...]) -> Report:
    verdicts = [judge(each, log, NOW, log_verified=True) for each in CATALOG.promises]
    return build(CATALOG, Judged(NOW, verdicts, log), TRUST, MAKING)


@pytest.fixture(scope="module")
def report() -> Report:
    return reported(runs())


def test_no_verdict_hears_of_it(report: Report) -> None:
    without = reported(())
    assert [each.verdict for each in report.entries] == [each.verdict for each in without.entries]
    assert report.answer == without.answer
    assert without.hygiene == ()


def test_the_worst_comes_first(report: Report) -> None:
    first, second = report.hygiene[:2]
    assert {first.choice.rule.id, second.choice.rule.id} == {"zone.tls13", "host.backups"}
    order = [list(Standing).index(each.standing) for each in report.hygiene]
    assert order == sorted(order)


def test_json_holds_every_rule_with_its_mending(report: Report) -> None:
    found = {(each["id"], each["surface"]): each for each in document.document(report)["hygiene"]}
    assert {rule for rule, _ in found} == set(rules())
    assert found["zone.tls13", "plan"]["status"] == "fail"
    assert found["zone.tls13", "plan"]["record"] == 7
    assert found["zone.tls13", "plan"]["remediation"]["cli"] == rules()["zone.tls13"].remediation.cli
    assert found["zone.tls13", "live"]["status"] == "unknown"
    assert found["dns.dnssec", "plan"]["reasons"] == [OFF]


def test_csv_has_a_row_a_subject_and_mutes_what_is_off(report: Report) -> None:
    rows = [row for row in csv.DictReader(io.StringIO(spreadsheet.render(report))) if row["Requirements_Id"].startswith(f"{GROUP}.")]
    plan = {(row["CheckId"], row["ResourceId"]): row for row in rows if row["Surface"] == "plan"}
    assert plan["zone.tls13", "tls_1_3 of zone example.com"]["Status"] == "FAIL"
    assert plan["bucket.versioning", "bucket shop-files"]["Status"] == "UNKNOWN"
    assert plan["host.monitoring", "droplet jobs0"]["Status"] == "PASS"
    assert (plan["dns.dnssec", ""]["Status"], plan["dns.dnssec", ""]["Muted"]) == ("NOT_APPLICABLE", "True")
    live = [row for row in rows if row["Surface"] == "live" and row["CheckId"] == "zone.tls13"]
    assert [(row["Status"], row["StatusExtended"]) for row in live] == [("UNKNOWN", "nobody has looked yet")]


def test_csv_counts_what_the_log_does_not_list() -> None:
    log = tuple(replace(each, listed=each.listed[:1]) if each.control == "host.monitoring" else each for each in runs())
    rows = list(csv.DictReader(io.StringIO(spreadsheet.render(reported(log)))))
    more = [row for row in rows if row["CheckId"] == "host.monitoring" and row["ResourceId"] == "(1 more)"]
    assert [row["Status"] for row in more] == ["PASS"]


def test_junit_has_a_suite_of_its_own_that_counts_itself(report: Report) -> None:
    root = ET.fromstring(junit.render(report))
    (suite,) = (each for each in root if each.get("name", "").startswith("hygiene"))
    cases = {each.get("name", "").partition(":")[0]: each for each in suite.iter("testcase")}
    assert cases["zone.tls13 (plan)"].find("failure") is not None
    assert cases["zone.tls13 (live)"].find("error") is not None
    assert cases["dns.dnssec (plan)"].find("skipped") is not None
    assert len(cases["host.monitoring (plan)"]) == 0
    for kind, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert suite.get(count) == str(len(list(suite.iter(kind))))
    assert not list(ET.fromstring(junit.render(reported(()))).iterfind("testsuite[@name='hygiene, beside the promises']"))


def test_sarif_holds_what_the_plan_shows_at_the_rules_level(report: Report) -> None:
    (run,) = json.loads(sarif.render(report))["runs"]
    results = {each["ruleId"]: each for each in run["results"] if each["ruleId"].startswith(f"{GROUP}/")}
    assert (results["hygiene/zone.tls13"]["kind"], results["hygiene/zone.tls13"]["level"]) == ("fail", "warning")
    assert (results["hygiene/bucket.versioning"]["kind"], results["hygiene/bucket.versioning"]["level"]) == ("open", "none")
    assert "hygiene/dns.dnssec" not in results
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(ids[each["ruleIndex"]] == each["ruleId"] for each in run["results"])


def test_markdown_counts_it_in_a_line(report: Report) -> None:
    assert "Hygiene, beside the promises: 2 fail" in markdown.render(report)
    assert "Hygiene" not in markdown.render(reported(()))


def test_the_page_folds_it_and_says_every_standing_in_words(report: Report) -> None:
    made = page.render(report)
    _, _, section = made.partition('<section aria-labelledby="hygiene">')
    section = section.partition("</section>")[0]
    assert '<details class="fold">' in section
    for word in ("fail", "unknown", "pass", "off"):
        assert f"{word}</span>" in section or f">{word}<" in section
    assert rules()["zone.tls13"].remediation.console in section
    assert rules()["zone.browser-check"].remediation.console not in section, "what is well needs no mending"
    assert HOSTILE not in made
    assert '<section aria-labelledby="hygiene">' not in page.render(reported(()))


def test_customers_read_nothing_of_it(report: Report) -> None:
    for _, render in public.FORMATS.values():
        assert "ygiene" not in render(report)
