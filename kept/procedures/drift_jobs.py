"""Drift in data, keys, backups and statements, and the jobs or writes that mend it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kept.environment import Environment
from kept.procedures import drift_data
from kept.procedures.attestations import attest, standing, withdraw
from kept.procedures.backups import run_drill
from kept.procedures.keys import rotate_keys
from kept.procedures.retention import purge_due
from kept.procedures.shop import local_root, merchant_keys
from samples import drift
from services.errors import Refused

Undo = dict[str, Any]

OVERAGE = timedelta(days=120)
SAMPLE = "A sample of the local run: it stands in for the document that a statement rests on, and proves nothing.\n"


def write_plaintext(environment: Environment) -> Undo:
    with environment.clients.database() as connection:
        return dict(drift.write_plaintext(connection))


def restore_ciphertext(environment: Environment, undo: Undo) -> None:
    with environment.clients.database() as connection:
        drift.restore_ciphertext(connection, undo)


def age_key(environment: Environment) -> Undo:
    merchants = merchant_keys(environment)
    if not merchants:
        raise Refused("no merchant has a key here", "load the sample shop first: kept demo")
    drift.age_key(local_root(environment), merchants[0], OVERAGE)
    return {"key": str(merchants[0])}


def rotate_keys_due(environment: Environment, _undo: Undo) -> None:
    """The rotation job finds the old key by itself."""
    rotate_keys(environment, apply=True)


def corrupt_backup(environment: Environment) -> Undo:
    return drift_data.corrupt_newest_backup(environment.clients)


def restore_backup(environment: Environment, undo: Undo) -> None:
    drift_data.restore_backup(environment.clients, undo)


def fail_drill(environment: Environment) -> Undo:
    """Corrupt the newest backup (at another place than `corrupt_backup` does), then drill: the drill must not pass."""
    undo = drift_data.corrupt_newest_backup(environment.clients, part=3)
    try:
        run_drill(environment)
    except BaseException:
        restore_backup(environment, undo)  # nobody would remember how to undo it
        raise
    return undo


def pass_drill(environment: Environment, undo: Undo) -> None:
    restore_backup(environment, undo)
    run_drill(environment)


def add_overdue(environment: Environment) -> Undo:
    return drift_data.add_overdue_order(environment.clients, environment.catalog, environment.clock())


def purge_overdue(environment: Environment, _undo: Undo) -> None:
    """The purge job finds the overdue row by itself."""
    purge_due(environment, apply=True)


def withdraw_statement(environment: Environment, promise: str) -> Undo:
    """Withdraw the statement about a promise; where none stands, one is signed first."""
    if all(each.promise != promise or each.state == "withdrawn" for each in standing(environment)):
        sign_statement(environment, promise)
    withdraw(environment, promise)
    return {}


def sign_statement(environment: Environment, promise: str) -> None:
    """A statement of the local run, which the record key signs; where it must rest on a document, on one that says it is a sample."""
    proofs = environment.catalog.promise(promise).proofs
    document = environment.settings.data / "sample-document.txt"
    document.write_text(SAMPLE)
    attest(environment, promise, document=document if any(proof.document for proof in proofs) else None)
