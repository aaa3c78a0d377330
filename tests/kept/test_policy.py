"""`kept policy`: the catalog told, a text digested without a word of it, and what is not proven by anything yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kept.commands.policy import command
from promises import clauses
from promises.loading import load_catalog
from tests.promises.support import CONTROLS

TEXT = "Parcels\nWe keep labels for 45\u00a0days. We never rent them out.\n"


@pytest.fixture(autouse=True)
def controls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names that the kinds use; whether each is there is asked where the controls are tested."""
    monkeypatch.setattr("policies.controls.control_names", lambda: CONTROLS)


def run(*arguments: str) -> str:
    answer = CliRunner().invoke(command, arguments, standalone_mode=False)
    if answer.exception:
        raise answer.exception
    assert answer.return_value == 0
    return answer.stdout


def document(*arguments: str) -> dict[str, Any]:
    return json.loads(run(*arguments, "-o", "json"))


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "policy.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_list_names_every_promise_with_its_figures() -> None:
    told = run("list", "illumacom")
    for promise in load_catalog("illumacom", CONTROLS).promises:
        assert promise.id in told
    assert "max_age 90 days, warn_age 80 days" in told
    assert "live planned" in told


def test_list_as_json_holds_all_of_every_platform() -> None:
    found = document("list")["platforms"]
    assert {each["platform"]: len(each["promises"]) for each in found} == {"illumacom": 49, "lumina": 21, "luggage": 12}
    platform = next(each for each in found if each["platform"] == "illumacom")
    assert len(platform["catalog_sha256"]) == len(platform["policy_sha256"]) == 64
    firewall = next(each for each in platform["promises"] if each["id"] == "firewall.https-only")
    assert len(firewall["parameters"]["edge_ranges"]) == 22
    assert firewall["proofs"][0] == {"surface": "plan", "control": "firewall.plan", "planned": None, "max_age": "8 days"}


def test_gaps_are_the_planned_proofs() -> None:
    found = {(each["promise"], each["surface"]) for each in document("gaps", "illumacom")["gaps"]}
    assert ("access.rbac", "live") in found
    assert not {("transport.tls", "live"), ("edge.waf-and-ddos", "live")} & found, "they are probed"
    assert not any(promise == "keys.rotation" for promise, _ in found)
    assert "hosts report their mounts" in run("gaps")
    assert {each["platform"] for each in document("gaps")["gaps"]} == {"illumacom", "lumina", "luggage"}


def test_digest_shows_no_word_of_the_text(text: Path) -> None:
    told = run("digest", str(text))
    assert clauses.text_digest(TEXT) in told
    assert clauses.digest("We keep labels for 45 days.") in told
    assert "labels" not in told
    assert "labels" not in json.dumps(document("digest", str(text)))


def test_digest_shows_the_text_when_asked(text: Path) -> None:
    assert "we keep labels for 45 days" in run("digest", str(text), "--show")
    assert [each["text"] for each in document("digest", str(text), "--show")["clauses"]] == [
        "parcels",
        "we keep labels for 45 days",
        "we never rent them out",
    ]


def test_a_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.txt"
    path.write_bytes("Caf\u00e9".encode("latin-1"))
    with pytest.raises(Exception, match="is not UTF-8 at byte 3") as refusal:
        run("digest", str(path))
    assert refusal.value.exit_code == 2


def test_a_platform_nobody_knows() -> None:
    with pytest.raises(Exception, match="there is no catalog for 'lumnia'") as refusal:
        run("list", "lumnia")
    assert refusal.value.exit_code == 2


def test_trace_names_what_nobody_claims_and_shows_no_word(text: Path) -> None:
    answer = CliRunner().invoke(command, ["trace", str(text), "--platform", "illumacom"], standalone_mode=False)
    assert answer.return_value == 3
    assert "UNCLAIMED" in answer.stdout
    assert "45 days UNBOUND: nobody claims the clause" in answer.stdout
    assert "labels" not in answer.stdout


def test_trace_of_a_text_that_no_catalog_knows(text: Path) -> None:
    with pytest.raises(Exception, match="no catalog knows a clause of this text") as refusal:
        run("trace", str(text))
    assert refusal.value.exit_code == 2


OLD = "We weigh every parcel. We never rent hats to children.\n"


def test_diff_tells_what_changed_and_shows_no_word(tmp_path: Path) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text(OLD, encoding="utf-8")
    new.write_text(OLD.replace("never", "always"), encoding="utf-8")
    told = run("diff", str(old), str(new), "--platform", "illumacom")
    assert "1 clause changed" in told
    assert "to be told: merchants (by mail, page)" in told
    assert "hats" not in told
    assert "hats" in run("diff", str(old), str(new), "--platform", "illumacom", "--show")
    (change,) = document("diff", str(old), str(new), "--platform", "illumacom")["changes"]
    assert (change["change"], change["material"], change["old"]["index"]) == ("changed", True, 1)
    assert "no clause changed" in run("diff", str(old), str(old), "--platform", "illumacom")


def test_the_schema_is_printed() -> None:
    assert json.loads(run("schema"))["title"] == "Kept catalog"
