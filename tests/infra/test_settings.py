"""What the stack tells the jobs: the shape that docs/pulumi.md shows, without a secret in it."""

from __future__ import annotations

import json

import pytest

from infra.grants import GRANTS
from infra.settings import Answers, settings
from tests.infra.support import PLATFORMS, PROJECT, read

ANSWERS = Answers(
    zone_id="0" * 32,
    cluster_id="11111111-1111-1111-1111-111111111111",
    database_host="private-illumacom.db.example",
    database_port=25060,
    access_keys={grant.purpose: f"DO00{grant.purpose}" for grant in GRANTS},
    hosts={"app-1": "10.10.0.2", "jobs-1": "10.10.0.3", "collector-1": "10.10.0.4", "vault-1": "10.10.16.2"},
)

PAGE = (PROJECT / "docs/pulumi.md").read_text()
EXAMPLE = PAGE.split("## What the stack tells the jobs")[1].split("```json\n")[1].split("```")[0]


def test_the_shape_is_the_documented_one() -> None:
    shown = json.loads(EXAMPLE)
    found = settings(read(), ANSWERS)
    assert set(found) == set(shown)
    for section in ("digitalocean", "cloudflare", "objects", "database", "vault", "evidence", "backups"):
        assert set(found[section]) == set(shown[section]), section
    assert found["objects"]["buckets"]["backups"] == shown["objects"]["buckets"]["backups"]
    assert set(found["objects"]["identities"]["backup_writer"]) == set(shown["objects"]["identities"]["backup_writer"])
    assert found["hosts"]["vault-1.illumacom.internal"] == shown["hosts"]["vault-1.illumacom.internal"]
    assert found["evidence"] == shown["evidence"]
    assert found["names"] == shown["names"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_bucket_key_and_node_is_there(platform: str) -> None:
    found = settings(read(platform), ANSWERS)
    assert set(found["objects"]["buckets"]) == {"objects", "logs", "wheels", "backups", "evidence"}
    assert {each["bucket"] for each in found["objects"]["identities"].values()} == set(found["objects"]["buckets"])
    assert found["vault"]["nodes"] == [f"vault-{number}.{platform}.internal" for number in (1, 2, 3)]
    assert found["objects"]["buckets"]["evidence"]["endpoint"] == f"https://{read(platform).backup_region}.digitaloceanspaces.com"


def test_no_secret_is_told_among_the_settings() -> None:
    text = json.dumps(settings(read(), ANSWERS))
    assert "secret" not in text
    assert "password" not in text
