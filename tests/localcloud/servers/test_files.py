"""Secrets are made once, private, and as a whole; a folder that cannot take them is told."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from localcloud.servers import files
from localcloud.servers.errors import UnwritableError


def test_a_secret_is_made_once_and_is_private(tmp_path: Path):
    path = tmp_path / "token"
    first = files.secret_once(path)
    assert files.secret_once(path) == first
    assert len(first) == 40
    assert path.stat().st_mode & 0o777 == 0o600
    assert files.secret_once(tmp_path / "other") != first


def test_a_key_has_its_length_in_hexadecimal_digits(tmp_path: Path):
    assert len(bytes.fromhex(files.hexadecimal_once(tmp_path / "key"))) == 32


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "file"
    files.write(path, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnwritableError, match="disk is full") as told, files.told(tmp_path):
        files.write(path, "new")
    assert "make room" in told.value.hint
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_other_errors_of_writing_name_the_path_and_the_way_out(tmp_path: Path):
    with pytest.raises(UnwritableError, match=str(tmp_path)) as told, files.told(tmp_path):
        files.write(tmp_path / "missing" / "file", "")
    assert "KEPT_HOME" in told.value.hint
