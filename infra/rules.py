"""How a key of the stack's configuration is read: each rule refuses with the key, the value and what was expected. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from infra import addresses
from infra.addresses import AddressPlan
from infra.errors import ConfigError

Get = Callable[[str], str | None]
"""Answers a key without its `kept:`, or None where it is not set."""

WIDEST_SITE = {4: 24, 6: 48}
"""Operators sit at named sites: no block of theirs is wider."""

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?")


@dataclass(frozen=True)
class Rules:
    """The keys of one stack."""

    get: Get

    def refuse(self, key: str, value: str | None, rule: str) -> NoReturn:
        """Say what is wrong; a value of several lines is not repeated."""
        said = "is not set" if value is None else repr(value if "\n" not in value else value.partition("\n")[0] + "...")
        raise ConfigError(f"kept:{key}: {said}: expected {rule}")

    def matching(self, key: str, pattern: str, rule: str) -> str:
        value = self.get(key)
        if value is None or not re.fullmatch(pattern, value):
            self.refuse(key, value, rule)
        return value

    def one_of(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        value = self.get(key) or default
        if value is None or value not in allowed:
            self.refuse(key, value, f"one of {', '.join(allowed)}")
        return value

    def number(self, key: str, least: int, most: int) -> int:
        value = self.get(key)
        if value is None or not re.fullmatch("[0-9]{1,6}", value) or not least <= int(value) <= most:
            self.refuse(key, value, f"a number from {least} to {most}")
        return int(value)

    def domain(self, key: str) -> str:
        return self.matching(key, r"([a-z0-9][a-z0-9-]*\.)+[a-z]{2,}", "a domain name in lower case")

    def domains(self, key: str) -> tuple[str, ...]:
        """Names with commas between them, or none."""
        value = self.get(key)
        return tuple(each.strip() for each in self._listed(key, value, r"([a-z0-9][a-z0-9-]*\.)+[a-z]{2,}", "domain names in lower case"))

    def size(self, key: str, example: str) -> str:
        return self.matching(key, r"[a-z0-9_-]+", f"a size of the cloud's, like {example}")

    def sha256(self, key: str) -> str:
        return self.matching(key, r"[0-9a-f]{64}", "a SHA-256 in 64 hexadecimal digits")

    def certificate(self, key: str) -> str:
        """One certificate, PEM; a private key is never read here."""
        value = self.get(key)
        if value is None or not _PEM.fullmatch(value):
            self.refuse(key, value, "one certificate in PEM, and nothing beside it")
        return value

    def networks(self, key: str) -> tuple[str, ...]:
        """CIDRs with commas between them, none wider than a site."""
        value, rule = self.get(key), "networks like 198.51.100.7/32, with commas between them, none wider than /24 or /48"
        found = self._listed(key, value, r"[0-9a-f.:]+/[0-9]{1,3}", rule)
        if not found:
            self.refuse(key, value, rule)
        for each in found:
            try:
                network = ipaddress.ip_network(each)
            except ValueError:
                self.refuse(key, value, rule)
            if network.prefixlen < WIDEST_SITE[network.version]:
                self.refuse(key, value, rule)
        return found

    def address_plan(self, key: str) -> AddressPlan:
        value = self.get(key)
        try:
            return addresses.plan(value or "")
        except ValueError:
            self.refuse(key, value, addresses.RULE)

    def flag(self, key: str, default: str) -> bool:
        value = self.get(key) or default
        if value not in ("true", "false"):
            self.refuse(key, value, "true or false")
        return value == "true"

    def _listed(self, key: str, value: str | None, pattern: str, rule: str) -> tuple[str, ...]:
        found = tuple(each.strip() for each in (value or "").split(",") if each.strip())
        if not all(re.fullmatch(pattern, each) for each in found):
            self.refuse(key, value, rule)
        return found
