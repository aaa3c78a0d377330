"""How the engine is called for a local stack; the cases that need it are skipped where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml

from kept import engine, locations
from kept import local as local_run
from kept.provision import BY_ENGINE, provision
from kept.stacks import LocalStack, local_config, without_proxy
from policies.readers import state
from policies.readers.rehearsal import rehearse_project
from services import settings as settings_module
from services.settings import Settings

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PLATFORM = "illumacom"

needs_engine = pytest.mark.skipif(
    not engine.is_there(), reason="`pulumi` is not on PATH: install it with its DigitalOcean and Cloudflare plugins"
)


def test_a_proxy_of_the_callers_does_not_reach_the_engine() -> None:
    environ = {"http_proxy": "http://a", "HTTPS_PROXY": "http://b", "ALL_PROXY": "http://c", "PATH": "/bin"}
    assert without_proxy(environ) == {"PATH": "/bin"}


def test_a_local_stack_is_not_protected_and_the_tracked_one_is(local: Settings) -> None:
    config = local_config(local)
    assert config["kept:protect"] == "false"
    assert config["kept:environment"] == "local"
    tracked = yaml.safe_load((locations.PROJECT / f"Pulumi.{PLATFORM}.yaml").read_text())
    assert "kept:protect" not in tracked["config"]
    assert "encryptionsalt" not in tracked


EXPLAINED = {
    "a lock": (["error: the stack is currently locked by 1 lock(s)."], "locked by another update"),
    "an error among progress": (["Updating", "error: bad size", "Duration: 1s"], "error: bad size"),
    "a policy": (
        ["  [mandatory] edge.plan", "  zone: no zone was found. At stake: edge.waf.", "error: update failed"],
        "pack refused the update: zone",
    ),
    "no error line": (["Updating", "Killed"], "Updating / Killed"),
    "silence": ([], "it said nothing"),
}


@pytest.mark.parametrize(("lines", "message"), EXPLAINED.values(), ids=EXPLAINED.keys())
def test_a_failure_is_told_in_one_line(lines: list[str], message: str) -> None:
    told, hint = engine.explained("up", lines)
    assert message in told
    assert "\n" not in told
    assert hint


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Servers that nobody else uses: a destroy takes the buckets with it."""
    folder = tmp_path_factory.mktemp("own servers")
    settings = settings_module.load(local_run.up(folder, PLATFORM, lambda _: None), {})
    yield settings
    local_run.down(folder, lambda _: None)


@needs_engine
@pytest.mark.slow
def test_a_whole_life_under_the_real_engine(own_servers: Settings) -> None:
    """Up with the pack, nothing to change on refresh and preview, up again, destroy; and a rehearsal registers the same."""
    folder = own_servers.data.parent
    document, how = provision(own_servers, PLATFORM, folder, lambda _: None)
    assert how == BY_ENGINE
    stack = LocalStack(PLATFORM, own_servers, folder)
    stack.check_unchanged()
    again, _ = provision(own_servers, PLATFORM, folder, lambda _: None)
    assert state.read(again).digest == state.read(document).digest
    _same_as_rehearsed(own_servers, document)
    stack.destroy(lambda _: None)
    assert state.read(stack.export()).resources == ()


def _same_as_rehearsed(settings: Settings, document: dict[str, object]) -> None:
    rehearsed = rehearse_project(locations.PROJECT, PLATFORM, now=NOW, config=local_config(settings))
    by_engine = {each.urn: each for each in state.read(document).resources if not each.type.startswith("pulumi:providers:")}
    by_rehearsal = {each.urn: each for each in state.read(rehearsed).resources}
    assert set(by_engine) == set(by_rehearsal)
    for urn, resource in by_rehearsal.items():
        assert resource.parent == by_engine[urn].parent
        assert resource.protect == by_engine[urn].protect
        assert sorted(resource.dependencies) == sorted(by_engine[urn].dependencies)
