"""The Postgres clients are found where they are named, else in the package; their versions are read, not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.errors import UsageError
from services.postgres_tools import VARIABLE, major, tool, version


@pytest.mark.parametrize("name", ["pg_dump", "pg_restore"])
def test_the_packages_tools_are_found_and_say_their_version(name: str) -> None:
    assert tool(name, {}).name == name
    assert major(version(name)) >= 16


def test_a_named_folder_decides(tmp_path: Path) -> None:
    (tmp_path / "pg_dump").write_text("#!/bin/sh\n")
    (tmp_path / "pg_dump").chmod(0o755)
    assert tool("pg_dump", {VARIABLE: str(tmp_path)}) == tmp_path / "pg_dump"


def test_a_named_folder_without_the_tool_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=str(tmp_path)):
        tool("pg_dump", {VARIABLE: str(tmp_path)})


MAJORS = {"17.10": 17, "16": 16, "17.10 (Debian 17.10-1)": 17, "18beta1": 18}


@pytest.mark.parametrize("text", MAJORS)
def test_the_major_version(text: str) -> None:
    assert major(text) == MAJORS[text]


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(UsageError, match="devel"):
        major("devel")
