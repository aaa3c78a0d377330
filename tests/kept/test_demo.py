"""The whole path on real servers: everything is kept or honestly not proven, and each promise can be broken and mended."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from kept.procedures.drift import DRIFTS
from promises.loading import load_catalog
from promises.observations import Surface
from tests.kept.conftest import KEPT, Home

CATALOG = load_catalog("illumacom", None)

NOT_PROVEN = {promise.id for promise in CATALOG.promises if any(proof.control is None for proof in promise.proofs)}
"""While one of their proofs is only planned, whatever the others say."""

PROBED = {
    "transport.tls": "transport.probe (live)",
    "edge.waf-and-ddos": "edge.probe (live)",
    "objects.server-side": "storage.anonymous-read (live)",
    "database.no-public-access": "database.probe (live)",
}
"""What is broken so that a probe, too, must meet it."""

ATTESTED = {promise.id for promise in CATALOG.promises if all(proof.surface is Surface.ATTEST for proof in promise.proofs)} - NOT_PROVEN

QUICK = ("database.no-public-access", "edge.waf-and-ddos", "access.mfa")


def expected(promise: str) -> str:
    if promise in NOT_PROVEN:
        return "not proven"
    return "kept (attested)" if promise in ATTESTED else "kept"


def test_a_demo_keeps_every_promise_that_can_be_proven_and_says_why_the_others_are_not(demo: Home) -> None:
    document = demo.json("verify", "illumacom", code=5)
    found = {each["id"]: each for each in document["promises"]}
    assert {promise: each["status"] for promise, each in found.items()} == {promise: expected(promise) for promise in found}
    assert set(DRIFTS) < set(found)
    assert set(DRIFTS) - NOT_PROVEN > {"transport.tls", "edge.waf-and-ddos", "keys.rotation"}
    for promise in NOT_PROVEN:
        assert found[promise]["reasons"]
        assert all("planned" in reason for reason in found[promise]["reasons"]), found[promise]["reasons"]


def test_it_may_be_run_again(demo: Home) -> None:
    answer = demo.run("demo", "--merchants", "3", "--orders", "400")
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert "report.html" in answer.stderr


def test_another_shop_beside_the_first_is_refused_and_nothing_changes(demo: Home) -> None:
    before = demo.json("evidence", "verify")["records"]
    answer = demo.run("demo", "--merchants", "4", "--orders", "400")
    assert answer.returncode == 1
    assert "kept local down --wipe" in answer.stderr
    assert demo.json("evidence", "verify")["records"] == before


def test_the_report_is_one_file_that_fetches_nothing_and_its_json_says_the_same(demo: Home) -> None:
    page = (demo.folder / "illumacom/report.html").read_text()
    assert "http-equiv" in page
    assert not [word for word in ("<link", "src=", "@import", "url(") if word in page]
    document = json.loads((demo.folder / "illumacom/report.json").read_text())
    assert {each["id"] for each in document["promises"]} > set(DRIFTS)


def test_every_format_is_written_at_once_and_a_period_is_answered(demo: Home, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    answer = demo.run("report", "-o", "all", "--output-file", str(folder), "--from", "2026-01-01")
    assert answer.returncode == 5, answer.stderr[-3000:]
    assert answer.stdout.split() == [str(folder)]
    assert {"index.html", "report.html", "report.csv", "report.sarif", "report.oscal"} < {each.name for each in folder.iterdir()}
    document = json.loads((folder / "report.json").read_text())
    assert document["period"]["answer"].startswith("No: 0 of 49 promises were kept on every day")
    compared = demo.run("report", "-o", "markdown", "--against", str(folder / "report.json"), "--output-file", str(tmp_path / "report.md"))
    assert compared.returncode == 5, compared.stderr[-3000:]
    assert "### Verdicts that would change\n\nNone." in (tmp_path / "report.md").read_text()


def test_what_cannot_be_compared_or_quoted_is_refused_and_nothing_is_written(demo: Home, tmp_path: Path) -> None:
    wrong, file = tmp_path / "wrong.txt", tmp_path / "report.out"
    for content in (b"{}", b"\xff\xfe", b"not JSON"):
        wrong.write_bytes(content)
        for arguments in (("-o", "markdown", "--against", str(wrong)), ("--policy-text", str(wrong))):
            answer = demo.run("report", *arguments, "--output-file", str(file))
            assert answer.returncode == 2
            assert "wrong.txt" in answer.stderr
            assert not file.exists()


def test_the_exported_evidence_verifies_offline_with_two_public_keys(demo: Home) -> None:
    evidence = demo.folder / "illumacom/evidence"
    arguments = ["--record-key", evidence / "keys/evidence-record.pem", "--log-key", evidence / "keys/evidence-log.vkey"]
    offline = subprocess.run(
        [KEPT, "evidence", "verify", evidence, *arguments], capture_output=True, text=True, check=False, env={"KEPT_HOME": "/nonexistent"}
    )
    assert offline.returncode == 0, offline.stderr


def test_evidence_that_was_edited_is_refused_and_named(demo: Home, tmp_path: Path) -> None:
    exported = tmp_path / "evidence"
    assert demo.run("evidence", "export", str(exported)).returncode == 0
    record = sorted((exported / "records").iterdir())[3]
    record.write_bytes(record.read_bytes().replace(b'"sig"', b'"sog"'))
    answer = demo.run("evidence", "verify", str(exported))
    assert answer.returncode == 3
    assert "3" in answer.stdout + answer.stderr


def broken_and_mended(demo: Home, promise: str) -> None:
    statuses = demo.json("demo", "--break", promise, code=3)["promises"]
    (found,) = [each for each in statuses if each["id"] == promise]
    assert found["status"] == "broken"
    assert any("expected" in reason or "withdrawn" in reason for reason in found["reasons"]), found["reasons"]
    assert any(PROBED.get(promise, "") in reason for reason in found["reasons"]), found["reasons"]
    again = demo.run("demo", "--break", promise)
    assert again.returncode == 1
    assert "broken already" in again.stderr
    mended = demo.statuses("demo", "--mend", promise)
    assert mended[promise] == expected(promise)


@pytest.mark.parametrize("promise", QUICK)
def test_a_promise_can_be_broken_and_mended(demo: Home, promise: str) -> None:
    broken_and_mended(demo, promise)


@pytest.mark.slow
@pytest.mark.parametrize("promise", sorted(set(DRIFTS) - set(QUICK)))
def test_every_promise_can_be_broken_and_mended(demo: Home, promise: str) -> None:
    broken_and_mended(demo, promise)


def test_every_promise_that_has_a_proof_has_a_way_to_be_broken(demo: Home) -> None:
    listed = demo.json("policy", "list", "illumacom")["platforms"][0]["promises"]
    assert {each["id"] for each in listed if any(proof["control"] for proof in each["proofs"])} == set(DRIFTS)


def test_a_promise_nobody_made_cannot_be_broken(demo: Home) -> None:
    answer = demo.run("demo", "--break", "coffee.hot")
    assert answer.returncode == 2
    assert "keys.rotation" in answer.stderr
