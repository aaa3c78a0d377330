"""Provisioning the running local cloud without an engine."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from kept.provision import BY_REHEARSAL, STATE, empty, provision
from policies.readers import state
from services.clients import Clients
from services.errors import UsageError
from services.settings import Settings

PLATFORM = "illumacom"


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kept.engine.is_there", lambda: False)


def silent(_: str) -> None:
    """Progress that nobody reads."""


def test_a_rehearsal_creates_every_resource_in_the_local_cloud_and_may_be_repeated(local: Settings, tmp_path: Path) -> None:
    first, how = provision(local, PLATFORM, tmp_path, silent)
    second, _ = provision(local, PLATFORM, tmp_path, silent)
    assert how == BY_REHEARSAL
    urns = [{each.urn for each in state.read(document).resources} for document in (first, second)]
    assert urns[0] == urns[1]
    (cluster,) = state.read(second).of("digitalocean:index/databaseCluster:DatabaseCluster")
    with Clients(local).digitalocean as client:
        listed = client.databases.list_clusters()["databases"]
    assert [each["id"] for each in listed] == [cluster.get("id")]
    empty(local)


def test_the_state_is_kept_for_its_owner_alone_and_holds_no_secret(local: Settings, tmp_path: Path) -> None:
    document, _ = provision(local, PLATFORM, tmp_path, silent)
    kept = local.data / STATE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text()) == document
    assert "postgresql://" not in kept.read_text()
    assert local.database.password_file.read_text().strip() not in kept.read_text()
    empty(local)


def test_an_environment_that_is_not_local_is_left_alone(local: Settings, tmp_path: Path) -> None:
    production = local.model_copy(update={"environment": "production"})
    with pytest.raises(UsageError, match="only a local environment"):
        provision(production, PLATFORM, tmp_path, silent)
    assert list(tmp_path.iterdir()) == []
