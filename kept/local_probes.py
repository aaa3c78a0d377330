"""How a local run reaches what it probes: the edge at its own address, origins at theirs, and every hop where TLS is spoken.

The stand-ins for the clouds' APIs speak plain http; they are listed, and no other environment may list such a hop.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kept.probe_settings import Places, probes
from policies.readers import state
from services.errors import KeptError

VAULT_CLUSTER = "req_fw_sb-act_v1"
"""By which nodes forward requests to the active one: the cluster's port answers nobody who does not name one of its protocols."""

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud.servers.endpoints import Endpoints
    from policies.readers.state import Stack


def section(endpoints: Endpoints, platform: str, state_file: Path) -> dict[str, Any]:
    """The settings' `[probes]`: of the stack that was provisioned last, if one was."""
    return probes(platform, _stack(state_file), places(endpoints))


def places(endpoints: Endpoints) -> Places:
    def bucket(name: str, _region: str) -> str:
        return f"{endpoints.objects_endpoint}/{name}"

    return Places(
        bucket,
        host=endpoints.edge_host,
        port=endpoints.edge_port,
        source=endpoints.stranger,
        ca_file=str(endpoints.ca_file),
        hops=hops(endpoints),
        from_jobs=True,
    )


def hops(endpoints: Endpoints) -> dict[str, dict[str, Any]]:
    """Beside those of the public names and the hosts behind them."""
    ca_file, host = str(endpoints.ca_file), endpoints.postgres_host
    return {
        "Postgres": {"host": host, "port": endpoints.postgres_port, "protocol": "postgres", "vantage": "inside", "ca_file": ca_file},
        "Vault": {**_at(endpoints.vault_address), "vantage": "inside", "ca_file": ca_file},
        "Vault cluster": {"host": host, "port": endpoints.raft_port, "vantage": "inside", "checked": False, "alpn": VAULT_CLUSTER},
        "Spaces": {**_at(endpoints.objects_endpoint), "vantage": "outside", "ca_file": ca_file},
        "the clouds' APIs": {**_at(endpoints.clouds_endpoint), "protocol": "plain", "vantage": "outside"},
    }


def _at(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    return {"host": parts.hostname, "port": parts.port}


def _stack(state_file: Path) -> Stack | None:
    """None where nothing was provisioned, and where the file cannot be read: then nothing is declared, and nothing proven."""
    try:
        document = json.loads(state_file.read_text())
        return state.read(document) if isinstance(document, dict) else None
    except (OSError, ValueError, KeptError):
        return None
