"""Postgres runs without root's powers, in each of the ways there are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.servers import binaries, runners
from localcloud.servers.errors import MissingError

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up its powers")


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kept-") as top:
        folder = Path(top) / "kept" / "postgres"
        folder.mkdir(parents=True, mode=0o700)
        folder.parent.chmod(0o700)
        yield folder


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that has setpriv and no unshare."""
    for name in ("setpriv",):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setattr(runners, "SYSTEM_PATH", str(tmp_path))


def test_an_ordinary_user_runs_it_directly(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    assert runners.unprivileged(data, "/bin/true").prefix == ()


@root
def test_root_uses_a_namespace_and_the_folder_stays_its_own(data: Path):
    """Even where nobody else may enter the folder above."""
    runner = runners.unprivileged(data, binaries.postgres("postgres", {}))
    assert Path(runner.prefix[0]).name == "unshare"
    assert (data.stat().st_uid, data.parent.stat().st_mode & 0o777) == (0, 0o700)


@root
def test_root_without_namespaces_uses_the_account_that_owns_the_folder_above(data: Path, no_namespaces: None):
    os.chown(data.parent, 1, 1)
    data.parent.parent.chmod(0o755)
    runner = runners.unprivileged(data, "/bin/true")
    assert (Path(runner.prefix[0]).name, runner.owner, data.stat().st_uid) == ("setpriv", 1, 1)


@root
def test_root_without_namespaces_and_neighbours_uses_nobody(data: Path, no_namespaces: None):
    data.parent.parent.chmod(0o755)
    assert runners.unprivileged(data, "/bin/true").owner == runners.NOBODY
    (data / "PG_VERSION").touch()
    assert runners.unprivileged(data, "/bin/true").owner == runners.NOBODY


@root
def test_where_no_way_is_open_that_is_said_and_nothing_changes(data: Path, no_namespaces: None):
    """The folder above the run's stays closed to every other account."""
    data.parent.parent.chmod(0o700)
    with pytest.raises(MissingError, match="no other way is open"):
        runners.unprivileged(data, "/bin/true")
    assert (data.stat().st_uid, data.parent.stat().st_mode & 0o777) == (0, 0o700)
