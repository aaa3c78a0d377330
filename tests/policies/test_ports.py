"""Port texts as sets: every spelling of "all", and agreement with a set of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.ports import ALL, FIRST, LAST, Ports, merged, parse, parse_allowed

SAME: dict[str, tuple[object, object]] = {
    "a number and a text": (443, "443"),
    "a float, as protobuf has it": (443.0, "443"),
    "all by a word": ("all", "1-65535"),
    "all by a nought": ("0", "1-65535"),
    "all by a number": (0, "all"),
    "all from nought": ("0-65535", "all"),
    "all by saying nothing": ("", "all"),
    "all by an absent value": (None, "all"),
    "ranges that touch": ("1-100,101-65535", "all"),
    "blanks": (" 80 , 443 ", "443,80"),
    "capitals": ("ALL", "all"),
}


@pytest.mark.parametrize("case", SAME)
def test_spellings_mean_the_same(case: str) -> None:
    left, right = SAME[case]
    assert parse(left) == parse(right)


@pytest.mark.parametrize("text", ["https", "65536", "10-5", "-1", "1-", "1--2", "80,", "1.5"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)


def test_a_parameter_is_read_by_protocol() -> None:
    assert parse_allowed(("tcp/443", "TCP/80", "udp/443")) == {"tcp": parse("80,443"), "udp": parse("443")}


RANGES = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=6)


def numbers(ranges: list[tuple[int, int]]) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}


@given(RANGES, RANGES)
def test_agrees_with_a_set_of_numbers(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    mine, other = merged(left), merged(right)
    assert mine.within(other) == (numbers(left) <= numbers(right))
    assert numbers(list((mine | other).ranges)) == numbers(left) | numbers(right)
    assert bool(mine) == bool(numbers(left))
    assert (mine == other) == (numbers(left) == numbers(right))


@given(RANGES.filter(bool))
def test_reads_back_what_it_says(ranges: list[tuple[int, int]]) -> None:
    assert parse(str(merged(ranges))) == merged(ranges)


def test_all_is_all() -> None:
    assert merged([(FIRST, LAST)]) == ALL
    assert str(ALL) == "all"
    assert Ports().within(Ports())
    assert not ALL.within(parse("443"))
