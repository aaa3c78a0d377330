"""How everything of a platform is called: one place, so that programs, jobs and people find it. Pure.

illumacom-application, illumacom-keys           the networks
illumacom-app, -jobs, -vault, -collector        the tags of hosts by role (`promises.flows`)
illumacom-vault-2, vault-2.illumacom.internal   a host to the cloud, and to the other hosts
illumacom-backups, illumacom-backup_writer      a bucket, and a key for one purpose
"""

from __future__ import annotations

from collections.abc import Iterator

from promises import flows

INTERNAL = "internal"
"""The top-level name that is nobody's on the internet (reserved for private use)."""

VAULT_NODES = 3
"""Raft keeps answering while one of three is away."""


def network(platform: str, purpose: str) -> str:
    return f"{platform}-{purpose}"


def bucket(platform: str, purpose: str) -> str:
    return f"{platform}-{purpose}"


def access_key(platform: str, purpose: str) -> str:
    return f"{platform}-{purpose}"


def tag(platform: str, role: str) -> str:
    return flows.tag(platform, role)


def host(role: str, number: int) -> str:
    """A host within its platform: `vault-2`."""
    return f"{role}-{number}"


def hosts(role: str, count: int) -> Iterator[str]:
    return (host(role, number) for number in range(1, count + 1))


def machine(platform: str, name: str) -> str:
    """A host as the cloud lists it; volumes are named after their host too."""
    return f"{platform}-{name}"


def internal(platform: str, name: str) -> str:
    """A host as the others know it (`/etc/hosts`, certificates); no public zone carries these names."""
    return f"{name}.{platform}.{INTERNAL}"


def public(domain: str) -> str:
    """The one public name, always behind the edge."""
    return f"app.{domain}"
