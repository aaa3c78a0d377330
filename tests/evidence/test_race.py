"""Eight writers and two checkpointers at once, each a process, some killed whatever they are doing: none lost, none twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.race import WRITERS, Raced, race
from services.settings import Settings


def whole(raced: Raced, records: int, kills: int) -> None:
    assert raced.verification.problems == ()
    assert (raced.written, raced.lost, raced.twice, raced.killed) == (WRITERS * records, 0, 0, kills)
    assert raced.verification.size > WRITERS * records


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_in_a_folder_none_is_lost_and_none_is_there_twice(tmp_path: Path, seed: int) -> None:
    whole(race(tmp_path, f"folder:{tmp_path}/log", records=8, kills=12, seed=seed), 8, 12)


@pytest.mark.slow
def test_in_a_bucket_none_is_lost_and_none_is_there_twice(tmp_path: Path, local: Settings, bucket: str) -> None:
    settings = local.data.parent / "settings.toml"
    whole(race(tmp_path, f"s3:{settings}:{bucket}", records=6, kills=10, seed=4), 6, 10)
