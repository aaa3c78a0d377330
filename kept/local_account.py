"""What the owner of a local Cloudflare account does once, by hand: demand a second factor, and let one member in who has one.

The program cannot: an account is not the stack's. Outside local environments a person does it in Cloudflare's console, and
`accounts.live` asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from services.errors import Unreachable
from services.settings import Settings, secret

MEMBER = "duty@operations.example"
ROLE = "33666b9c79b9a5273fc7344ff42f953d"
"""Cloudflare's role Super Administrator - All Privileges."""

TIMEOUT_SECONDS = 20


def settle(settings: Settings) -> None:
    """Idempotent: an account that has a member is left as it is. The side door answers for the member, who accepts with a second factor."""
    if settings.environment != "local":
        return
    account = f"/client/v4/accounts/{settings.cloudflare.account_id}"
    header = {"Authorization": f"Bearer {secret(settings.cloudflare.token_file)}"}
    try:
        with httpx.Client(base_url=settings.digitalocean.endpoint, headers=header, timeout=TIMEOUT_SECONDS, trust_env=False) as cloud:
            if _asked(cloud, "GET", f"{account}/members")["result"]:
                return
            _asked(cloud, "PUT", account, {"name": "local", "settings": {"enforce_twofactor": True}})
            member = _asked(cloud, "POST", f"{account}/members", {"email": MEMBER, "roles": [ROLE]})["result"]
            user = {**member["user"], "two_factor_authentication_enabled": True}
            _asked(cloud, "PATCH", f"/__local__/resources{account}/members/{member['id']}", {"status": "accepted", "user": user})
    except httpx.HTTPError as error:
        raise Unreachable(f"the local cloud did not answer ({type(error).__name__})", "is it running? `kept local status` tells") from error


def _asked(cloud: httpx.Client, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
    answer = cloud.request(method, path, json=body)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
