"""How each promise is broken behind Pulumi's back, honestly, and made whole again (`kept demo --break`, `--mend`).

Every entry changes the real thing the promise is about (a rule in the cloud, a row, a key, an object, a statement) and returns what
is needed to undo it, which is kept in `.kept/drift.json` (no secret, no personal value). Local environments only. The table in
`docs/drift.md` says the same in words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kept.environment import Environment
from kept.procedures import drift_cloud, drift_jobs
from services.errors import Refused, UsageError

Undo = dict[str, Any]


@dataclass(frozen=True)
class Drift:
    """One honest breakage: in words, the change (returning what undoes it), and the mending."""

    words: str
    break_: Callable[[Environment], Undo]
    mend: Callable[[Environment, Undo], None]


def _statement(promise: str) -> Drift:
    return Drift(
        "the signed statement is withdrawn",
        lambda environment: drift_jobs.withdraw_statement(environment, promise),
        lambda environment, _undo: drift_jobs.sign_statement(environment, promise),
    )


STATED = (
    "access.mfa",
    "storage.servers-encrypted",
    "storage.at-rest",
    "access.passwords",
    "use.sole-purpose",
    "sharing.never-sold",
    "sharing.processors",
    "sharing.soc2-and-dpa",
    "marketplace.official-api",
    "marketplace.data-protection-policy",
)
"""Promises that a person states, besides what is measured; each is broken by withdrawing the statement."""

DRIFTS: Mapping[str, Drift] = {
    "region.us-only": Drift("a volume is created in Frankfurt", drift_cloud.add_foreign_volume, drift_cloud.delete_volume),
    "network.private-vpc": Drift("a droplet appears outside the stack's VPC", drift_cloud.add_stray_droplet, drift_cloud.delete_droplet),
    "database.no-public-access": Drift(
        "the database's trusted sources are emptied, which opens it", drift_cloud.empty_trusted_sources, drift_cloud.restore_trusted_sources
    ),
    "firewall.https-only": Drift("port 8080 is opened to the world", drift_cloud.open_port, drift_cloud.restore_firewall),
    "transport.tls": Drift("the edge's minimum TLS version is lowered to 1.0", drift_cloud.lower_tls, drift_cloud.restore_tls),
    "edge.waf-and-ddos": Drift("the managed WAF rules are disabled", drift_cloud.disable_waf, drift_cloud.restore_waf),
    "pii.field-encryption": Drift(
        "one buyer's address is overwritten with plaintext", drift_jobs.write_plaintext, drift_jobs.restore_ciphertext
    ),
    "keys.rotation": Drift(
        "a merchant's key is restored from a backup that says it is 120 days old", drift_jobs.age_key, drift_jobs.rotate_keys_due
    ),
    "backup.daily-encrypted": Drift(
        "one byte of the newest backup is flipped in the bucket", drift_jobs.corrupt_backup, drift_jobs.restore_backup
    ),
    "backup.restore-tested": Drift(
        "the newest backup is corrupted and the drill is run against it", drift_jobs.fail_drill, drift_jobs.pass_drill
    ),
    "retention.buyer-pii": Drift(
        "an order shipped 100 days ago appears with its buyer's name still there", drift_jobs.add_overdue, drift_jobs.purge_overdue
    ),
    **{promise: _statement(promise) for promise in STATED},
}


def break_promise(environment: Environment, promise: str) -> str:
    """Break one promise and remember how to undo it; returns what was done, in words."""
    _local_only(environment)
    if promise not in DRIFTS:
        raise UsageError(f"no promise {promise!r} can be broken here", f"choose one of: {', '.join(DRIFTS)}")
    broken = _remembered(environment)
    if promise in broken:
        raise Refused(f"{promise} is broken already", f"mend it first: kept demo --mend {promise}")
    drift = DRIFTS[promise]
    _remember(environment, {**broken, promise: drift.break_(environment)})
    return drift.words


CLOUDS = frozenset(promise for promise, drift in DRIFTS.items() if drift.break_.__module__ == drift_cloud.__name__)
"""What is broken in the local clouds, and whole again when they are provisioned anew."""


def forget_clouds(environment: Environment) -> None:
    """The local clouds began anew: what was broken in them is gone, and what would undo it names resources that are no more."""
    broken = _remembered(environment)
    if CLOUDS & set(broken):
        _remember(environment, {promise: undo for promise, undo in broken.items() if promise not in CLOUDS})


def mend(environment: Environment, promise: str | None = None) -> tuple[str, ...]:
    """Undo one breakage, or all of them; returns the promises mended."""
    _local_only(environment)
    broken = _remembered(environment)
    if promise is not None and promise not in broken:
        raise UsageError(f"{promise} was not broken by `kept demo --break`", f"broken so: {', '.join(broken) or 'none'}")
    chosen = tuple(broken) if promise is None else (promise,)
    for each in chosen:
        DRIFTS[each].mend(environment, broken.pop(each))
        _remember(environment, broken)
    return chosen


def _local_only(environment: Environment) -> None:
    if environment.settings.environment != "local":
        raise Refused(f"this is {environment.settings.environment}: nothing is broken on purpose here", "use local servers: kept local up")


def _file(environment: Environment) -> Path:
    return environment.settings.data / "drift.json"


def _remembered(environment: Environment) -> dict[str, Undo]:
    path = _file(environment)
    return json.loads(path.read_text()) if path.exists() else {}


def _remember(environment: Environment, broken: Mapping[str, Undo]) -> None:
    path = _file(environment)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(broken))
    beside.replace(path)
