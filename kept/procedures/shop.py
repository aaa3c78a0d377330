"""The sample shop of the demo: loaded once, with a few keys that are honestly old, so that the rotation has work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from kept import locations
from kept.environment import Environment
from keyrotation import register
from samples import drift
from samples.load import Loaded, load_shop
from samples.shop import ShopSize
from services.settings import secret
from services.vault import Vault

AGED_KEYS = 3
AGED_BY = timedelta(days=84)
"""Past the age at which the rotation acts, and still within the promised 90 days."""


def load(environment: Environment, size: ShopSize, progress: Callable[[str], None]) -> Loaded:
    """Load the shop, or keep the one that is there; a fresh one gets a few old keys."""
    loaded = load_shop(environment.clients, environment.catalog, size, environment.clock(), progress)
    if loaded.fresh:
        merchants = merchant_keys(environment)[:AGED_KEYS]
        for merchant in merchants:
            drift.age_key(local_root(environment), merchant, AGED_BY)
        progress(f"{len(merchants)} merchants' keys are {AGED_BY.days} days old now, so that the rotation finds them due")
    return loaded


def merchant_keys(environment: Environment) -> tuple[UUID, ...]:
    """The merchants that have a key in Vault, by id."""
    found = (register.merchant_of(key.name) for key in register.read(environment.clients) if key.kind == "merchant")
    return tuple(sorted(merchant for merchant in found if merchant is not None))


def local_root(environment: Environment) -> Vault:
    """Vault with the local root token; it exists for local servers only."""
    vault = environment.settings.vault
    return Vault(vault.address, str(vault.ca_file), token=secret(locations.local_folder() / "secrets" / "vault_root_token"))
