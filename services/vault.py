"""A narrow client for Vault or OpenBao: approle login, a renewed login once, and transit calls without foreign error texts.

hvac's exceptions can carry plaintexts of the items that went well, so none of them is ever shown, logged or chained: they are
turned into `services.errors` here, with the server's own short message only where it cannot hold data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.errors import Refused, Unreachable, UsageError
from services.settings import Vault as VaultSettings
from services.settings import secret


class Vault:
    """One role's session. Every call is a path below `/v1/` with a JSON body; the answer is its `data`.

    >>> Vault.login(settings.vault, "rotate").write("pii/keys/m-1/rotate", {})
    """

    def __init__(self, address: str, ca_file: str, token: str | None = None, approle: tuple[str, str] | None = None) -> None:
        import hvac

        self._approle = approle
        self._client = hvac.Client(url=address, token=token, verify=ca_file, timeout=30)
        self.address = address
        if approle:
            self._login()

    @classmethod
    def login(cls, settings: VaultSettings, role: str) -> Vault:
        """Log in by approle; `role` is one of the settings' roles."""
        if role not in settings.roles:
            raise UsageError(f"no Vault role {role!r} in the settings", f"add [vault.roles.{role}]")
        chosen = settings.roles[role]
        return cls(settings.address, str(settings.ca_file), approle=(chosen.role_id, secret(chosen.secret_id_file)))

    def read(self, path: str) -> dict[str, Any]:
        return self.call("get", path)

    def list(self, path: str) -> tuple[str, ...]:
        """The keys below a path; none when the path holds nothing."""
        try:
            return tuple(self.call("list", path).get("keys", ()))
        except NotFound:
            return ()

    def write(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self.call("post", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        return self.call("delete", path)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request. Errors: `NotFound` (404), `Denied` (403 after one new login), `Invalid` (400), `Unreachable`."""
        try:
            return self._request(method, path, body)
        except Denied:
            if not self._approle:
                raise
        self._login()
        return self._request(method, path, body)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        import requests
        from hvac import exceptions

        failure: Exception
        try:
            answer = self._client.adapter.request(method, f"/v1/{path}", json=body)
            return _data(answer)
        except exceptions.InvalidPath:
            failure = NotFound(f"Vault has nothing at {path}")
        except exceptions.Forbidden:
            failure = Denied(f"Vault refused {method} {path}", "the role's policy does not allow it, or its token expired")
        except exceptions.InvalidRequest as error:
            failure = Invalid(f"Vault called {method} {path} invalid", reasons=_reasons(error))
        except (exceptions.VaultDown, exceptions.VaultNotInitialized):
            failure = Unreachable(f"Vault at {self.address} is sealed", "unseal it; `kept local up` does so for the local one")
        except exceptions.VaultError as error:
            failure = Unreachable(f"Vault failed on {method} {path} ({type(error).__name__})", "look at Vault's own log")
        except requests.RequestException as error:
            hint = "is it running? `kept local status` tells"
            failure = Unreachable(f"cannot reach Vault at {self.address} ({type(error).__name__})", hint)
        raise failure from None

    def _login(self) -> None:
        assert self._approle is not None
        role_id, secret_id = self._approle
        try:
            answer = self._client.adapter.request("post", "/v1/auth/approle/login", json={"role_id": role_id, "secret_id": secret_id})
            token = answer["auth"]["client_token"]
        except Exception as error:  # noqa: BLE001 - hvac's and requests' texts may hold the secret id
            failure = Unreachable(f"cannot log in to Vault at {self.address} ({type(error).__name__})", "check the role's secret id")
        else:
            self._client.token = token
            return
        raise failure from None


class NotFound(Refused):
    """404: no such key, mount or path."""


class Denied(Refused):
    """403: the policy says no."""


class Invalid(Refused):
    """400. `reasons` are the server's messages; they go into no log, for they may quote input."""

    def __init__(self, message: str, hint: str = "", reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.reasons = reasons


def _data(answer: Any) -> dict[str, Any]:
    """hvac's JSON adapter answers a dict, or a raw response where there was no body."""
    if not isinstance(answer, dict):
        return {}
    data = answer.get("data")
    return data if isinstance(data, dict) else answer


def _reasons(error: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in (error.errors or ()))
