"""The world of one test: see `log_world`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.log_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
