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
from kept.procedures import drift_cloud, drift_jobs, drift_settings
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
    "objects.server-side": Drift("the bucket of objects is opened to everybody", drift_cloud.open_bucket, drift_cloud.close_bucket),
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
    "storage.servers-encrypted": Drift(
        "a volume that nobody encrypts is attached to a host", drift_settings.attach_plain_volume, drift_settings.detach_plain_volume
    ),
    "ssh.keys-from-authorised-ips": Drift(
        "an SSH key that is in no code is added to the account", drift_settings.add_ssh_key, drift_settings.delete_ssh_key
    ),
    "logging.central-anomaly-detection": Drift(
        "a log of the edge is switched off", drift_settings.stop_edge_log, drift_settings.start_edge_log
    ),
    "backup.other-region": Drift(
        "a copy of the database is made beside its backups", drift_settings.add_near_replica, drift_settings.delete_near_replica
    ),
    "keys.apart-from-data": Drift(
        "a host that keeps keys is tagged like an application host", drift_settings.mix_key_host, drift_settings.part_key_host
    ),
    "retention.security-logs": Drift("logs expire after 30 days", drift_settings.expire_logs, drift_settings.keep_logs),
    "access.rbac": Drift("a key to every bucket is made", drift_settings.add_unlimited_key, drift_settings.delete_unlimited_key),
    "sharing.processors": Drift("the edge tells a stranger", drift_settings.tell_a_stranger, drift_settings.tell_no_stranger),
    "sharing.never-sold": Drift("the edge tells a stranger", drift_settings.tell_a_stranger, drift_settings.tell_no_stranger),
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


CLOUDS = frozenset(
    promise for promise, drift in DRIFTS.items() if drift.break_.__module__ in (drift_cloud.__name__, drift_settings.__name__)
)
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
