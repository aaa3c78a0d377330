"""One memory asks for a thing once, whoever asks and however it ends; another memory asks anew."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from policies.readers.once import Once
from services.errors import Refused


def test_what_is_asked_twice_is_read_once() -> None:
    once, reading = Once(), count(1)
    assert [once("buckets", lambda: next(reading)) for _ in range(3)] == [1, 1, 1]


def test_another_thing_and_another_memory_are_read_by_themselves() -> None:
    once = Once()
    assert [once("buckets", lambda: 1), once("regions", lambda: 2), Once()("buckets", lambda: 3)] == [1, 2, 3]


def test_whoever_asks_meanwhile_waits_for_the_same_answer() -> None:
    once, asked, go, read = Once(), threading.Event(), threading.Event(), []

    def slow() -> int:
        read.append(1)
        asked.set()
        assert go.wait(20)
        return len(read)

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(once, "buckets", slow)
        assert asked.wait(20)
        others = [pool.submit(once, "buckets", slow) for _ in range(2)]
        assert once("regions", lambda: 7) == 7, "nobody waits for what he did not ask for"
        go.set()
        assert [each.result(20) for each in (first, *others)] == [1, 1, 1]


def test_one_answer_may_need_another() -> None:
    once = Once()
    assert once("settings", lambda: once("regions", lambda: 1) + 1) == 2


def test_a_refusal_is_told_to_everybody_and_not_asked_for_again() -> None:
    once, read = Once(), []

    def refused() -> None:
        read.append(1)
        raise Refused("the cloud said no", "ask")

    for _ in range(2):
        with pytest.raises(Refused, match="the cloud said no"):
            once("buckets", refused)
    assert read == [1]
