"""What goes wrong is told in words, with a next step and a code; nothing is lost by it."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.notes import VerifierKey
from evidence.signing import to_pem
from tests.kept.conftest import KEPT, Home

PROJECT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ["promises", "policies", "services", "infra", "kept", "evidence", "keyrotation", "backups", "retention", "duties"]


def test_a_platform_without_a_catalog_is_refused(home: Home) -> None:
    answer = home.run("plan", "nowhere")
    assert answer.returncode == 2
    assert "nowhere" in answer.stderr
    assert "next:" in answer.stderr


def test_a_missing_stack_file_is_named(tmp_path: Path) -> None:
    """A copy of the project without it, run in place."""
    copy = tmp_path / "project"
    for folder in FOLDERS:
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "Pulumi.yaml", copy)
    answer = subprocess.run(
        [KEPT.with_name("python"), "-m", "kept", "plan", "illumacom"], cwd=copy, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert "Pulumi.illumacom.yaml" in answer.stderr
    assert "next:" in answer.stderr


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"version": 3}'])
def test_a_file_that_is_no_state_is_refused(home: Home, tmp_path: Path, text: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(text)
    answer = home.run("verify", "--state", str(state))
    assert answer.returncode in (2, 3)
    assert "next:" in answer.stderr


def test_nothing_provisioned_yet_says_what_to_run_first(home: Home) -> None:
    answer = home.run("verify", "illumacom")
    assert answer.returncode == 2
    assert "kept local up" in answer.stderr


def test_an_error_is_one_json_object_when_json_was_asked_for(home: Home) -> None:
    answer = home.run("keys", "status", "-o", "json")
    assert answer.returncode == 2
    assert '"exit_code": 2' in answer.stderr
    assert '"hint": "' in answer.stderr


def test_a_wrong_token_is_not_proven_and_never_a_pass(demo: Home, tmp_path: Path) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("0" * 40)
    answer = demo.run("verify", "illumacom", KEPT_DIGITALOCEAN__TOKEN_FILE=str(wrong))
    assert answer.returncode == 5
    assert "region.us-only" in answer.stdout
    assert demo.run("evidence", "verify").returncode == 0


def test_a_destructive_job_needs_its_environment_named(demo: Home) -> None:
    before = demo.json("evidence", "verify")["records"]
    for arguments in (["keys", "rotate", "--apply"], ["retention", "purge", "--apply", "--yes", "--env", "production"]):
        answer = demo.run(*arguments)
        assert answer.returncode == 2
        assert "--yes --env local" in answer.stderr
    assert demo.json("evidence", "verify")["records"] == before


def truncated(copy: Path, keys: Keys) -> Keys:
    record = copy / "records/000000000003"
    record.write_bytes(record.read_bytes()[:-40])
    return keys


def foreign(copy: Path, keys: Keys) -> Keys:
    """At the next number, where no record is yet."""
    (copy / f"records/{len(list((copy / 'records').iterdir())):012}").write_bytes(b"foreign")
    return keys


def another_record_key(copy: Path, keys: Keys) -> Keys:
    other = copy.parent / "other.pem"
    other.write_text(to_pem([Ed25519PrivateKey.generate().public_key().public_bytes_raw()]))
    return replace(keys, record=str(other))


def another_log_key(_copy: Path, keys: Keys) -> Keys:
    origin = keys.log.partition("+")[0]
    return replace(keys, log=str(VerifierKey(origin, Ed25519PrivateKey.generate().public_key().public_bytes_raw())))


def another_origin(_copy: Path, keys: Keys) -> Keys:
    return replace(keys, log=str(VerifierKey("kept.example/other", base64.b64decode(keys.log.split("+", 2)[2])[1:])))


@dataclass(frozen=True)
class Keys:
    """The two public keys as an auditor holds them: a PEM file, a vkey."""

    record: str
    log: str


WRONG: dict[str, tuple[Callable[[Path, Keys], Keys], str]] = {
    "a truncated record": (truncated, "records/000000000003: "),
    "a foreign object at the next number": (foreign, "records/00000000"),
    "another record key": (another_record_key, "records/000000000000: "),
    "another log key": (another_log_key, "checkpoints/0000000000"),
    "another origin": (another_origin, "checkpoints/0000000000"),
}


@pytest.mark.parametrize(("change", "named"), WRONG.values(), ids=WRONG.keys())
def test_a_log_that_is_wrong_is_refused_by_the_name_of_the_object(
    demo: Home, tmp_path: Path, change: Callable[[Path, Keys], Keys], named: str
) -> None:
    copy = tmp_path / "evidence"
    assert demo.run("evidence", "export", str(copy)).returncode == 0
    right = Keys(str(copy / "keys/evidence-record.pem"), (copy / "keys/evidence-log.vkey").read_text().strip())
    arguments = ("evidence", "verify", str(copy), "--record-key")
    assert demo.run(*arguments, right.record, "--log-key", right.log).returncode == 0
    keys = change(copy, right)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    answer = demo.run(*arguments, keys.record, "--log-key", keys.log)
    assert answer.returncode == 3
    assert "DOES NOT VERIFY" in answer.stdout
    assert f"\n  {named}" in answer.stdout
    assert "Traceback" not in answer.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("arguments", [("verify",), ("attest", "add", "access.mfa"), ("exception", "list"), ("report",)])
def test_a_register_that_is_no_yaml_is_named_and_nothing_is_written(demo: Home, arguments: tuple[str, ...]) -> None:
    before = demo.json("evidence", "verify")["records"]
    register = demo.folder / "illumacom/people.yaml"
    for text in (b"people: [", b"people: [{role: x}]", "people: [] # \u00fc".encode("latin-1")):
        register.write_bytes(text)
        answer = demo.run(*arguments, *(["--key", str(register)] if arguments[0] == "attest" else []))
        assert answer.returncode == 2, answer.stderr
        assert "people.yaml" in answer.stderr
        assert "next:" in answer.stderr
    register.unlink()
    if arguments != ("verify",):  # a job leaves its own records, whatever it met
        assert demo.json("evidence", "verify")["records"] == before


@pytest.mark.parametrize(
    ("text", "named"),
    [("promises: [", ":"), ("promises: []\n", ":"), ("\u00fc: 1".encode("latin-1"), "UTF-8")],
    ids=["no YAML", "no catalog", "another encoding"],
)
def test_a_catalog_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, text: str | bytes, named: str) -> None:
    copy = tmp_path / "project"
    for folder in FOLDERS:
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "promises/catalog/illumacom.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    answer = subprocess.run(
        [KEPT.with_name("python"), "-m", "kept", "policy", "list", "illumacom"], cwd=copy, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2, answer.stderr
    assert "illumacom.yaml" in answer.stderr
    assert named in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_policy_text_in_another_encoding_is_named(home: Home, tmp_path: Path) -> None:
    text = tmp_path / "policy.txt"
    text.write_bytes("Caf\u00e9".encode("latin-1"))
    for arguments in (("policy", "trace", str(text), "--platform", "illumacom"), ("policy", "digest", str(text))):
        answer = home.run(*arguments)
        assert answer.returncode == 2, answer.stderr
        assert f"{text} is not UTF-8 at byte 3" in answer.stderr
    assert list(tmp_path.iterdir()) == [text]


@pytest.mark.parametrize("server", ["openbao", "objects", "postgres"])
def test_a_job_whose_server_is_killed_fails_in_words_and_the_log_stays_whole(demo: Home, server: str) -> None:
    status = {each["name"]: each for each in demo.json("local", "status")["servers"]}
    os.killpg(os.getpgid(status[server]["pid"]), signal.SIGKILL)
    answer = demo.run("backup", "run")
    assert answer.returncode == 1, answer.stderr
    assert "next:" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert demo.run("local", "up").returncode == 0
    assert demo.run("backup", "run").returncode == 0
    assert demo.run("evidence", "verify").returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (Debian: util-linux)")
def test_a_full_disk_is_told_and_nothing_keeps_running(tmp_path: Path) -> None:
    """A mount of 3 MB in a namespace of its own; what is started there ends with the namespace."""
    script = f'mount -t tmpfs -o size=3m tmpfs "{tmp_path}" && KEPT_HOME="{tmp_path}/run" "{KEPT}" local up'
    answer = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if "permission denied" in answer.stderr.lower() or "Operation not permitted" in answer.stderr:
        pytest.skip("this machine allows no mount in a user namespace")
    assert answer.returncode == 1, answer.stderr
    assert "next:" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_port_taken_by_a_stranger_is_told(home: Home) -> None:
    assert home.run("local", "up").returncode == 0
    port = next(each["port"] for each in home.json("local", "status")["servers"] if each["name"] == "postgres")
    assert home.run("local", "down").returncode == 0
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        answer = home.run("local", "up")
    assert str(port) in answer.stderr
    assert answer.returncode in (0, 1)
    assert answer.returncode == 0 or "next:" in answer.stderr
