"""Where a report is written: whole or not at all, and never over what is no report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kept.reporting import PUBLIC, Wanted, put
from policies.reports import public
from services.errors import UsageError

FILES = {"index.html": "<p>", "report.oscal/catalog.json": "{}"}


def test_a_file_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    for text in ("a\r\n", "b\r\n"):
        assert put(path, text) == path
        assert path.read_bytes() == text.encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_an_older_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "report"
    put(path, {**FILES, "report.oscal/plan-of-action.json": "{}"})
    assert put(path, FILES) == path
    assert sorted(each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file()) == sorted(FILES)
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_holds_anything_else_is_left_alone(tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("dear")
    with pytest.raises(UsageError, match=r"holds diary\.txt"):
        put(tmp_path, FILES)
    assert list(tmp_path.iterdir()) == [diary]


def test_a_file_where_a_folder_is_wanted_and_the_other_way_round(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("old")
    with pytest.raises(UsageError, match="is a file"):
        put(file, FILES)
    assert file.read_text() == "old"
    with pytest.raises(UsageError, match="is a folder"):
        put(tmp_path, "text")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (Wanted("csv", public=True), "no public edition as csv"),
        (Wanted("json", policy_text=Path("policy.txt")), "quoted on the page alone"),
        (Wanted("html", against=Path("report.json")), "only the Markdown report compares"),
        (Wanted("markdown", against=Path("report.json"), public=True), "only the Markdown report compares"),
    ],
)
def test_what_would_be_left_out_is_refused(wanted: Wanted, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        wanted.check()


def test_every_public_format_is_offered() -> None:
    assert set(PUBLIC) == set(public.FORMATS)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (Wanted("html", last=date(2031, 5, 1)), "a period has a beginning"),
        (Wanted("html", first=date(2031, 5, 2), last=date(2031, 5, 1)), "before it begins"),
        (Wanted("csv", first=date(2031, 5, 2)), "not told as csv"),
        (Wanted("html", public=True, first=date(2031, 5, 2)), "not told as the public edition"),
    ],
)
def test_a_period_that_cannot_be_told_is_refused(wanted: Wanted, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        wanted.check()
