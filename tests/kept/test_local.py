"""`kept local` and `kept settings`, as a user runs them."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from kept import local, local_settings
from kept.commands.settings import origin_of
from localcloud.servers import endpoints
from localcloud.servers.layout import Layout
from localcloud.servers.server import Place
from services import objects
from services.errors import UsageError
from services.settings import load
from tests.kept.conftest import Home

SERVERS = ["openbao", "objects", "postgres", "clouds", "edge"]
SECRETS = ("DIGITALOCEAN_TOKEN", "CLOUDFLARE_API_TOKEN", "SPACES_SECRET_ACCESS_KEY")


def exports(text: str) -> dict[str, str]:
    pairs = (shlex.split(line.removeprefix("export "))[0].partition("=") for line in text.splitlines())
    return {name: value for name, _, value in pairs}


def test_up_status_env_settings_and_down(home: Home) -> None:
    """One whole life: started, asked, started again (a no-op), stopped with its data, deleted."""
    first = home.run("local", "up")
    assert (first.returncode, first.stdout) == (0, "")
    assert "settings.toml" in first.stderr

    status = home.json("local", "status")
    assert [(server["name"], server["state"]) for server in status["servers"]] == [(name, "running") for name in SERVERS]

    variables = exports(home.run("local", "env").stdout)
    settings = load(home.folder / "settings.toml", {})
    assert variables["DIGITALOCEAN_API_URL"] == variables["HTTP_PROXY"] == settings.digitalocean.endpoint
    assert variables["CLOUDFLARE_BASE_URL"] == settings.cloudflare.endpoint
    assert len(variables["CLOUDFLARE_API_TOKEN"]) == 40
    assert Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"]).stat().st_mode & 0o077 == 0
    assert "http_proxy" not in variables
    assert "HTTPS_PROXY" not in variables

    shown = home.run("settings", "show", "--origin", KEPT_DATABASE__NAME="other")
    assert "KEPT_DATABASE__NAME" in shown.stdout
    assert not [name for name in SECRETS if variables[name] in shown.stdout]
    assert home.json("settings", "show")["settings"]["database"]["name"] == "illumacom"

    anchor = settings.evidence.anchor_bucket
    assert objects.client(settings.objects, settings.evidence.anchor_identity).list_objects_v2(Bucket=anchor)["KeyCount"] == 0
    for identity, bucket in (("evidence", anchor), ("evidence_anchor", settings.evidence.bucket)):
        with pytest.raises(ClientError, match="AccessDenied"):
            objects.client(settings.objects, identity).list_objects_v2(Bucket=bucket)

    written = (home.folder / "settings.toml").stat().st_mtime_ns
    assert home.run("local", "up").returncode == 0
    assert home.json("local", "status") == status
    assert (home.folder / "settings.toml").stat().st_mtime_ns == written

    assert home.run("local", "down").returncode == 0
    stopped = home.json("local", "status", code=1)
    assert {server["state"] for server in stopped["servers"]} == {"stopped"}
    assert (home.folder / "postgres").exists()
    assert "is gone" in home.run("local", "down", "--wipe").stderr
    assert not home.folder.exists()


def test_env_before_the_first_up_says_what_to_run(home: Home) -> None:
    answer = home.run("local", "env")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "kept local up" in answer.stderr


def test_a_platform_without_a_stack_file_starts_nothing(home: Home) -> None:
    answer = home.run("local", "up", "--platform", "nowhere")
    assert answer.returncode == 2
    assert "Pulumi.nowhere.yaml" in answer.stderr
    assert not home.folder.exists()


def test_a_missing_program_is_told_with_the_way_to_get_it(home: Home) -> None:
    answer = home.run("local", "up", KEPT_POSTGRES_BIN="/nowhere")
    assert answer.returncode == 2
    assert "/nowhere/initdb" in answer.stderr
    assert "KEPT_POSTGRES_BIN" in answer.stderr
    assert {server["state"] for server in home.json("local", "status", code=1)["servers"]} == {"stopped"}


def test_the_settings_file_reads_back_as_it_was_meant(tmp_path: Path) -> None:
    """Whatever the folder's name: spaces, quotes, backslashes and letters beyond ASCII."""
    place = Place(Layout(tmp_path / "it's \"här\\"), dict.fromkeys(("postgres", "openbao", "openbao_cluster", "objects", "clouds"), 5))
    document = local_settings.document(endpoints.of(place), "illumacom", "0" * 32, {"app": "role-id"}, local.identities("illumacom"))
    assert tomllib.loads(local_settings.render(document)) == document


def test_each_job_may_use_its_own_bucket_only() -> None:
    grants = {identity.name: identity.grants for identity in local.identities("illumacom")}
    assert {grant.partition(":")[2] for grant in grants["evidence"]} == {"illumacom-evidence"}
    assert grants["backup_reader"] == ("Read:illumacom-backups", "List:illumacom-backups")
    assert not [grant for each in grants.values() for grant in each if grant.startswith("Admin")]


@pytest.mark.parametrize("text", ["config: {}", "[]", "config:\n  kept:accountId: short", ":\n:"])
def test_a_stack_file_without_an_account_is_named(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.broken.yaml").write_text(text)
    monkeypatch.setattr("kept.locations.PROJECT", tmp_path)
    with pytest.raises(UsageError, match="accountId"):
        local.account_id("broken")


def test_an_origin_is_the_variable_that_is_set_or_the_file() -> None:
    environ = {"KEPT_VAULT__ADDRESS": "x"}
    assert origin_of("vault.address", "file", environ) == "KEPT_VAULT__ADDRESS"
    assert origin_of("vault.ca_file", "file", environ) == "file"
