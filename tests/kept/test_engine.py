"""How the engine is called for a local stack; the cases that need it are skipped where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from kept import engine, locations
from kept import local as local_run
from kept.provision import BY_ENGINE, provision
from kept.stacks import LocalStack, RemoteStack, local_config, without_proxy
from policies.readers import state
from policies.readers.rehearsal import rehearse_project
from policies.readers.state import REDACTED, UNKNOWN
from promises.loading import platforms
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


SPEAKING = """#!/bin/sh
echo "$@" >> "$SAID"
case "$*" in *--expect-no-changes*) [ -z "$CHANGED" ] || { echo "error: $CHANGED"; exit 255; } ;; esac
"""
"""Notes how it was called; with `CHANGED` it says that where nothing should have changed, as the engine does."""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The calls of a stand-in for the command line, one a line."""
    command = tmp_path / "bin" / engine.COMMAND
    command.parent.mkdir()
    command.write_text(SPEAKING)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    monkeypatch.setenv("CHANGED", "")
    return tmp_path / "said"


def test_an_update_brings_drift_back_under_the_eyes_of_the_pack_and_ends_with_nothing_to_change(told: Path) -> None:
    RemoteStack(PLATFORM).up(lambda _: None)
    up, refresh, preview = told.read_text().splitlines()
    assert up.startswith("up ")
    assert {"--refresh", "--policy-pack"} <= set(up.split())
    assert refresh.startswith("refresh ")
    assert preview.startswith("preview ")
    assert "--expect-no-changes" in preview


UNSETTLED = {
    "drift that the refresh took in": ("no changes were expected but changes were proposed", "is not what the program says", "--diff"),
    "an engine that could not look": ("the credentials have expired", "the credentials have expired", "mend what it names"),
}


@pytest.mark.parametrize(("said", "message", "hint"), UNSETTLED.values(), ids=UNSETTLED.keys())
def test_a_stack_that_has_not_settled_is_no_deployed_one(
    told: Path, monkeypatch: pytest.MonkeyPatch, said: str, message: str, hint: str
) -> None:
    monkeypatch.setenv("CHANGED", said)
    with pytest.raises(engine.EngineError, match=message) as caught:
        RemoteStack(PLATFORM).up(lambda _: None)
    assert hint in caught.value.hint
    assert len(told.read_text().splitlines()) == 3


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of servers that nobody else uses: a destroy takes the buckets with it."""
    folder = tmp_path_factory.mktemp("own servers")
    local_run.up(folder, PLATFORM, lambda _: None)
    yield folder
    local_run.down(folder, lambda _: None)


@needs_engine
@pytest.mark.slow
@pytest.mark.parametrize("platform", platforms())
def test_a_whole_life_under_the_real_engine(own_servers: Path, platform: str) -> None:
    """Up with the pack, nothing to change on refresh and preview, up again, destroy; and a rehearsal registers the same."""
    settings = settings_module.load(local_run.up(own_servers, platform, lambda _: None), {})
    document, how = provision(settings, platform, own_servers, lambda _: None)
    assert how == BY_ENGINE
    stack = LocalStack(platform, settings, own_servers)
    stack.check_unchanged()
    again, _ = provision(settings, platform, own_servers, lambda _: None)
    assert state.read(again).digest == state.read(document).digest
    _same_as_rehearsed(settings, platform, document)
    stack.destroy(lambda _: None)
    assert state.read(stack.export()).resources == ()
    assert _left(settings) == []


def _same_as_rehearsed(settings: Settings, platform: str, document: dict[str, object]) -> None:
    rehearsed = rehearse_project(locations.PROJECT, platform, now=NOW, config=local_config(settings))
    by_engine = {each.urn: each for each in state.read(document).resources if not each.type.startswith("pulumi:providers:")}
    by_rehearsal = {each.urn: each for each in state.read(rehearsed).resources}
    assert set(by_engine) == set(by_rehearsal)
    for urn, resource in by_rehearsal.items():
        assert resource.parent == by_engine[urn].parent
        assert resource.protect == by_engine[urn].protect
        assert sorted(resource.dependencies) == sorted(by_engine[urn].dependencies)
        assert differing(dict(resource.inputs), dict(by_engine[urn].inputs)) == [], urn


DEFAULTS = {
    "algorithm": "round_robin",
    "checkIntervalSeconds": 10,
    "healthyThreshold": 5,
    "responseTimeoutSeconds": 5,
    "unhealthyThreshold": 3,
    "publicNetworking": True,
    "resizeDisk": True,
    "acl": "private",
}
"""What the plugins say for themselves, where the program says nothing."""


def differing(ours: Any, engines: Any, spot: str = "") -> list[str]:
    """Where the engine's inputs are not ours: symbols and secrets stand for anything, lists have no order, defaults may be added."""
    if ours is UNKNOWN or (isinstance(ours, str) and (ours.startswith("planned:") or ours == REDACTED)):
        return [] if engines not in (None, "") else [f"{spot}: nothing"]
    if isinstance(ours, dict) and isinstance(engines, dict):
        added = {key: each for key, each in engines.items() if key not in ours and each not in (None, "", [], {}, False, 0)}
        strange = [f"{spot}.{key}: added {each!r}" for key, each in added.items() if key != "__defaults" and DEFAULTS.get(key) != each]
        return strange + [each for key, value in ours.items() for each in differing(value, engines.get(key), f"{spot}.{key}")]
    if isinstance(ours, list) and isinstance(engines, list):
        if len(ours) != len(engines):
            return [f"{spot}: {len(ours)} here, {len(engines)} there"]
        left = list(engines)
        for value in ours:
            same = next((each for each in left if not differing(value, each)), None)
            if same is None:
                return [f"{spot}: {value!r} is not among them"]
            left.remove(same)
        return []
    return [] if ours == engines or (not ours and not engines) else [f"{spot}: {ours!r} here, {engines!r} there"]


UNEQUAL = {
    "another value": ({"a": 1}, {"a": 2}),
    "a value that is gone": ({"a": 1}, {}),
    "a value that nobody said": ({}, {"size": "large"}),
    "another default": ({}, {"resizeDisk": 3}),
    "a rule more": ({"rules": [1]}, {"rules": [1, 2]}),
    "another rule": ({"rules": [{"p": 1}, {"p": 2}]}, {"rules": [{"p": 1}, {"p": 3}]}),
    "nothing where something must be": ({"id": "planned:x"}, {"id": None}),
}


@pytest.mark.parametrize(("ours", "engines"), UNEQUAL.values(), ids=UNEQUAL.keys())
def test_the_comparison_of_inputs_sees_a_difference(ours: dict[str, Any], engines: dict[str, Any]) -> None:
    assert differing(ours, engines)


def test_the_comparison_of_inputs_knows_symbols_orders_and_defaults() -> None:
    ours = {"id": "planned:x", "rules": [{"p": 1}, {"p": 2}], "key": REDACTED}
    engines = {"id": "7", "rules": [{"p": 2, "q": []}, {"p": 1}], "key": "[secret]", "resizeDisk": True, "__defaults": ["resizeDisk"]}
    assert differing(ours, engines) == []


def _left(settings: Settings) -> list[str]:
    """What the local cloud still keeps of what the engine made: nothing, but for what every account has."""
    import httpx

    token = settings.digitalocean.token_file.read_text().strip()
    with httpx.Client(base_url=settings.digitalocean.endpoint, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        kinds = {
            "/v2/droplets": "droplets",
            "/v2/firewalls": "firewalls",
            "/v2/load_balancers": "load_balancers",
            "/v2/volumes": "volumes",
            "/v2/databases": "databases",
            "/v2/spaces/keys": "keys",
            "/v2/account/keys": "ssh_keys",
            "/v2/tags": "tags",
            "/v2/vpc_peerings": "vpc_peerings",
            "/v2/uptime/checks": "checks",
            "/v2/monitoring/alerts": "policies",
            "/client/v4/zones": "result",
        }
        found = [f"{path}: {len(rows)}" for path, name in kinds.items() if (rows := client.get(path).json().get(name))]
        own = [row["name"] for row in client.get("/v2/vpcs").json()["vpcs"] if not row["default"]]
        projects = [row["name"] for row in client.get("/v2/projects").json()["projects"] if not row["is_default"]]
    return [*found, *own, *projects]
