"""A fourth platform is a catalog and no code: the one that docs/catalog.md shows is read, checked, traced and told apart."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest

from promises import clauses
from promises.kinds import kinds
from promises.loading import read_catalog
from promises.model import Catalog
from promises.nodes import CatalogError
from promises.schema import schema
from promises.tracing import trace
from promises.verdicts import Status, judge
from tests.promises.support import CONTROLS, NOW
from tests.promises.test_schema import read

PAGE = (Path(__file__).parents[2] / "docs/catalog.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("## A fourth platform")[1].split("```yaml\n")[1].split("```")[0]
TEXT = """\
Parcels

All traffic uses TLS 1.2 or higher. Personal data is encrypted with AES-256-GCM before it is stored.
After the end of an account its data is deleted within 60 days. Parcels over 40 years of age are welcome.
"""


@pytest.fixture
def catalog() -> Catalog:
    return read_catalog(EXAMPLE, CONTROLS)


def test_it_speaks_for_its_whole_text(catalog: Catalog) -> None:
    found = trace(clauses.split(TEXT), clauses.text_digest(TEXT), catalog, kinds())
    assert found.complete
    assert found.same_text


def test_it_is_judged(catalog: Catalog) -> None:
    assert {judge(promise, [], NOW).status for promise in catalog.promises} == {Status.NOT_PROVEN}


def test_its_sums_are_checked() -> None:
    with pytest.raises(CatalogError, match="20 days until deletion \\+ 41 days in the longest-lived copy"):
        read_catalog(EXAMPLE.replace("period: 40 days", "period: 41 days"), CONTROLS)


def test_an_editor_accepts_it() -> None:
    jsonschema_rs.validator_for(schema(kinds())).validate(read(EXAMPLE))
