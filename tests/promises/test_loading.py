"""Catalogs are refused with file, line and what to write instead; the one that ships loads."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pytest

from promises.kinds import Kinds, kinds, read_kinds
from promises.loading import load_catalog, platforms, read_catalog
from promises.model import Severity
from promises.nodes import CatalogError
from promises.observations import Surface
from tests.promises.support import CONTROLS

DIGEST = "ab" * 32
FILE = "warehouse.yaml"

KINDS = """\
jobs:
  verify: looks
kinds:
  shelf.locked:
    title: Shelves are locked
    meaning: Every shelf is locked.
    severity: high
    parameters: {}
    proofs:
      - {surface: live, control: shelf.live, max_age: {schedule: verify, plus: 1 hour}}
  label.kept:
    title: Labels are kept
    meaning: No label is older than its limit.
    severity: low
    parameters:
      limit: {type: duration, unit: days, meaning: longest time}
      doors: {type: ports, meaning: doors}
      walls: {type: networks, meaning: walls}
      floor: {type: tls-version, meaning: floor}
      lock: {type: cipher, meaning: lock}
      places: {type: regions, meaning: places}
      rules: {type: identifiers, meaning: rules}
    proofs:
      - {surface: job, control: label.counted, max_age: {parameter: limit, plus: 6 hours}, warn_age: {parameter: limit, minus: 2 days}}
      - {surface: live, planned: comes later, max_age: 2 days, may_be_empty: true}
"""

CATALOG = f"""\
platform: warehouse
policy:
  in_force: 2031-05-02
  sha256: {DIGEST}
promises:
  - id: shelf.locked
    section: "3"
    clauses: [{DIGEST}]
  - id: label.kept
    section: 4
    severity: critical
    parameters:
      limit: 45 days
      doors: [tcp/443, udp/53]
      walls: [198.51.100.0/24, 2001:DB8::/32]
      floor: TLS 1.2
      lock: AES-256-GCM
      places: [nyc, sfo3]
      rules: [{"0" * 32}]
    clauses:
      - {DIGEST}
schedule:
  verify: 1 day
data_map:
  - table: labels
    scope: merchant
    subject: customer
    primary_key: id
    columns:
      - {{name: id, id: 1, category: system.operations}}
      - {{name: name, id: 2, category: user.name, personal: true, encrypted: true}}
    legal_basis: contract
    retention: [{{anchor: made, period: 30 days}}]
  - table: shelves
    scope: platform
    subject: merchant
    primary_key: id
    columns:
      - {{name: id, id: 3, category: system.operations}}
"""

NAMES = frozenset({"shelf.live", "label.counted"})


def table() -> Kinds:
    return read_kinds(KINDS, "kinds.yaml")


def read(text: str, controls: frozenset[str] | None = NAMES):
    return read_catalog(text, controls, file=FILE, table=table())


def test_a_catalog_is_read() -> None:
    catalog = read(CATALOG)
    assert catalog.platform == "warehouse"
    assert catalog.policy.in_force == date(2031, 5, 2)
    assert catalog.sha256 == hashlib.sha256(CATALOG.encode()).hexdigest()
    assert catalog.schedule == {"verify": timedelta(days=1)}
    label = catalog.promise("label.kept")
    assert label.severity is Severity.CRITICAL
    assert label.section == "4"
    assert label.duration("limit") == timedelta(days=45)
    assert label.text("floor") == "1.2"
    assert label.texts("walls") == ("198.51.100.0/24", "2001:db8::/32")
    counted, planned = label.proofs
    assert (counted.surface, counted.control, counted.planned) == (Surface.JOB, "label.counted", None)
    assert (counted.max_age, counted.warn_age) == (timedelta(days=45, hours=6), timedelta(days=43))
    assert (planned.control, planned.planned, planned.may_be_empty) == (None, "comes later", True)
    assert [column.name for column in catalog.data_map.table("labels").encrypted()] == ["name"]


def test_platforms_that_share_the_account_may_be_listed() -> None:
    assert read(CATALOG).shares_account_with == ()
    platform = read(CATALOG).platform
    other = next(each for each in platforms() if each != platform)
    assert read(f"{CATALOG}shares_account_with: [{other}]\n").shares_account_with == (other,)
    for wrong in ("nobody", platform):
        with pytest.raises(CatalogError, match="is no other platform"):
            read(f"{CATALOG}shares_account_with: [{wrong}]\n")


def test_domains_of_ours_may_be_listed() -> None:
    assert read(CATALOG).domains == ()
    assert read(f"{CATALOG}domains: [mail.example, on-call.mail.example]\n").domains == ("mail.example", "on-call.mail.example")


def test_a_figure_is_written_once() -> None:
    """The proofs' ages follow the catalog's figures."""
    proof = read(CATALOG.replace("limit: 45 days", "limit: 30 days")).promise("label.kept").proofs[0]
    assert (proof.max_age, proof.warn_age) == (timedelta(days=30, hours=6), timedelta(days=28))


def test_controls_may_be_left_unchecked_by_those_who_judge_nothing() -> None:
    assert read(CATALOG, None).promise("shelf.locked").proofs[0].control == "shelf.live"


REFUSED = {
    "an unknown key": ("platform: warehouse", "platfrom: warehouse", 1, "unknown key 'platfrom'", "write 'platform'"),
    "a missing key": ("platform: warehouse\n", "", 1, "the key 'platform' is missing", "add `platform: ...`"),
    "a key given twice": ("policy:", "platform: lumina\npolicy:", 2, "already given on line 1", "keep one"),
    "a key of a promise given twice": ('    section: "3"', '    section: "3"\n    section: "4"', 8, "already given on line 7", "keep one"),
    "a promise nobody knows": ("id: shelf.locked", "id: shelf.lockt", 6, "unknown promise 'shelf.lockt'", "write 'shelf.locked'"),
    "no promise": (
        CATALOG[CATALOG.index("promises:") : CATALOG.index("schedule:")],
        "promises: []\n",
        5,
        "promises nothing",
        "add at least",
    ),
    "an unknown parameter": ("limit: 45 days", "limits: 45 days", 13, "unknown key 'limits'", "write 'limit'"),
    "a missing parameter": ("      limit: 45 days\n", "", 13, "the key 'limit' is missing", "add `limit: ...`"),
    "no parameters where there must be some": (
        CATALOG[CATALOG.index("    parameters:") : CATALOG.index("    clauses:\n")],
        "",
        9,
        "label.kept needs its parameters: limit",
        "add `parameters:`",
    ),
    "parameters where there are none": (
        '    section: "3"',
        '    section: "3"\n    parameters: {limit: 1 day}',
        8,
        "has no parameters",
        "leave",
    ),
    "a figure without a unit": ("limit: 45 days", "limit: 45", 13, "the figure 45 has no unit", "write `45 days`"),
    "a figure in another unit": (
        "limit: 45 days",
        "limit: 24 hours",
        13,
        "'24 hours' is in hours, but this parameter is in days",
        "in days",
    ),
    "a unit that is no unit of time": ("limit: 45 days", "limit: 45 metres", 13, "unknown unit 'metres'", "write it in days"),
    "words for a figure": ("limit: 45 days", "limit: a while", 13, "'a while' is no duration", "write for example `90 days`"),
    "no days at all": ("limit: 45 days", "limit: 0 days", 13, "'0 days' is no duration", "write for example"),
    "a list for a figure": ("limit: 45 days", "limit: [45 days]", 13, "a single value is expected", "write one value"),
    "nothing for a figure": ("limit: 45 days", "limit:", 13, "the value is missing", "write it after the colon"),
    "a port without a protocol": ("tcp/443", "443", 14, "'443' is no port with its protocol", "`tcp/443`"),
    "a port beyond the last": ("tcp/443", "tcp/70000", 14, "no port", "`tcp/443`"),
    "a port twice": ("udp/53", "tcp/443", 14, "tcp/443 is listed twice", "keep one"),
    "no port": ("[tcp/443, udp/53]", "[]", 14, "the list is empty", "list at least one of the ports"),
    "one value for a list": ("[tcp/443, udp/53]", "tcp/443", 14, "a list is expected", "- "),
    "a network with host bits": ("198.51.100.0/24", "198.51.100.7/24", 15, "is no network", "address/prefix"),
    "an address without a prefix": ("198.51.100.0/24", "198.51.100.7", 15, "has no prefix length", "write `198.51.100.7/32`"),
    "everybody": ("198.51.100.0/24", "0.0.0.0/0", 15, "0.0.0.0/0 is everybody", "list the networks"),
    "a bare TLS version": ("floor: TLS 1.2", "floor: 1.2", 16, "the figure 1.2 has no unit", "write `TLS 1.2`"),
    "a TLS version we do not accept": ("floor: TLS 1.2", "floor: TLS 1.0", 16, "no TLS version we accept", "write `TLS 1.2`"),
    "a cipher we do not know": ("lock: AES-256-GCM", "lock: AES-256-CBC", 17, "unknown cipher 'AES-256-CBC'", "write 'AES-256-GCM'"),
    "a region that is none": ("sfo3", "San Francisco", 18, "no region prefix", "`nyc`"),
    "an identifier that is none": ("0" * 32, "abc", 19, "no identifier", "32 hexadecimal"),
    "a severity that is none": (
        "severity: critical",
        "severity: urgent",
        11,
        "unknown severity 'urgent'",
        "write one of critical, high, low, medium",
    ),
    "a short digest": (f"      - {DIGEST}", "      - abab", 21, "no SHA-256 digest", "kept policy digest"),
    "a digest in capitals": (f"  sha256: {DIGEST}", f"  sha256: {DIGEST.upper()}", 4, "no SHA-256 digest", "64 hexadecimal"),
    "a clause twice": (f"[{DIGEST}]", f"[{DIGEST}, {DIGEST}]", 8, "this clause is listed twice", "keep one"),
    "no clause": (f"[{DIGEST}]", "[]", 8, "comes from no clause", "list the digest"),
    "a date that is none": ("2031-05-02", "May 2, 2031", 3, "is no date", "2026-03-04"),
    "a platform's name that is none": ("platform: warehouse", "platform: Ware House", 1, "no platform name", "lower-case"),
    "a job nobody knows": ("verify: 1 day", "verfy: 1 day", 23, "unknown job 'verfy'", "write 'verify'"),
    "a schedule that leaves a job out": ("  verify: 1 day", "  {}", 23, "the schedule leaves out verify", "add `verify:"),
    "a schedule without units": ("verify: 1 day", "verify: 1", 23, "the figure 1 has no unit", "write `1 days`"),
    "a column id twice": ("name: name, id: 2", "name: name, id: 1", 31, "the column id 1 is already that of labels.id", "never used"),
    "a column id of another table": ("name: id, id: 3", "name: id, id: 2", 39, "already that of labels.name", "never used"),
    "a column id that is no number": ("name: name, id: 2", "name: name, id: 0x2", 31, "'0x2' is no column id", "whole number"),
    "a column twice": ("name: name, id: 2", "name: id, id: 2", 31, "the column 'id' is already in this table", "keep one"),
    "a table twice": ("table: shelves", "table: labels", 34, "the table 'labels' is already in the map", "keep one"),
    "a scope that is none": ("scope: merchant", "scope: tenant", 26, "unknown scope 'tenant'", "merchant, platform"),
    "a primary key that is no column": (
        "primary_key: id\n    columns:\n      - {name: id, id: 1",
        "primary_key: nr\n    columns:\n      - {name: id, id: 1",
        28,
        "unknown column 'nr'",
        "id",
    ),
    "a category that is none": ("category: user.name", "category: Customer", 31, "no data category", "user.contact.email"),
    "a person's column that does not say so": ("personal: true, ", "", 31, "must say whether it is personal", "add `personal: true`"),
    "an encrypted column that is not personal": (
        "personal: true, encrypted",
        "personal: false, encrypted",
        31,
        "not personal",
        "personal: true",
    ),
    "neither true nor false": ("personal: true", "personal: yes", 31, "'yes' is neither true nor false", "true or false"),
    "a column that is no SQL name": ("name: name", "name: Name of buyer", 31, "no plain SQL name", "lower-case"),
    "a domain in capitals": ("schedule:", "domains: [mail.example, Mail.example]\nschedule:", 22, "'Mail.example' is no", "lower case"),
    "a domain of one word": ("schedule:", "domains: [localhost]\nschedule:", 22, "'localhost' is no domain name", "lower case"),
    "a domain with its scheme": ("schedule:", "domains: ['https://mail.example']\nschedule:", 22, "is no domain name", "like operations"),
    "a wildcard for a domain": ("schedule:", "domains: ['*.mail.example']\nschedule:", 22, "is no domain name", "like operations"),
    "a top-level domain": ("schedule:", "domains: [.example]\nschedule:", 22, "'.example' is no domain name", "like operations"),
    "one domain for a list": ("schedule:", "domains: mail.example\nschedule:", 22, "a list is expected", "- "),
    "a mapping where a list must be": (
        "    columns:\n      - {name: id, id: 3, category: system.operations}",
        "    columns: {}",
        38,
        "a list is expected",
        "- ",
    ),
    "a list where a mapping must be": (
        "policy:\n  in_force: 2031-05-02\n  sha256: " + DIGEST,
        "policy: []",
        2,
        "a mapping is expected",
        "key: value",
    ),
    "values without end in each other": ('section: "3"', "section: " + "[" * 60 + "]" * 60, 7, "more than 50 deep", "mend the line"),
    "an alias": ('section: "3"', "section: &three 3\n    severity: *three", 8, "aliases are not allowed", "mend the line"),
    "broken YAML": ("promises:", "promises: [", 6, "not valid YAML", "mend the line"),
    "a second document": ("schedule:", "---\nschedule:", 22, "not valid YAML", "mend the line"),
    "a control character": ("warehouse", "ware\x07house", 1, "not valid YAML", "control characters"),
    "nothing at all": (CATALOG, "", 1, "the file is empty", "docs/catalog.md"),
    "only a comment": (CATALOG, "# soon\n", 1, "the file is empty", "docs/catalog.md"),
}


@pytest.mark.parametrize(("before", "after", "line", "problem", "instead"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_line_and_remedy(before: str, after: str, line: int, problem: str, instead: str) -> None:
    assert before in CATALOG
    with pytest.raises(CatalogError) as refusal:
        read(CATALOG.replace(before, after, 1))
    error = refusal.value
    assert error.message.startswith(f"{FILE}:{line}: "), error.message
    assert any(each in error.message for each in problem.split("|")), error.message
    assert instead in error.hint
    assert error.hint
    assert error.exit_code == 2


def test_a_promise_without_parameters_listed_twice() -> None:
    twice = CATALOG.replace("  - id: label.kept", f'  - id: shelf.locked\n    section: "5"\n    clauses: [{DIGEST}]\n  - id: label.kept')
    with pytest.raises(CatalogError, match=r"warehouse\.yaml:9: the promise shelf.locked is already in this catalog"):
        read(twice)


def test_another_encoding_is_refused() -> None:
    with pytest.raises(CatalogError, match=r"warehouse.yaml:2: not UTF-8 at byte \d+"):
        read_catalog(b"platform: warehouse\n# caf\xe9\n", NAMES, file=FILE, table=table())


def test_an_unknown_control_is_refused_where_it_is_named() -> None:
    with pytest.raises(CatalogError) as refusal:
        read(CATALOG, frozenset({"shelf.life", "label.counted"}))
    assert refusal.value.message == "kinds.yaml:10: shelf.locked names the control 'shelf.live', which does not exist"
    assert refusal.value.hint == "write 'shelf.life', or `planned: <why there is none yet>`"


REFUSED_KINDS = {
    "a promise without a proof": (
        "    proofs:\n      - {surface: live, control: shelf.live, max_age: {schedule: verify, plus: 1 hour}}\n",
        "    proofs: []\n",
        9,
        "has no proof",
    ),
    "a proof that is both there and planned": ("planned: comes later", "planned: comes later, control: x", 25, "one of the two"),
    "a document for what is no statement": ("may_be_empty: true", "document: true", 25, "only a statement rests on a document"),
    "a proof that is neither": ("planned: comes later, ", "", 25, "one of the two"),
    "a surface that is none": ("surface: job", "surface: jobs", 24, "unknown surface 'jobs'"),
    "a duration without a unit": ("type: duration, unit: days", "type: duration", 16, "a duration has a unit"),
    "a unit for what has none": ("type: ports", "type: ports, unit: days", 17, "nothing else has"),
    "a type nobody knows": ("type: ports", "type: port", 17, "unknown type 'port'"),
    "an age of nothing": ("max_age: 2 days", "max_age: 2", 25, "the figure 2 has no unit"),
    "an age that follows two figures": ("{schedule: verify,", "{schedule: verify, parameter: limit,", 10, "follows one figure"),
    "an age shifted twice": ("plus: 1 hour", "plus: 1 hour, minus: 1 hour", 10, "shifted once"),
    "an age that follows nothing known": ("{schedule: verify,", "{schedule: verfy,", 10, "unknown job 'verfy'"),
    "an age that follows what is no duration": (
        "{parameter: limit, plus",
        "{parameter: doors, plus",
        24,
        "unknown duration parameter 'doors'",
    ),
}


@pytest.mark.parametrize(("before", "after", "line", "problem"), REFUSED_KINDS.values(), ids=REFUSED_KINDS.keys())
def test_a_table_of_kinds_is_refused_with_its_line(before: str, after: str, line: int, problem: str) -> None:
    assert before in KINDS
    with pytest.raises(CatalogError) as refusal:
        read_kinds(KINDS.replace(before, after, 1), "kinds.yaml")
    assert refusal.value.message.startswith(f"kinds.yaml:{line}: "), refusal.value.message
    assert problem in refusal.value.message


AGES = {
    "a warning after the limit": ("minus: 2 days", "plus: 2 days", "the warning at 47 days comes after the limit of 45 days 6 hours"),
    "a margin that eats the figure up": ("minus: 2 days", "minus: 60 days", "the age comes to -15 days"),
}


@pytest.mark.parametrize(("before", "after", "problem"), AGES.values(), ids=AGES.keys())
def test_ages_are_checked_with_the_catalogs_figures(before: str, after: str, problem: str) -> None:
    changed = read_kinds(KINDS.replace(before, after, 1), "kinds.yaml")
    with pytest.raises(CatalogError, match=r"kinds\.yaml:24: ") as refusal:
        read_catalog(CATALOG, NAMES, file=FILE, table=changed)
    assert problem in refusal.value.message


def test_illumacom_loads() -> None:
    catalog = load_catalog("illumacom", CONTROLS)
    assert len(catalog.promises) == 49
    assert catalog.promise("keys.rotation").duration("max_age") == timedelta(days=90)
    assert catalog.promise("transport.tls").text("minimum_version") == "1.2"
    assert len(catalog.promise("firewall.https-only").texts("edge_ranges")) == 22
    assert {table.name: len(table.encrypted()) for table in catalog.data_map.tables} == {
        "buyers": 5, "orders": 0, "shipments": 2, "products": 0, "inventory": 0, "financial_reports": 0,
    }  # fmt: skip
    assert {promise.id for promise in catalog.promises if not all(proof.planned for proof in promise.proofs)} >= {
        "keys.rotation",
        "transport.tls",
    }


@pytest.mark.parametrize(("platform", "count"), {"illumacom": 49, "lumina": 21, "luggage": 12}.items())
def test_every_promise_of_every_platform_loads(platform: str, count: int) -> None:
    assert len(load_catalog(platform, CONTROLS).promises) == count


def test_every_kind_is_promised_by_somebody() -> None:
    promised = {promise.id for platform in platforms() for promise in load_catalog(platform, CONTROLS).promises}
    assert promised == set(kinds().by_id)


def test_pairings_with_standards_wait_for_a_reviewer() -> None:
    paired = [kind.standards for kind in kinds().by_id.values() if kind.standards]
    assert len(paired) > 40
    assert not any(each.reviewed_by or each.reviewed_on for each in paired)
    assert kinds().by_id["keys.rotation"].standards.requirements["nist80053"] == ("SC-12",)


@pytest.mark.parametrize("platform", platforms())
def test_no_sentence_of_a_policy_is_in_the_catalog(platform: str) -> None:
    """A catalog holds digests and figures; its comments are ours and short."""
    path = Path(load_catalog.__globals__["FOLDER"]) / f"{platform}.yaml"
    assert "\u201c" not in path.read_text(encoding="utf-8")


def test_a_platform_without_a_catalog() -> None:
    with pytest.raises(CatalogError) as refusal:
        load_catalog("ilumacom", CONTROLS)
    assert refusal.value.message == "there is no catalog for 'ilumacom'"
    assert refusal.value.hint == "name 'illumacom'"


PLACE = "  - id: shelf.locked\n"


def with_proof(proof: str) -> str:
    return CATALOG.replace(PLACE, f"{PLACE}    proofs: [{proof}]\n")


def test_a_catalog_adds_proofs_to_those_of_the_kind() -> None:
    found = read(with_proof("{surface: job, control: label.counted, max_age: 3 days}"))
    proofs = found.promise("shelf.locked").proofs
    assert [(each.surface, each.control) for each in proofs] == [(Surface.LIVE, "shelf.live"), (Surface.JOB, "label.counted")]
    assert proofs[1].max_age == timedelta(days=3)


@pytest.mark.parametrize(
    ("proof", "problem"),
    {
        "the kind's own": ("{surface: live, control: shelf.live, max_age: 3 days}", "is proven by shelf.live on every platform"),
        "a control that is none": ("{surface: job, control: shelf.shut, max_age: 3 days}", "names the control 'shelf.shut'"),
        "no control and no plan": ("{surface: job, max_age: 3 days}", "names a control or says why it is planned"),
        "an age by a figure the promise has not": ("{surface: job, planned: later, max_age: {parameter: limit}}", "limit"),
    }.values(),
)
def test_a_further_proof_is_read_as_strictly(proof: str, problem: str) -> None:
    with pytest.raises(CatalogError, match=problem):
        read(with_proof(proof))
