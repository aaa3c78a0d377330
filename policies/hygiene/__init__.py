"""Hygiene: what scanners of these clouds look for beside the promises; one file a family, and the one place that knows all of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from policies.hygiene.base import Check, registered

FAMILIES = ("dns", "mail", "zones", "hosts", "databases", "storage", "certificates", "account", "kubernetes")


def all_checks() -> Mapping[str, Check]:
    """The check of every rule, by the rule's id. Families import no client at the top, so this is cheap."""
    for family in FAMILIES:
        importlib.import_module(f"policies.hygiene.{family}")
    return registered()
