"""What the README says can be typed: its targets exist, and so do its commands with the options it gives them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text()
FENCED = [line.split("#")[0].strip() for block in re.findall(r"```\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
COMMANDS = [part.strip() for line in FENCED for part in line.split("&&") if "kept " in part and "pulumi" not in part]
TARGETS = sorted({line.split()[1] for line in FENCED if line.startswith("make ")})


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_exists_with_its_options(command: str) -> None:
    words = [word for word in shlex.split(command)[1:] if word not in ("...", "DIR", "TEXT", "PROMISE")]
    options = {word for word in words if word.startswith("--")}
    path = [word for word in words[:2] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-") and word != "illumacom"]
    answer = subprocess.run(
        [Path(sys.executable).with_name("kept"), *path, "--help"], capture_output=True, text=True, check=False, cwd=PROJECT
    )
    assert answer.returncode == 0, answer.stderr
    assert [option for option in options if option not in answer.stdout] == []
    assert f"kept {' '.join(path)}" in answer.stdout


def test_the_readme_names_files_that_exist() -> None:
    named = re.findall(r"`((?:docs|promises|policies)/[\w./-]+)`", README)
    assert [name for name in named if not (PROJECT / name).exists()] == []
    assert named
