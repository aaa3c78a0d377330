"""What goes wrong is told in words, with a next step and a code; nothing is lost by it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.kept.conftest import KEPT, Home

PROJECT = Path(__file__).resolve().parent.parent.parent


def test_a_platform_without_a_catalog_is_refused(home: Home) -> None:
    answer = home.run("plan", "nowhere")
    assert answer.returncode == 2
    assert "nowhere" in answer.stderr
    assert "next:" in answer.stderr


def test_a_missing_stack_file_is_named(tmp_path: Path) -> None:
    """A copy of the project without it, run in place."""
    copy = tmp_path / "project"
    folders = ["promises", "policies", "services", "infra", "kept", "evidence", "keyrotation", "backups", "retention", "duties"]
    for folder in folders:
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
