"""`kept deploy`: a plan by default, a record when it acts, and no way round it that verdicts would not tell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.deployments import deployed_states
from kept import engine, locations
from kept import local as local_run
from kept.current_state import current
from kept.environment import Environment, catalog_of
from kept.pack_digest import pack_sha256
from kept.planning import PlanOutcome
from kept.procedures import deploy as procedure
from kept.stacks import LocalStack, backend_configured
from kept.verification import judge_log
from policies.judging import judge_plan
from policies.readers import state
from promises.verdicts import UNDEPLOYED, Status
from services import settings as settings_module
from services.errors import UsageError
from services.settings import Settings
from tests.kept.conftest import Home
from tests.policies.controls.compliant import put, stack

PLATFORM = "illumacom"
NOW = datetime(2026, 11, 23, tzinfo=UTC)

needs_engine = pytest.mark.skipif(
    not engine.is_there(), reason="`pulumi` is not on PATH: install it with its DigitalOcean and Cloudflare plugins"
)


def silent(_: str) -> None:
    """Progress that nobody reads."""


def log_size(demo: Home) -> int:
    return int(demo.json("evidence", "verify")["records"])


def plan_reasons(demo: Home, *arguments: str, code: int) -> dict[str, list[str]]:
    """By promise, the reasons that speak of the plan."""
    found = demo.json("verify", *arguments, code=code)["promises"]
    return {each["id"]: [reason for reason in each["reasons"] if "(plan)" in reason] for each in found}


def test_without_apply_it_plans_and_changes_nothing(demo: Home) -> None:
    before = log_size(demo)
    document = demo.json("deploy")
    assert document["applied"] is False
    assert {each["status"] for each in document["promises"]} == {"plan: pass"}
    assert log_size(demo) == before


def test_it_acts_only_on_the_environment_that_was_named(demo: Home) -> None:
    before = log_size(demo)
    for arguments in (("--apply",), ("--apply", "--yes", "--env", "production")):
        answer = demo.run("deploy", *arguments)
        assert answer.returncode == 2
        assert "--yes --env local" in answer.stderr
    assert log_size(demo) == before


def test_a_state_that_came_about_past_it_proves_nothing_until_it_is_deployed(demo: Home) -> None:
    """A changed size fails no control; all the same every plan proof falls, with the reason, and a deployment mends it."""
    path = demo.folder / PLATFORM / "state.json"
    document = json.loads(path.read_text())
    droplet = next(each for each in document["deployment"]["resources"] if each["type"].endswith(":Droplet"))
    droplet["outputs"]["size"] = "s-8vcpu-16gb"
    path.write_text(json.dumps(document))
    reasons = plan_reasons(demo, code=5)
    assert reasons["region.us-only"] == [f"regions.plan (plan): {UNDEPLOYED}"]
    assert reasons["firewall.https-only"] == [f"{control} (plan): {UNDEPLOYED}" for control in ("firewall.plan", "flows.plan")]
    assert not any(UNDEPLOYED in reason for reason in reasons["keys.rotation"])
    elsewhere = path.rename(path.with_suffix(".elsewhere"))
    reasons = plan_reasons(demo, "--vantage", "inside", code=5)
    elsewhere.rename(path)
    assert reasons["region.us-only"] == [f"regions.plan (plan): {UNDEPLOYED}"], "who has no state at hand sees it in the log"
    deployed = demo.json("deploy", "--apply", "--yes", "--env", "local")
    assert deployed["recorded"] is True
    rows = demo.json("evidence", "show")["records"]
    assert [each["result"] for each in rows if each["about"].endswith(deployed["state_digest"][:16])] == ["PASSED"]
    reasons = plan_reasons(demo, code=5)
    assert reasons["region.us-only"] == reasons["firewall.https-only"] == []


def test_another_platform_than_that_of_the_settings_is_refused(demo: Home) -> None:
    assert demo.run("deploy", "lumina").returncode == 2


def test_without_pulumi_only_a_local_stack_is_deployed(home: Home) -> None:
    answer = home.run("deploy", PLATFORM, PATH="/usr/bin:/bin")
    assert answer.returncode == 2
    assert "`pulumi` is not on PATH" in answer.stderr
    assert "next:" in answer.stderr


def outcome(*changes: object) -> PlanOutcome:
    return PlanOutcome(PLATFORM, NOW, judge_plan(stack(*changes), catalog_of(PLATFORM), NOW))  # type: ignore[arg-type]


def test_a_program_that_would_break_a_promise_is_refused_before_anything_is_created(
    monkeypatch: pytest.MonkeyPatch, local: Settings
) -> None:
    """What the pack does under an engine, the plan controls do before a rehearsal."""
    bad = outcome(put("web0", "region", "fra1"))
    monkeypatch.setattr(procedure, "_planned", lambda *_: bad)
    monkeypatch.setattr(procedure, "provision", lambda *_: pytest.fail("something was created"))
    monkeypatch.setattr(engine, "is_there", lambda: False)
    environment = Environment(local, catalog_of(PLATFORM))
    with pytest.raises(engine.PackRefused, match="droplet web0: expected a region of") as refused:
        procedure.deploy(PLATFORM, environment, silent)
    assert refused.value.exit_code == 3


def test_what_is_compliant_or_only_not_known_yet_is_not_refused() -> None:
    procedure.refuse_failures(outcome())
    procedure.refuse_failures(outcome(put("web0", "region", state.PLACEHOLDER)))


def test_production_without_an_engine_is_refused(monkeypatch: pytest.MonkeyPatch, local: Settings) -> None:
    monkeypatch.setattr(engine, "is_there", lambda: False)
    production = Environment(local.model_copy(update={"environment": "production"}), catalog_of(PLATFORM))
    with pytest.raises(UsageError, match="not on PATH"):
        procedure.deploy(PLATFORM, production, silent)


def test_the_packs_digest_covers_every_file_that_decides(tmp_path: Path) -> None:
    for folder in ("policies", "promises"):
        shutil.copytree(locations.PROJECT / folder, tmp_path / folder)
    whole = pack_sha256(tmp_path)
    (tmp_path / "policies" / "__pycache__" / "x.pyc").write_bytes(b"x") if (tmp_path / "policies" / "__pycache__").exists() else None
    assert pack_sha256(tmp_path) == whole == pack_sha256()
    seen = {whole}
    for name in ("policies/judging.py", "policies/PulumiPolicy.yaml", "promises/catalog/illumacom.yaml", "promises/kinds.yaml"):
        file = tmp_path / name
        file.write_text(file.read_text() + "\n")
        seen.add(pack_sha256(tmp_path))
    (tmp_path / "policies" / "more.py").write_text("")
    seen.add(pack_sha256(tmp_path))
    (tmp_path / "policies" / "more.py").rename(tmp_path / "policies" / "other.py")
    seen.add(pack_sha256(tmp_path))
    assert len(seen) == 7


BACKENDS: dict[str, tuple[dict[str, str], str | None, bool]] = {
    "nothing": ({}, None, False),
    "a variable": ({"PULUMI_BACKEND_URL": "file:///x"}, None, True),
    "an empty variable": ({"PULUMI_BACKEND_URL": ""}, None, False),
    "an earlier login": ({}, '{"current": "s3://state"}', True),
    "a logout": ({}, '{"current": ""}', False),
    "a damaged file": ({}, "[", False),
    "a file of another shape": ({}, "[]", False),
}


@pytest.mark.parametrize(("environ", "credentials", "expected"), BACKENDS.values(), ids=BACKENDS.keys())
def test_a_backend_is_configured_by(environ: dict[str, str], credentials: str | None, *, expected: bool, tmp_path: Path) -> None:
    if credentials is not None:
        (tmp_path / "credentials.json").write_text(credentials)
    assert backend_configured({"PULUMI_HOME": str(tmp_path), **environ}) is expected


def test_the_engines_count_of_changes_is_read() -> None:
    said = ["Previewing update", "", "Resources:", "    + 36 to create", "    ~ 1 to update", "", "Duration: 3s"]
    assert engine.changes(said) == ("+ 36 to create", "~ 1 to update")
    assert engine.changes(["nothing"]) == ()


@pytest.fixture
def own_servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Environment]:
    monkeypatch.setenv("KEPT_HOME", str(tmp_path))
    settings = settings_module.load(local_run.up(tmp_path, PLATFORM, silent), {})
    yield Environment(settings, catalog_of(PLATFORM))
    local_run.down(tmp_path, silent)


@needs_engine
@pytest.mark.slow
def test_a_plain_pulumi_up_past_the_pack_is_found(own_servers: Environment) -> None:
    """Deploy: recorded. Refresh without changes: the same state. `pulumi up` by hand: no record, and every plan proof falls."""
    done = procedure.deploy(PLATFORM, own_servers, silent)
    assert (done.how, done.recorded, done.outcome.exit_code) == ("pulumi up", True, 0)
    assert deployed_states(own_servers.log.verify().records) == (done.state_digest,)
    mine = LocalStack(PLATFORM, own_servers.settings, locations.local_folder())
    mine.check_unchanged()
    assert current(own_servers).stack.digest == done.state_digest
    mine.config_file.write_text(mine.config_file.read_text().replace("kept:jobsSize: s-2vcpu-4gb", "kept:jobsSize: s-1vcpu-2gb"))
    mine.run("up", *mine.which, "--yes", "--skip-preview")
    assert current(own_servers).stack.digest != done.state_digest
    verdict = next(each for each in judge_log(own_servers).verdicts if each.promise == "network.private-vpc")
    assert verdict.status is Status.NOT_PROVEN
    assert any(UNDEPLOYED in reason for reason in verdict.reasons)
    again = procedure.deploy(PLATFORM, own_servers, silent)
    assert current(own_servers).stack.digest == again.state_digest
    assert again.state_digest in deployed_states(own_servers.log.verify().records)
