"""`kept evidence` and `kept attest` as a user types them, on a log of the test's own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from duties.register import load_key
from evidence.signing import fingerprint
from kept.__main__ import main
from kept.local_settings import render
from services.settings import Settings
from tests.kept.log_settings import own_log_settings
from tests.own_database import root_vault


@dataclass(frozen=True)
class Answer:
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Typed:
    """The command line with the settings of one log, run in this process: starting one for every line takes long."""

    settings: Path

    def run(self, *arguments: object, code: int = 0) -> Answer:
        places = {"KEPT_SETTINGS": str(self.settings), "KEPT_HOME": str(self.settings.parent)}
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, places),
            mock.patch.object(sys, "argv", ["kept", *map(str, arguments)]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        assert ended.value.code == code, err.getvalue()
        return Answer(out.getvalue(), err.getvalue())

    def json(self, *arguments: object, code: int = 0) -> dict[str, Any]:
        return json.loads(self.run(*arguments, "-o", "json", code=code).stdout)


@pytest.fixture
def kept(local: Settings, bucket: str, tmp_path: Path) -> Typed:
    database = local.database.model_copy(update={"name": "defaultdb"})  # for the jobs' locks alone
    settings = own_log_settings(local, bucket, tmp_path / "data").model_copy(update={"database": database})
    path = tmp_path / "settings.toml"
    path.write_text(render(settings.model_dump(mode="json", exclude_none=True)))
    return Typed(path)


def test_a_statement_is_signed_listed_withdrawn_and_seen_in_the_log(kept: Typed, tmp_path: Path) -> None:
    (tmp_path / "minutes").write_text("who may see this")
    kept.run("attest", "add", "access.mfa", "--valid-for", "30 days", "--document", tmp_path / "minutes", "--role", "privacy-officer")
    (standing,) = kept.json("attest", "list")["statements"]
    assert (standing["promise"], standing["state"], standing["role"], standing["record"]) == ("access.mfa", "holds", "privacy-officer", 0)
    assert len(standing["document_sha256"]) == 64
    kept.run("attest", "withdraw", "access.mfa")
    assert "withdrawn" in kept.run("attest", "list").stdout
    shown = kept.json("evidence", "show", "0")
    assert shown["statement"]["predicate"]["signed_by"] == "record-key"
    assert "who may see this" not in json.dumps(shown)
    rows = kept.json("evidence", "show")["records"]
    assert [(row["kind"], row["result"]) for row in rows] == [("statement", "holds"), ("log event", "-"), ("statement", "withdrawn")]
    assert kept.json("evidence", "verify") | {"root": "", "checkpoint": "", "keys": []} == {
        "schema_version": 1,
        "ok": True,
        "records": 3,
        "root": "",
        "checkpoint": "",
        "uncovered": 0,
        "late": [],
        "keys": [],
        "problems": [],
    }


def test_checkpoint_prints_the_note_that_was_signed(kept: Typed, tmp_path: Path) -> None:
    note = kept.run("evidence", "checkpoint").stdout
    assert note.startswith("kept.test/illumacom\n1\n")
    (tmp_path / "note").write_text(note)
    kept.run("evidence", "verify", "--pinned", tmp_path / "note")
    copy = kept.run("evidence", "export", tmp_path / "copy").stdout.strip()
    assert "verified: 1 records" in kept.run("evidence", "verify", copy, "--environment", "local").stdout


def test_a_log_that_does_not_verify_is_exit_code_3_everywhere(kept: Typed, tmp_path: Path) -> None:
    kept.run("attest", "add", "access.mfa")
    copy = Path(kept.run("evidence", "export", tmp_path / "copy").stdout.strip())
    (copy / "records/000000000000").unlink()
    found = kept.json("evidence", "verify", copy, code=3)
    assert found["ok"] is False
    assert {"where": "records/000000000000", "what": "is missing, but there are objects beyond it"} in found["problems"]
    kept.run("evidence", "verify", copy, "--environment", "production", code=3)


def test_one_record_is_proven_in_one_file_that_is_checked_offline(kept: Typed, tmp_path: Path) -> None:
    kept.run("attest", "add", "access.mfa")
    written = kept.run("evidence", "prove", "0", "--out", tmp_path / "one.tlog-proof").stdout.strip()
    copy = Path(kept.run("evidence", "export", tmp_path / "copy").stdout.strip())
    keys = ("--record-key", copy / "keys/evidence-record.pem", "--log-key", (copy / "keys/evidence-log.vkey").read_text().strip())
    found = kept.json("evidence", "check-proof", written, *keys)
    assert (found["number"], found["size"], found["statement"]["predicate"]["promise"]) == (0, 2, "access.mfa")
    data = Path(written).read_text()
    (tmp_path / "wrong.tlog-proof").write_text(data.replace("index 0", "index 1"))
    assert "is not number 1" in kept.run("evidence", "check-proof", tmp_path / "wrong.tlog-proof", *keys, code=3).stderr
    assert "holds no record 2" in kept.run("evidence", "prove", "2", code=2).stderr


def test_an_exception_is_granted_listed_and_signed_by_a_person_of_the_register(kept: Typed, tmp_path: Path) -> None:
    asked = ("exception", "add", "access.mfa", "--subject", "account/1", "--reason", "leaves soon", "--until")
    kept.run(*asked, "2020-01-01", code=2)
    until = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%d")
    assert "not in the register" in kept.run(*asked, until, "--key", private_key(tmp_path), code=1).stderr
    kept.run(*asked, until)
    (tmp_path / "data/people.yaml").write_text(f"people: [{{role: auditor, key: {print_of(tmp_path)}, attests: ['*'], excepts: ['*']}}]")
    kept.run(*asked, until, "--key", private_key(tmp_path))
    kept.run("attest", "add", "access.mfa", "--key", private_key(tmp_path))
    found = kept.json("exception", "list")["exceptions"]
    assert [(each["role"], each["signed_by"], each["state"]) for each in found] == [
        ("privacy-officer", "record-key", "in force"),
        ("auditor", "register", "in force"),
    ]
    assert [each["signed_by"] for each in kept.json("attest", "list")["statements"]] == ["register"]
    assert "access.mfa" in kept.run("exception", "list").stdout


def test_the_keys_are_rotated_by_plan_and_confirmation_and_shown_with_their_history(kept: Typed, local: Settings, tmp_path: Path) -> None:
    kept.run("evidence", "checkpoint")
    asked = ("evidence", "rotate-keys", "--key", "evidence-record")
    planned = kept.run(*asked)
    assert "asked for" in planned.stdout
    assert "nothing was changed: add --apply" in planned.stderr
    assert "was not confirmed" in kept.run(*asked, "--apply", code=2).stderr
    assert "was not confirmed" in kept.run(*asked, "--apply", "--yes", "--env", "production", code=2).stderr
    assert len(kept.json("evidence", "verify")["keys"]) == 2
    done = kept.json(*asked, "--apply", "--yes", "--env", "local")
    before, after = (done["plan"][0]["state"]["in_force"], done["after"][0]["in_force"])
    assert (done["applied"], after) == (True, before + 1)
    key = kept.json("evidence", "verify")["keys"][-1]
    assert (key["name"], key["version"], key["replaced_from"]) == ("evidence-record", after, None)
    rows = [row for row in kept.json("evidence", "show")["records"] if row["kind"] == "key announced"]
    assert [(row["about"], row["result"]) for row in rows] == [(f"evidence-record version {after}", f"from {key['valid_from']}")]
    copy = Path(kept.run("evidence", "export", tmp_path / "copy").stdout.strip())
    keys = ("--record-key", copy / "keys/evidence-record.pem", "--log-key", copy / "keys/evidence-log.vkey")
    told = kept.run("evidence", "verify", copy, *keys).stderr
    assert f"record {key['valid_from'] - 1} announces evidence-record version {after}: SHA-256 {key['sha256']}" in told
    written = kept.run("evidence", "prove", key["valid_from"], "--out", tmp_path / "one.tlog-proof").stdout.strip()
    assert kept.json("evidence", "check-proof", written, *keys)["number"] == key["valid_from"]
    root_vault(local).write("transit/keys/evidence-record/config", {"min_encryption_version": 0})


def test_the_probe_of_the_store_is_recorded(kept: Typed) -> None:
    found = kept.json("evidence", "probe")
    assert (found["holds"], found["accepted"], found["refused"]) == (True, 1, 31)
    row = kept.json("evidence", "show")["records"][0]
    assert (row["about"], row["result"]) == ("evidence.log evidence.create-only (live)", "PASSED")
    assert kept.json("evidence", "verify")["ok"]


def private_key(folder: Path) -> Path:
    path = folder / "mine.pem"
    path.write_bytes(Ed25519PrivateKey.from_private_bytes(bytes(32)).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def print_of(folder: Path) -> str:
    return fingerprint(load_key(private_key(folder)).public_key().public_bytes_raw())


def empty(folder: Path) -> list[object]:
    (folder / "empty").mkdir()
    return ["evidence", "verify", folder / "empty"]


WRONG: dict[str, tuple[Callable[[Path], list[object]], str]] = {
    "a promise that was not made": (lambda _: ["attest", "add", "no.such"], "has made no promise"),
    "a promise that machines prove": (lambda _: ["attest", "add", "keys.rotation"], "not proven by statements"),
    "a statement that holds too long": (lambda _: ["attest", "add", "access.mfa", "--valid-for", "93 days"], "at most 92 days"),
    "a length of time without a unit": (lambda _: ["attest", "add", "access.mfa", "--valid-for", "93"], "write a count and a unit"),
    "a document that is not there": (
        lambda folder: ["attest", "add", "access.mfa", "--document", folder / "none"],
        "cannot read the document",
    ),
    "a folder that is no log": (empty, "no copy of a log"),
    "keys without a folder": (lambda folder: ["evidence", "verify", "--record-key", folder / "key"], "go with DIR"),
    "a pinned checkpoint that is not there": (lambda folder: ["evidence", "verify", "--pinned", folder / "none"], "cannot read"),
    "a record that is not there": (lambda _: ["evidence", "show", "99"], "no verified record 99"),
}


def test_wrong_arguments_are_exit_code_2_and_say_what_to_do(kept: Typed, tmp_path: Path) -> None:
    kept.run("evidence", "checkpoint")
    for arguments, said in WRONG.values():
        assert said in kept.run(*arguments(tmp_path), code=2).stderr
    assert kept.json("evidence", "verify")["records"] == 1


def test_nothing_that_stands_can_be_withdrawn(kept: Typed) -> None:
    kept.run("evidence", "checkpoint")
    assert "no statement" in kept.run("attest", "withdraw", "access.mfa", code=1).stderr
