"""Hygiene on the command line: beside the promises, never in a verdict, and in the exit code only when asked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kept import hygiene, planning
from kept.commands import plan, verify
from policies.hygiene.document import rows
from policies.hygiene.judging import judge_plan as judge_hygiene
from policies.hygiene.standing import NO_RUN, Standing, of_log, of_results
from policies.judging import judge_plan
from policies.readers import state
from promises.hygiene import GROUP, choices, rules
from promises.loading import load_catalog
from promises.observations import RunSummary, Surface, summarise
from tests.policies.controls.compliant import document

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = load_catalog("illumacom", None)


@pytest.fixture
def compliant(tmp_path: Path) -> Path:
    """A state that keeps every promise of the plan as far as this one can, and has much to wish for in its hygiene."""
    path = tmp_path / "state.json"
    path.write_text(json.dumps(document()))
    return path


def run(command: Any, *arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert answer.exception is None, answer.exception
    return answer.return_value, answer.output


def test_the_table_follows_the_promises_and_counts_what_is_well(compliant: Path) -> None:
    _, said = run(plan.command, "illumacom", "--state", str(compliant))
    promises, _, rest = said.partition("HYGIENE")
    assert "region.us-only" in promises
    assert "dns.caa" in rest
    assert "not set" in rest
    assert "hygiene, beside the promises:" in rest
    assert rest.index("high") < rest.index("medium")


@pytest.mark.parametrize("command", [plan.command, verify.command])
def test_json_holds_every_rule_with_three_ways_to_mend_it(compliant: Path, command: Any) -> None:
    _, said = run(command, "illumacom", "--state", str(compliant), "-o", "json")
    found = {each["id"]: each for each in json.loads(said[said.index("{") :])["hygiene"]}
    assert set(found) == {name for name, rule in rules().items() if Surface.PLAN in rule.surfaces}
    assert found["zone.tls13"]["status"] == "pass"
    assert found["dns.caa"]["status"] == "fail"
    assert found["dns.caa"]["reasons"] == [f"CAA of zone example.com: not set at the domain itself, {_expected()}"]
    assert all(each["remediation"].keys() == {"console", "cli", "pulumi"} for each in found.values())


def _expected() -> str:
    return "expected CAA at the domain itself, naming only " + ", ".join(rules()["dns.caa"].figures[0].default)  # type: ignore[arg-type]


@pytest.mark.parametrize("command", [plan.command, verify.command])
def test_the_exit_code_is_the_promises_unless_hygiene_was_asked_for(compliant: Path, command: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(planning.PlanOutcome, "exit_code", property(lambda _: 0))
    assert run(command, "illumacom", "--state", str(compliant))[0] == 0
    assert run(command, "illumacom", "--state", str(compliant), "--fail-on", "hygiene")[0] == 4


def findings(**off: str) -> tuple[Any, ...]:
    """How the rules stand over the state above; those named are switched off."""
    chosen = tuple(replace(each, off=off.get(each.rule.id.replace(".", "_").replace("-", "_"), "")) for each in choices(None))
    return of_results(judge_hygiene(state.read(document()), replace(CATALOG, hygiene=chosen), NOW))


def test_worse_news_keeps_its_exit_code() -> None:
    assert [hygiene.exit_code(code, findings()) for code in (0, 3, 4, 5)] == [4, 3, 4, 5]
    assert hygiene.exit_code(0, [each for each in findings() if each.standing is not Standing.FAIL]) == 0


def test_a_rule_that_is_off_tells_its_reason_and_fails_nothing() -> None:
    found = {each.choice.rule.id: each for each in findings(dns_caa="issued by an authority of our own")}
    assert found["dns.caa"].standing is Standing.OFF
    assert rows([found["dns.caa"]])[0]["reasons"] == ["issued by an authority of our own"]


def test_no_verdict_depends_on_hygiene() -> None:
    """The plan controls are the same with every rule failing, passing, or off."""
    stack = state.read(document())
    off = replace(CATALOG, hygiene=tuple(replace(each, off="not here") for each in CATALOG.hygiene))
    assert judge_plan(stack, CATALOG, NOW) == judge_plan(stack, off, NOW)
    assert GROUP not in {run.promise for run in judge_plan(stack, CATALOG, NOW)}


def logged() -> tuple[RunSummary, ...]:
    """The runs as the log gives them back."""
    return tuple(summarise(each.run) for each in judge_hygiene(state.read(document()), CATALOG, NOW) if each.run)


def test_the_logs_latest_run_counts() -> None:
    (caa,) = (each for each in logged() if each.control == "dns.caa")
    earlier = replace(caa, finished=NOW.replace(year=2025), counts={}, listed=())
    found = {(each.choice.rule.id, each.surface): each for each in of_log(CATALOG, [caa, earlier])}
    assert found["dns.caa", Surface.PLAN].run == caa
    assert found["dns.caa", Surface.LIVE].run is None


def test_what_nobody_has_looked_at_is_unknown() -> None:
    found = of_log(CATALOG, ())
    on = [each for each in found if not each.choice.off]
    assert {each.standing for each in on} == {Standing.UNKNOWN}
    assert {each.reasons for each in on} == {(NO_RUN,)}


def test_another_promises_runs_are_no_hygiene() -> None:
    foreign = [replace(each, promise="dns.caa") for each in logged()]
    assert all(each.run is None for each in of_log(CATALOG, foreign))


def test_an_incomplete_run_is_unknown() -> None:
    tls13 = next(each for each in logged() if each.control == "zone.tls13")
    found = next(each for each in of_log(CATALOG, [replace(tls13, complete=False)]) if each.run)
    assert found.standing is Standing.UNKNOWN
    assert found.reasons == ("it did not come to its end",)


def test_nothing_is_shown_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    hygiene.show(())
    assert capsys.readouterr().out == ""
