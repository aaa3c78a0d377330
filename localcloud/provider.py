"""Creates the resources of a rehearsed program in the local cloud, where no Pulumi engine is at hand to do it.

`Provider.create` looks the resource's kind up in a table (`localcloud/kinds/`), sends the requests the Pulumi plugin would send, and gives
back what the engine would write into its state: the id and the outputs. A kind that is not in the table is an error, never a guess.

>>> provider = Provider("http://127.0.0.1:8080", token, SpacesCredentials("admin", "..."))
>>> provider.create("digitalocean:index/vpc:Vpc", "app", {"name": "app", "region": "nyc3"})
Created(id='5a4981aa-...', outputs={'name': 'app', ...})

Not done: updates and deletions (a rehearsal starts from an empty cloud: `wipe`), and the plugin's waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.kinds import account, buckets, cloudflare, compute, databases
from localcloud.kinds.compute import Create
from localcloud.kinds.session import Created, ProvisioningError, Session, SpacesCredentials

KINDS: Mapping[str, Create] = {**compute.KINDS, **databases.KINDS, **account.KINDS, **buckets.KINDS, **cloudflare.KINDS}
"""Pulumi's type token -> how one is created."""

_NAMED_AFTER_THEMSELVES = frozenset(
    {"digitalocean:index/vpc:Vpc", "digitalocean:index/vpcPeering:VpcPeering", "digitalocean:index/firewall:Firewall"}
)
"""Kinds the engine names when the program does not; here they take the resource's own name, without a random end."""


class Provider:
    """Stands in for the DigitalOcean and the Cloudflare plugin. `spaces` is needed for buckets only."""

    def __init__(self, endpoint: str, token: str, spaces: SpacesCredentials | tuple[str, str] | None = None) -> None:
        self._session = Session(endpoint, token, SpacesCredentials(*spaces) if spaces else None)

    def create(self, type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        """Create one resource.

        `inputs` are plain values in camelCase, as the SDK registers them. Raises `ProvisioningError` with the API's own words when it is
        refused, and for a kind that is not known here.
        """
        create = KINDS.get(type_token)
        if create is None:
            raise ProvisioningError(f"{type_token} ({name}) cannot be rehearsed: its kind is not known", "add it to localcloud/kinds/")
        given = {field: value for field, value in inputs.items() if value is not None and not field.startswith("__")}
        if type_token in _NAMED_AFTER_THEMSELVES:
            given.setdefault("name", name)
        made = create(self._session, given)
        return Created(made.id, {"id": made.id, **made.outputs})

    def close(self) -> None:
        self._session.close()


def wipe(endpoint: str, token: str, *, drop_databases: bool = False, empty_buckets: bool = False) -> None:
    """An empty local cloud. Databases in Postgres and objects in S3 stay, unless asked."""
    session = Session(endpoint, token)
    try:
        session.call("POST", "/__local__/reset", {"drop_databases": drop_databases, "empty_buckets": empty_buckets})
    finally:
        session.close()


__all__ = ["KINDS", "Created", "Provider", "ProvisioningError", "SpacesCredentials", "wipe"]
