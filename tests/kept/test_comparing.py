"""The program of another revision is that revision's own, and nothing of the checkout is touched."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kept.comparing import program_at
from kept.locations import PROJECT
from policies.kinds import DROPLET, VPC
from services.errors import UsageError

NOW = datetime(2031, 5, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with a branch `other`, whose stack file names another size and whose code another range; its own checkout stays as it was."""
    clone = tmp_path_factory.mktemp("clone") / "project"
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@test.example", "-C", str(clone)]
    subprocess.run(["git", "clone", "-q", "--shared", str(PROJECT), str(clone)], check=True)
    subprocess.run([*git, "checkout", "-q", "-b", "other"], check=True)
    for name, before, after in (
        ("Pulumi.illumacom.yaml", "kept:appSize: s-2vcpu-2gb", "kept:appSize: s-4vcpu-8gb"),
        ("infra/network.py", 'description=f"{self._config.platform}: {holds}"', 'description="of the other branch"'),
    ):
        text = (clone / name).read_text()
        assert before in text
        (clone / name).write_text(text.replace(before, after, 1))
    subprocess.run([*git, "commit", "-q", "-a", "-m", "other"], check=True)
    subprocess.run([*git, "checkout", "-q", "-"], check=True)
    return clone


def seen(revision: str, clone: Path) -> tuple[set[object], set[object]]:
    """The sizes of droplets and the descriptions of networks."""
    stack = program_at(revision, "illumacom", NOW, clone)
    return {each.inputs.get("size") for each in stack.of(DROPLET)}, {each.inputs.get("description") for each in stack.of(VPC)}


def test_code_and_stack_file_are_the_revisions_own(clone: Path) -> None:
    sizes, words = seen("other", clone)
    assert "s-4vcpu-8gb" in sizes
    assert "of the other branch" in words
    sizes, words = seen("HEAD", clone)
    assert "s-4vcpu-8gb" not in sizes
    assert "of the other branch" not in words


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=/tmp/x", "other:infra"])
def test_what_is_no_revision_is_refused(clone: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="neither a file nor a branch or commit"):
        program_at(revision, "illumacom", NOW, clone)
