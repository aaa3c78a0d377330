"""Every format of a report: what passes in it is kept, and no value breaks out of it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.dom import minidom

import pytest

from kept.commands.report import FORMATS as CHOICES
from policies.reports import junit, markdown, sarif, spreadsheet
from policies.reports.changes import Comparison, NotAReport, changes, earlier, statuses
from policies.reports.document import document
from policies.reports.formats import FORMATS, everything, ours
from policies.reports.model import Report
from promises.observations import Outcome, RunSummary
from promises.verdicts import Status
from tests.policies.reports import schemas
from tests.policies.reports.sample import HOSTILE, TRUST, report, runs
from tests.policies.reports.sample import catalog as of


@pytest.fixture(scope="module")
def whole() -> Report:
    return report()


def rows(given: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(spreadsheet.render(given))))


def cases(given: Report) -> dict[str, str]:
    """The kind of every JUnit case, by suite and name."""
    found = {}
    for case in minidom.parseString(junit.render(given).encode()).getElementsByTagName("testcase"):
        kinds = [each.tagName for each in case.childNodes if each.tagName != "system-out"]
        found[f"{case.getAttribute('classname')} {case.getAttribute('name')}"] = kinds[0] if kinds else "passed"
    return found


def test_the_command_offers_every_format() -> None:
    assert {*FORMATS, "all"} == set(CHOICES)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(name: str, whole: Report) -> None:
    assert FORMATS[name].render(whole) == FORMATS[name].render(report())


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_without_any_run_and_one_without_any_promise_can_be_written(name: str, whole: Report) -> None:
    assert FORMATS[name].render(report(log=[]))
    assert FORMATS[name].render(replace(whole, entries=(), counts=dict.fromkeys(Status, 0)))


def test_the_index_names_every_file_with_its_size(whole: Report) -> None:
    files = everything(whole)
    assert {each.name for each in FORMATS.values()} == {path.split("/")[0] for path in files if path != "index.html"}
    for path, text in files.items():
        assert ours(path)
        assert path == "index.html" or f'<a href="{path}">' in files["index.html"]
        assert path == "index.html" or f">{len(text.encode())}<" in files["index.html"]
    assert not ours("diary.txt")
    assert not ours("report.html/diary.txt")
    HTMLParser().feed(files["index.html"])
    assert "script-src 'none'" in files["index.html"].replace("&#39;", "'")


def test_csv_begins_with_the_columns_auditors_know(whole: Report) -> None:
    first = spreadsheet.render(whole).split("\r\n")[0]
    assert first.startswith("Requirements_Id,Requirements_Description,Status,StatusExtended,ResourceId,CheckId,Muted,AssessmentDate,")


def test_csv_has_every_listed_observation_and_every_proof_without_one(whole: Report) -> None:
    found = rows(whole)
    listed = sum(len(proof.rows) for entry in whole.entries for proof in entry.proofs)
    assert len(found) == listed + sum(proof.run is None for entry in whole.entries for proof in entry.proofs)
    assert {row["Status"] for row in found} == {"PASS", "FAIL", "UNKNOWN"}
    assert all(row["Status"] == "UNKNOWN" for row in found if row["CheckId"] == "planned")


def test_csv_mutes_what_is_excepted_and_nothing_else(whole: Report) -> None:
    assert [(row["Requirements_Id"], row["Status"]) for row in rows(whole) if row["Muted"] == "True"] == [("firewall.https-only", "FAIL")]


def test_csv_counts_what_the_log_does_not_list() -> None:
    log = [replace(each, counts={**each.counts, Outcome.PASS: 40}, population=40) for each in runs(of()) if each.control == "keys.ages"]
    more = [row for row in rows(report(log=log)) if row["ResourceId"] == "(38 more)"]
    assert [row["Status"] for row in more] == ["PASS"]
    assert more[0]["Sha256"] == "d" * 64


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\tx"])
def test_csv_cells_are_no_formulas(cell: str) -> None:
    log = [replace(each, listed=(replace(each.listed[0], subject=cell),)) for each in runs(of())]
    assert {row["ResourceId"] for row in rows(report(log=log))} <= {f"'{cell}", "", "(1 more)"}


def test_junit_passes_only_what_is_kept_or_at_risk(whole: Report) -> None:
    found = cases(whole)
    for entry in whole.entries:
        for proof in entry.proofs:
            kind = found[f"illumacom.{entry.promise.id} {proof.name} ({proof.surface})"]
            assert (kind == "passed") == (proof.status in (Status.KEPT, Status.AT_RISK))
            assert (kind == "failure") == (proof.status is Status.BROKEN)
            assert (kind == "skipped") == (proof.verdict.proof.planned is not None)


def test_junit_counts_add_up(whole: Report) -> None:
    top = minidom.parseString(junit.render(whole).encode()).documentElement
    kinds = list(cases(whole).values())
    counted = {name: int(top.getAttribute(name)) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {
        "tests": len(kinds),
        "failures": kinds.count("failure"),
        "errors": kinds.count("error"),
        "skipped": kinds.count("skipped"),
    }


def test_junit_passes_nothing_when_the_log_does_not_verify() -> None:
    assert set(cases(report(trust=replace(TRUST, verified=False))).values()) == {"error"}


def test_junit_has_no_character_that_xml_forbids() -> None:
    log = [replace(each, listed=(replace(each.listed[0], outcome=Outcome.FAIL, observed="\x00\x0b\ufffe"),)) for each in runs(of())]
    log = [replace(each, counts={Outcome.FAIL: 1}, population=1) for each in log]
    assert "failure" in cases(report(log=log)).values()


def test_sarif_holds_what_plan_controls_found_and_nothing_of_the_live_clouds() -> None:
    log = [replace(each, listed=(replace(each.listed[0], outcome=Outcome.FAIL),), counts={Outcome.FAIL: 1}) for each in runs(of())]
    given = report(log=log)
    (run,) = json.loads(sarif.render(given))["runs"]
    plan = [f"{entry.promise.id}/{proof.name}" for entry in given.entries for proof in entry.proofs if proof.surface == "plan"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == plan
    assert [result["ruleId"] for result in run["results"]] == plan
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"], result["level"]) in {("fail", "error"), ("fail", "warning"), ("fail", "note")}


@pytest.mark.skipif(schemas.sarif() is None, reason="OASIS' schema is not at hand (see tests/policies/reports/schemas.py)")
@pytest.mark.parametrize("log", [None, []], ids=["all verdicts", "no run"])
def test_the_schema_of_oasis_accepts_sarif(log: list[RunSummary] | None) -> None:
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(schemas.sarif())
    assert [str(error) for error in validator.iter_errors(json.loads(sarif.render(report(log=log))))] == []


def test_sarif_calls_what_could_not_be_judged_open() -> None:
    log = [replace(each, listed=(replace(each.listed[0], outcome=Outcome.UNKNOWN),), counts={Outcome.UNKNOWN: 1}) for each in runs(of())]
    (run,) = json.loads(sarif.render(report(log=log)))["runs"]
    assert {(result["kind"], result["level"]) for result in run["results"]} == {("open", "none")}


def test_markdown_escapes_every_value() -> None:
    text = markdown.render(report())
    assert HOSTILE not in text
    assert not re.search(r"(?<!\\)<", text)
    assert "@\u200b" in markdown.render(replace(report(), platform="@everybody"))


def test_markdown_counts_what_does_not_fit(whole: Report) -> None:
    entries = tuple(whole.attention[0] for _ in range(900))
    text = markdown.render(replace(whole, entries=entries, counts={**whole.counts, Status.BROKEN: 900}))
    assert len(text) < 65_000
    shown = text.count("| ✗ broken |")
    assert f"and {900 - shown} promises more: see the report." in text


def test_markdown_tells_which_verdicts_would_change_worst_first(whole: Report) -> None:
    before = earlier(json.loads(json.dumps(document(whole))))
    assert changes(before, statuses(whole)) == ()
    assert "None." in markdown.render(whole, Comparison(before, statuses(whole), "Against a report"))
    kept = next(entry.promise.id for entry in whole.entries if entry.status is Status.KEPT)
    moved = {**{name: status for name, status in before.items() if name != kept}, "database.no-public-access": "kept", "gone": "kept"}
    assert [(each.promise, each.before, each.after, each.worse) for each in changes(moved, statuses(whole))] == [
        ("database.no-public-access", "kept", "broken", True),
        ("gone", "kept", None, True),
        (kept, None, "kept", False),
    ]
    assert "| worse | `database.no-public-access` | kept | broken |" in markdown.render(
        whole, Comparison(moved, statuses(whole), "Against a report")
    )


def test_what_the_plan_says_gets_worse_from_pass_to_unknown_to_fail() -> None:
    said = ("plan: pass", "plan: unknown", "plan: fail")
    for before in said:
        for after in said:
            found = [each.worse for each in changes({"a": before}, {"a": after})]
            assert found == ([] if before == after else [said.index(after) > said.index(before)])


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"schema_version": 1},
        {"schema_version": 2, "promises": []},
        {"schema_version": 1, "promises": [{"id": "a", "status": "fine"}]},
    ],
)
def test_only_a_report_is_compared_with(wrong: object) -> None:
    with pytest.raises(NotAReport):
        earlier(wrong)
