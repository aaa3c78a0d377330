"""The probe of a store: one that keeps the condition passes, one that does not is told, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.probing import CREATES, Probe, control_run, probe
from evidence.stores import DirectoryStore, MemoryStore, Store
from promises.observations import Outcome
from tests.evidence.log_world import START


class Careless(MemoryStore):
    """Knows no condition, as some S3 servers do."""

    def put(self, key: str, data: bytes, *, create_only: bool = False) -> None:
        super().put(key, data)


@pytest.mark.parametrize("kind", [MemoryStore, DirectoryStore])
def test_a_store_that_keeps_the_condition_accepts_exactly_one(kind: type, tmp_path: Path) -> None:
    store: Store = kind(tmp_path) if kind is DirectoryStore else kind()
    assert probe(store) == Probe(1, CREATES - 1, whole=True)
    assert list(store.list("probe/")) == []


def test_a_store_without_the_condition_fails_and_the_record_says_how() -> None:
    store = Careless()
    found = probe(store)
    assert not found.holds
    assert list(store.list("probe/")) == []
    (seen,) = control_run(found, START, START).observations
    assert (seen.outcome, seen.observed) == (Outcome.FAIL, "32 accepted, 0 refused, one of the accepted is stored")
    assert seen.mend
    assert control_run(Probe(1, CREATES - 1, whole=True), START, START).observations[0].outcome is Outcome.PASS
