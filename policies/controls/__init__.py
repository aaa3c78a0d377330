"""The controls, one file a family, and the one place that knows all families."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from policies.controls.base import ATTESTATION, Control, registered

FAMILIES = (
    "regions",
    "network",
    "database",
    "firewall",
    "flows",
    "transport",
    "edge",
    "ssh",
    "encrypted_volumes",
    "buckets",
    "grants",
    "separation",
    "observability",
    "recipients",
    "accounts",
    "protection",
    "inventory",
    "probes_transport",
    "probes_edge",
    "probes_buckets",
    "encryption",
    "keys",
    "backups",
    "retention",
)


def all_controls() -> Mapping[str, Control]:
    """Every control by name. Families import no client and no provider at the top, so this is cheap."""
    for family in FAMILIES:
        importlib.import_module(f"policies.controls.{family}")
    return registered()


def control_names() -> frozenset[str]:
    """The names a catalog may use in its proofs."""
    return frozenset(all_controls()) | {ATTESTATION}
