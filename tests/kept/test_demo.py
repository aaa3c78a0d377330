"""The whole path on real servers: everything is kept or honestly not proven, and each promise can be broken and mended."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kept.demo import PLATFORM, STATEMENTS
from kept.procedures.drift import DRIFTS
from promises.loading import load_catalog
from promises.observations import Surface
from services.objects import client
from services.settings import load
from tests.kept.conftest import KEPT, Home

CATALOG = load_catalog(PLATFORM, None)

NOT_PROVEN = {promise.id for promise in CATALOG.promises if any(proof.control is None for proof in promise.proofs)}
"""One of their proofs is planned; the others run."""

ATTESTED = {promise.id for promise in CATALOG.promises if all(proof.surface is Surface.ATTEST for proof in promise.proofs)}

SIGNED = {promise.id for promise in CATALOG.promises if any(proof.surface is Surface.ATTEST for proof in promise.proofs)}
"""A person's statement is one of their proofs."""

PROBED = {
    "transport.tls": "transport.probe (live)",
    "edge.waf-and-ddos": "edge.probe (live)",
    "objects.server-side": "storage.anonymous-read (live)",
    "database.no-public-access": "database.probe (live)",
}
"""What is broken so that a probe, too, must meet it."""

QUICK = ("database.no-public-access", "edge.waf-and-ddos", "access.mfa", "storage.at-rest")


def expected(promise: str) -> str:
    """What a promise is once all its proofs are there that can be."""
    if promise in NOT_PROVEN:
        return "not proven"
    return "kept (attested)" if promise in ATTESTED else "kept"


def after_demo(promise: str) -> str:
    """The demo signs for nothing that rests on somebody else's document."""
    return "not proven" if promise in SIGNED - set(STATEMENTS) else expected(promise)


def test_a_demo_keeps_every_promise_that_can_be_proven_and_says_why_the_others_are_not(demo: Home) -> None:
    document = demo.json("verify", "illumacom", code=5)
    assert {each["id"]: each["status"] for each in document["promises"] if each["id"] in DRIFTS} == {
        each: after_demo(each) for each in DRIFTS
    }
    assert set(DRIFTS) < {each["id"] for each in document["promises"]}
    for each in document["promises"]:
        if each["id"] not in DRIFTS or after_demo(each["id"]) == "not proven":
            assert each["status"] == "not proven"
            assert each["reasons"]
            assert all("planned" in reason or reason == "attestation (attest): no run in the log" for reason in each["reasons"])


def test_it_may_be_run_again(demo: Home) -> None:
    answer = demo.run("demo", "--merchants", "3", "--orders", "400")
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert "report.html" in answer.stderr


def test_another_shop_beside_the_first_is_refused_and_nothing_changes(demo: Home) -> None:
    before = demo.json("evidence", "verify")["records"]
    answer = demo.run("demo", "--merchants", "4", "--orders", "400")
    assert answer.returncode == 1
    assert "kept local down --wipe" in answer.stderr
    assert demo.json("evidence", "verify")["records"] == before + 1, "the record of a deployment that changed nothing"


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
    assert "None." in changed(tmp_path / "report.md")


def changed(markdown: Path) -> str:
    """The part of a report that tells what would change."""
    return markdown.read_text().split("### Verdicts that would change")[1].split("###")[0]


def compared(demo: Home, against: str, file: Path) -> str:
    answer = demo.run("report", "-o", "markdown", "--against", against, "--output-file", str(file))
    assert answer.returncode == 5, answer.stderr[-3000:]
    return changed(file)


def test_another_state_says_which_plan_would_be_better_or_worse(demo: Home, tmp_path: Path) -> None:
    state = json.loads((demo.folder / "illumacom/state.json").read_text())
    (floor,) = [each for each in state["deployment"]["resources"] if each.get("inputs", {}).get("settingId") == "min_tls_version"]
    floor["inputs"]["value"] = floor["outputs"]["value"] = "1.0"
    other = tmp_path / "state.json"
    other.write_text(json.dumps(state))
    said = compared(demo, str(other), tmp_path / "report.md")
    assert [line for line in said.splitlines() if line.startswith("| ")][1:] == [
        "| better or new | `transport.tls` | plan: fail | plan: pass |"
    ]


def test_this_very_commit_changes_nothing_and_an_unknown_one_is_refused(demo: Home, tmp_path: Path) -> None:
    assert "None." in compared(demo, "HEAD", tmp_path / "report.md")
    answer = demo.run("report", "-o", "markdown", "--against", "no-such-branch")
    assert answer.returncode == 2
    assert "neither a file nor a branch" in answer.stderr


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


def test_checkpoints_lie_in_a_second_bucket_and_in_a_folder_too(demo: Home) -> None:
    settings = load(demo.folder / "settings.toml", {})
    note = demo.json("evidence", "verify")["checkpoint"].encode()
    newest = f"checkpoints/{int(note.splitlines()[1]):012}"
    bucket = client(settings.objects, settings.evidence.anchor_identity)
    assert bucket.get_object(Bucket=settings.evidence.anchor_bucket, Key=newest)["Body"].read() == note
    assert (demo.folder / "illumacom/anchors" / newest).read_bytes() == note


def test_a_broken_promise_with_an_exception_for_its_subjects_is_excepted_and_still_exits_3(demo: Home) -> None:
    broken = demo.json("demo", "--break", "network.private-vpc", code=3)
    failing = {each["subject"] for each in broken["observations"] if each["control"] == "network.live" and each["outcome"] == "fail"}
    subjects = [part for each in failing for part in ("--subject", each)]
    until = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    grant = ("exception", "add", "network.private-vpc", "--reason", "moves next week", "--until", until)
    assert demo.run(*grant, "--subject", "droplet other").returncode == 0
    assert demo.statuses("verify", code=3)["network.private-vpc"] == "broken", "another subject is excepted"
    assert demo.run(*grant, *subjects, "--owner", "privacy-officer").returncode == 2, "nobody excepts themselves"
    assert demo.run(*grant, *subjects).returncode == 0
    (found,) = [each for each in demo.json("verify", code=3)["promises"] if each["id"] == "network.private-vpc"]
    assert found["status"] == "excepted"
    assert found["reasons"][0] == f"excepted until {until} by engineering: moves next week"
    assert demo.statuses("demo", "--mend", "network.private-vpc")["network.private-vpc"] == "kept"


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
    signed = DRIFTS[promise].words == DRIFTS["access.mfa"].words
    assert mended[promise] == (expected(promise) if signed else after_demo(promise))


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
