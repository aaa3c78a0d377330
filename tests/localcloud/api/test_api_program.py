"""`python -m localcloud.api`: it starts, says where, stops when told; and says what is wrong when it cannot start."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from localcloud.api import __main__ as program
from localcloud.api import config
from localcloud.api.errors import LocalCloudError


def written(folder: Path, **changes: Any) -> Path:
    document = {"port": 0, "token": "t" * 40, "state_file": str(folder / "state.sqlite"), "s3": None, "postgres": None, **changes}
    path = folder / "config.json"
    path.write_text(json.dumps(document))
    return path


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "localcloud.api", "--config", str(written(tmp_path))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        transport = httpx.HTTPTransport(retries=5)  # bound, but perhaps not yet listening
        with httpx.Client(transport=transport, trust_env=False) as client:
            assert client.get(f"{address}/__local__/health").json() == {"status": "ok"}
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert errors == ""
    assert (tmp_path / "state.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert program.main(["--config", str(written(tmp_path, port=port))]) == 1
    told = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in told
    assert "next:" in told


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"colour": "red"}, "unknown keys: colour"),
    "no token": ({"token": ""}, "token is empty"),
    "an S3 server without an address": ({"s3": {"ca": "x"}}, "s3 is incomplete"),
    "a Postgres that is a word": ({"postgres": "yes"}, "postgres must be a JSON object"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_configuration_is_told(tmp_path: Path, case: str) -> None:
    changes, words = WRONG[case]
    with pytest.raises(LocalCloudError, match=words) as caught:
        config.load(written(tmp_path, **changes))
    assert caught.value.hint
    assert not (tmp_path / "state.sqlite").exists()


def test_a_missing_file_and_a_torn_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="cannot read"):
        config.load(tmp_path / "none.json")
    (tmp_path / "torn.json").write_text('{"port": ')
    with pytest.raises(LocalCloudError, match="not valid JSON"):
        config.load(tmp_path / "torn.json")


def test_a_state_file_that_cannot_be_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert program.main(["--config", str(written(tmp_path, state_file=str(tmp_path / "file" / "state.sqlite")))]) == 1
    assert "cannot keep state" in capsys.readouterr().err
