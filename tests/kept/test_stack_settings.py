"""From a stack's outputs to the settings file and to Vault: nothing lost, no secret in a file, nothing done without --apply."""

from __future__ import annotations

import copy
import json
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kept import locations
from kept.procedures import stack_settings as procedure
from kept.stack_settings import changes, document, secrets_of
from policies.readers.rehearsal import rehearse_project
from services.errors import BadData, UsageError
from services.settings import Settings, load, secret
from services.vault import Vault
from tests.kept.conftest import Home

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SAID: dict[str, Any] = {
    "schema_version": 1,
    "platform": "illumacom",
    "environment": "production",
    "digitalocean": {"endpoint": "https://api.digitalocean.com"},
    "cloudflare": {"endpoint": "https://api.cloudflare.com/client/v4", "account_id": "a" * 32, "zone_id": "z"},
    "objects": {
        "region": "us-east-1",
        "buckets": {
            name: {"name": f"illumacom-{name}", "region": "sfo3", "endpoint": "https://sfo3.digitaloceanspaces.com"}
            for name in ("backups", "evidence")
        },
        "identities": {name: {"access_key": f"DO{name}", "bucket": "backups"} for name in ("backup_writer", "backup_reader", "evidence")},
    },
    "database": {"cluster_id": "c", "host": "private.db.example", "port": 25060.0, "name": "illumacom", "user": "illumacom"},
    "vault": {"address": "https://vault-1.illumacom.internal:8200", "nodes": []},
    "evidence": {"origin": "illumacom.example/production", "bucket": "illumacom-evidence"},
    "backups": {"bucket": "illumacom-backups"},
}
CREDENTIALS = {"objects": {"backup_writer": "first-secret", "evidence": "second-secret"}, "database": {"password": "third-secret"}}


def test_a_first_file_is_whole_and_valid() -> None:
    values = document(SAID, {})
    found = Settings.model_validate(values)
    assert (found.environment, found.database.host, found.database.port) == ("production", "private.db.example", 25060)
    assert found.objects.identities["evidence"].access_key == "DOevidence"
    assert found.objects.endpoint == "https://sfo3.digitaloceanspaces.com"


def test_what_only_the_host_knows_stays() -> None:
    earlier = document(SAID, {})
    earlier["data"] = "/srv/kept"
    earlier["vault"]["roles"] = {"app": {"role_id": "r", "secret_id_file": "/run/app"}}
    earlier["digitalocean"]["token_file"] = "/run/token"
    earlier["objects"]["identities"]["evidence"]["secret_key_file"] = "/run/evidence"
    earlier["evidence"]["anchor_bucket"] = "elsewhere"
    earlier["probes"] = {}
    said = copy.deepcopy(SAID)
    said["database"]["host"] = "new.db.example"
    found = document(said, earlier)
    assert [(each.key, each.now, each.then) for each in changes(earlier, found)] == [
        ("database.host", "private.db.example", "new.db.example")
    ]


def test_nothing_changes_when_the_stack_says_what_the_file_says() -> None:
    assert changes(document(SAID, {}), document(SAID, document(SAID, {}))) == ()


@pytest.mark.parametrize(
    "path",
    [
        "platform",
        "environment",
        "cloudflare.account_id",
        "objects.region",
        "objects.buckets.evidence.endpoint",
        "objects.identities.evidence.access_key",
        "database.port",
        "database.host",
        "vault.address",
        "evidence.origin",
        "backups.bucket",
    ],
)
def test_what_the_stack_does_not_say_is_named(path: str) -> None:
    for missing in (None, "", [], True):
        said = copy.deepcopy(SAID)
        *way, last = path.split(".")
        target = said
        for part in way:
            target = target[part]
        target[last] = missing
        with pytest.raises(BadData, match=path.rpartition(".")[2]):
            document(said, {})


def test_buckets_that_the_jobs_cannot_reach_by_one_endpoint_are_refused() -> None:
    said = copy.deepcopy(SAID)
    said["objects"]["buckets"]["evidence"]["endpoint"] = "https://nyc3.digitaloceanspaces.com"
    with pytest.raises(BadData, match="several endpoints"):
        document(said, {})


TOLD = {
    "accessKey": "DO00",
    "secretKey": "sealed",
    "password": "sealed",
    "privateHost": "private.db.example",
    "port": 25060,
    "ipv4AddressPrivate": "10.0.0.9",
    "ipv4Address": "203.0.113.9",
    "ip": "203.0.113.10",
}
"""What only the clouds can tell."""


def exported(platform: str) -> dict[str, Any]:
    """The program's own state, as if the clouds had answered."""

    def create(kind: str, name: str, inputs: Any) -> tuple[str, Any]:
        return f"{kind}-{name}", {**TOLD, **inputs}

    return rehearse_project(locations.PROJECT, platform, now=NOW, create=create, config={"kept:originPullKey": "sealed"})


@pytest.mark.parametrize("platform", ["illumacom", "lumina", "luggage"])
def test_what_each_program_says_is_enough(home: Home, tmp_path: Path, platform: str) -> None:
    """By the command: a plan, which writes nothing."""
    state, file = tmp_path / "state.json", tmp_path / "settings.toml"
    state.write_text(json.dumps(exported(platform)))
    answer = home.json("settings", "from-stack", platform, "--state", str(state), KEPT_SETTINGS=str(file))
    assert answer["environment"] == "production"
    assert {each["now"] for each in answer["changes"]} == {None}
    assert {each["key"] for each in answer["changes"]} >= {"database.host", "objects.identities.backup_writer.access_key", "vault.address"}
    assert {each["key"].split(".")[1] for each in answer["changes"] if each["key"].startswith("probes.")} >= {"names", "hops", "buckets"}
    assert not file.exists()


def test_an_export_cannot_be_applied_and_a_local_runs_file_is_left_alone(home: Home, tmp_path: Path) -> None:
    state, file = tmp_path / "state.json", tmp_path / "settings.toml"
    state.write_text("{}")
    assert home.run("settings", "from-stack", "illumacom", "--state", str(state), "--apply").returncode == 2
    file.write_text('environment = "local"\n')
    answer = home.run("settings", "from-stack", "illumacom", "--state", str(state), KEPT_SETTINGS=str(file))
    assert answer.returncode == 2
    assert "local run" in answer.stderr
    assert file.read_text() == 'environment = "local"\n'


def test_the_file_is_written_whole_for_its_owner_and_holds_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "etc" / "settings.toml"
    values = document(SAID, {})
    procedure.write(procedure.Plan(file, "illumacom", "production", values, changes({}, values)))
    assert stat.S_IMODE(file.stat().st_mode) & 0o137 == 0
    assert tomllib.loads(file.read_text()) == values
    assert load(file, {}).platform == "illumacom"
    assert [each.name for each in file.parent.iterdir()] == ["settings.toml"]


def test_secrets_go_one_by_one_to_paths_of_their_own() -> None:
    found = secrets_of(CREDENTIALS, "illumacom")
    assert found == {
        "kv/data/illumacom/objects/backup_writer": {"secret_key": "first-secret"},
        "kv/data/illumacom/objects/evidence": {"secret_key": "second-secret"},
        "kv/data/illumacom/database": {"password": "third-secret"},
    }
    for missing in ({}, {"objects": {}}, {"objects": {"evidence": ""}}):
        with pytest.raises(BadData):
            secrets_of(missing, "illumacom")


def test_vault_takes_what_it_does_not_hold_already(local: Settings) -> None:
    """A real server. A second time nothing is written; a changed secret makes a new version, the others none."""
    root = secret(local.data.parent / "secrets" / "vault_root_token")
    environ = {"VAULT_TOKEN": root, "VAULT_CACERT": str(local.vault.ca_file)}
    vault = procedure.operators_vault({"vault": {"address": local.vault.address, "ca_file": "/nowhere"}}, environ)
    assert isinstance(vault, Vault)
    secrets = secrets_of(CREDENTIALS, "stackof")
    assert set(procedure.store(vault, secrets).written) == set(secrets)
    assert procedure.store(vault, secrets) == procedure.Stored((), tuple(secrets))
    path = "kv/data/stackof/database"
    changed = procedure.store(vault, {**secrets, path: {"password": "fourth-secret"}})
    assert changed.written == (path,)
    assert vault.read(path)["data"] == {"password": "fourth-secret"}
    assert vault.read("kv/metadata/stackof/objects/evidence")["current_version"] == 1


def test_without_a_token_vault_is_not_asked() -> None:
    with pytest.raises(UsageError, match="no token for Vault") as refused:
        procedure.operators_vault({"vault": {"address": "https://x", "ca_file": "/x"}}, {})
    assert "VAULT_TOKEN_FILE" in refused.value.hint
