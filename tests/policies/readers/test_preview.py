"""A real preview as the controls see it: what is not known yet is unknown, never absent and never a default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.readers import preview
from policies.readers.state import UNKNOWN
from services.errors import BadData

ENGINE = Path(__file__).resolve().parents[2] / "data" / "engine"


@pytest.fixture
def document() -> Any:
    return json.loads((ENGINE / "digitalocean.preview.json").read_text())


def test_every_resource_that_would_be_created_is_read(document: Any) -> None:
    stack = preview.read(document)
    assert stack.name == "prev"
    assert len(stack.resources) == document["changeSummary"]["create"]


def test_what_the_program_says_is_known_and_the_rest_is_unknown(document: Any) -> None:
    (cluster,) = preview.read(document).of("digitalocean:index/databaseCluster:DatabaseCluster")
    assert cluster.get("region") == "nyc3"
    assert cluster.get("privateNetworkUuid") is UNKNOWN
    assert cluster.get("host") is UNKNOWN
    assert cluster.get("host", "default") is UNKNOWN


def test_what_would_be_deleted_is_left_out(document: Any) -> None:
    for step in document["steps"]:
        if step["newState"]["type"].endswith(":Droplet"):
            step["op"] = "delete"
    assert preview.read(document).of("digitalocean:index/droplet:Droplet") == ()


def test_a_replacement_counts_once(document: Any) -> None:
    before = len(preview.read(document).resources)
    document["steps"].append({**document["steps"][-1], "op": "replace"})
    assert len(preview.read(document).resources) == before


def test_a_resource_that_exists_keeps_its_outputs(document: Any) -> None:
    (step,) = (each for each in document["steps"] if each["newState"]["type"].endswith(":DatabaseCluster"))
    step["op"] = "same"
    step["oldState"] = {**step["newState"], "outputs": {"host": "db.local"}}
    (cluster,) = preview.read(document).of("digitalocean:index/databaseCluster:DatabaseCluster")
    assert cluster.get("host") == "db.local"
    assert cluster.get("port", "absent") == "absent"


def test_what_an_update_changes_is_known_as_the_program_says_it_and_not_as_it_was(document: Any) -> None:
    (step,) = (each for each in document["steps"] if each["newState"]["type"].endswith(":DatabaseCluster"))
    step["op"] = "update"
    step["oldState"] = {**step["newState"], "outputs": {"size": "old", "host": "db.local"}}
    (cluster,) = preview.read(document).of("digitalocean:index/databaseCluster:DatabaseCluster")
    assert cluster.get("size") == "db-s-2vcpu-4gb"
    assert cluster.get("host") is UNKNOWN


def test_a_preview_that_leaves_out_what_does_not_change_is_refused(document: Any) -> None:
    document["changeSummary"]["same"] = 3
    with pytest.raises(BadData, match="leaves out 3 unchanged"):
        preview.read(document)


def test_what_is_no_preview_is_refused() -> None:
    with pytest.raises(BadData, match="no preview"):
        preview.read({"deployment": {}})
