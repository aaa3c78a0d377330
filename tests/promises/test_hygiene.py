"""The rules of hygiene: what ships is whole, a catalog switches off with a reason or chooses figures, and nothing else is read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from promises.hygiene import GROUP, Choice, choices, read_rules, rules
from promises.kinds import kinds
from promises.loading import load_catalog, platforms, read_catalog
from promises.nodes import CatalogError, parse
from promises.observations import Surface
from promises.schema import schema
from tests.promises.test_schema import read, text

RULE = """\
rules:
  shelf.dusted:
    title: Shelves are dusted
    severity: low
    why: Dust hides labels.
    surfaces: [plan, live]
    vantage: operator
    parameters:
      every: {type: duration, unit: days, meaning: how often, default: 7 days}
      spared: {type: names, meaning: shelves left alone, default: []}
    remediation:
      console: dust it
      cli: dust SHELF
      pulumi: set `dusted=True`
"""


def chosen(section: str) -> Choice:
    """The one rule of the table above, as a catalog has it."""
    (choice,) = choices(parse(section, "catalog.yaml"), read_rules(RULE, "hygiene.yaml"))
    return choice


@pytest.mark.parametrize("name", rules())
def test_every_rule_says_how_to_mend_it_three_ways(name: str) -> None:
    rule = rules()[name]
    mend = rule.remediation
    assert all((rule.title, rule.why, mend.console, mend.cli, mend.pulumi))
    assert rule.surfaces
    assert Surface.JOB not in rule.surfaces


def test_no_promise_carries_the_groups_name_or_a_rules() -> None:
    """Verdicts are found by a promise's id: a rule under a promise's id would change one."""
    assert not {GROUP, *rules()} & set(kinds().by_id)


def test_a_catalog_that_says_nothing_has_every_rule() -> None:
    assert [(each.rule.id, each.off) for each in choices(None)] == [(name, "") for name in rules()]
    assert all(each.parameters == {figure.kind.name: figure.default for figure in each.rule.figures} for each in choices(None))


def test_a_rule_is_switched_off_with_a_reason() -> None:
    choice = chosen("shelf.dusted: {off: the shelves are sealed}")
    assert choice.off == "the shelves are sealed"


def test_a_figure_is_chosen_and_the_others_keep_their_defaults() -> None:
    choice = chosen("shelf.dusted: {every: 30 days}")
    assert choice.parameters == {"every": timedelta(days=30), "spared": ()}
    assert chosen("shelf.dusted: {spared: [top]}").parameters == {"every": timedelta(days=7), "spared": ("top",)}
    assert not choice.off


REFUSED = {
    "an unknown rule": ("shelf.dustde: {off: why}", "unknown rule of hygiene"),
    "off without a reason": ('shelf.dusted: {off: ""}', "the value is missing"),
    "off with figures": ("shelf.dusted: {off: why, every: 30 days}", "switched off and has figures"),
    "an unknown figure": ("shelf.dusted: {often: 30 days}", "unknown key 'often'"),
    "a figure without its unit": ("shelf.dusted: {every: 30}", "has no unit"),
    "a figure in another unit": ("shelf.dusted: {every: 4 weeks}", "is in weeks"),
    "an empty list": ("shelf.dusted: {spared: []}", "the list is empty"),
    "nothing": ("shelf.dusted: {}", "nothing is said"),
    "a rule twice": ("shelf.dusted: {off: why}\nshelf.dusted: {off: why}", "already given"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_catalogs_section_is_read_strictly(case: str) -> None:
    section, problem = REFUSED[case]
    with pytest.raises(CatalogError, match=problem):
        chosen(section)


WRONG = {
    "an unknown key": ("    why:", "    because:", "unknown key"),
    "a severity that is none": ("severity: low", "severity: mild", "unknown severity"),
    "a surface without a judge": ("[plan, live]", "[job]", "unknown surface"),
    "nowhere to look": ("[plan, live]", "[]", "looks nowhere"),
    "a duration without a unit": ("unit: days, ", "", "a duration has a unit"),
    "a unit that is none": ("unit: days", "unit: moons", "unknown unit"),
    "a unit where none belongs": ("type: names", "type: names, unit: days", "nothing else has"),
    "no default": (", default: 7 days", "", "'default' is missing"),
    "no command": ("      cli: dust SHELF\n", "", "'cli' is missing"),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_table_is_read_strictly(case: str) -> None:
    old, new, problem = WRONG[case]
    assert old in RULE
    with pytest.raises(CatalogError, match=problem):
        read_rules(RULE.replace(old, new), "hygiene.yaml")


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema_rs.Draft202012Validator(json.loads(json.dumps(schema(kinds()))), validate_formats=True)


def section(lines: str) -> str:
    """The shop's catalog with this section and no other of hygiene."""
    head = text("luggage").partition("\nhygiene:")[0]
    return f"{head}\nhygiene:\n{lines}\n"


SPELLED = {
    "a reason": ('  dns.caa: {off: "issued by our own authority"}', True),
    "a figure": ("  zone.hsts: {least_age: 365 days}", True),
    "an unknown rule": ("  dns.cab: {off: no}", False),
    "a reason and a figure": ("  zone.hsts: {off: why, least_age: 365 days}", False),
    "nothing": ("  zone.hsts: {}", False),
    "a figure of a rule that has none": ("  dns.dnssec: {least_age: 365 days}", False),
}


@pytest.mark.parametrize("case", SPELLED)
def test_editors_see_what_the_loader_sees(case: str, validator: Any) -> None:
    lines, good = SPELLED[case]
    assert validator.is_valid(read(section(lines))) is good
    if good:
        assert read_catalog(section(lines), None).hygiene
    else:
        with pytest.raises(CatalogError):
            read_catalog(section(lines), None)


@pytest.mark.parametrize("platform", platforms())
def test_every_catalog_has_every_rule(platform: str) -> None:
    assert [each.rule.id for each in load_catalog(platform, None).hygiene] == list(rules())
