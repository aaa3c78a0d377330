"""The command line as a user meets it: `kept ...` as its own process, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

KEPT = Path(sys.executable).with_name("kept")


@dataclass(frozen=True)
class Home:
    """One `KEPT_HOME`."""

    folder: Path

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `kept ARGUMENTS`; nothing is asked, output is captured."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KEPT_")}
        return subprocess.run(
            [KEPT, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            stdin=subprocess.DEVNULL,
            env={**inherited, "KEPT_HOME": str(self.folder), **environment},
        )

    def json(self, *arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
        """Run `kept ARGUMENTS -o json`, expect the exit code, and return what it printed."""
        answer = self.run(*arguments, "-o", "json", **environment)
        assert answer.returncode == code, answer.stderr[-3000:]
        return json.loads(answer.stdout)

    def statuses(self, *arguments: str, code: int = 0) -> dict[str, str]:
        return {each["id"]: each["status"] for each in self.json(*arguments, code=code)["promises"]}


@pytest.fixture
def home() -> Iterator[Home]:
    """An empty folder of its own; whatever is started in it ends with the test."""
    folder = Path(tempfile.mkdtemp(prefix="kept-"))
    home = Home(folder / "run")
    yield home
    home.run("local", "down", "--wipe")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def demo() -> Iterator[Home]:
    """A folder in which a small demo has run."""
    folder = Path(tempfile.mkdtemp(prefix="kept-"))
    home = Home(folder / "run")
    try:
        answer = home.run("demo", "--merchants", "3", "--orders", "400")
        assert answer.returncode == 0, answer.stderr[-5000:]
        yield home
    finally:
        home.run("local", "down", "--wipe")
        shutil.rmtree(folder, ignore_errors=True)
