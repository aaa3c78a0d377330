"""`keys.rotation`: every registered key is younger than the promised age, in Vault's and the ring's own answer; and the job did it.

`keys.ages` asks Vault and the ring for the newest version of every key. `keys.rotated` judges the rotation's report: nothing due
was left, every data key was carried over and its commitment checked. A key that should exist and does not is a failure by name,
and so is one whose bytes could leave Vault.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from policies.controls.base import Question, control
from policies.findings import failed, unknown
from promises.observations import Figure, Observation, Outcome, Surface

if TYPE_CHECKING:
    from keyrotation.limits import KeyLimits
    from keyrotation.register import Register, RegisteredKey
    from keyrotation.rotation_report import KeyResult, RotationReport
    from services.clients import Clients

DAY = timedelta(days=1)

MEND = "run the rotation: kept keys rotate --apply"

MEND_EXPORTABLE = "the key's bytes may have left Vault: make a new key, re-encrypt under it, destroy this one"

MEND_MISSING = "create the merchant's keys (or apply the declared keys: kept vault setup --apply); was the merchant erased?"

MEND_FAILED = "read kept.key_event for this run, mend the cause, and run the rotation again"


@control("keys.ages", Surface.LIVE, "the newest version of every key in Vault and of every active data key in the ring, and its age")
def ages(clients: Clients, question: Question) -> Iterator[Observation]:
    from keyrotation.limits import KeyLimits
    from keyrotation.opening import open_ring
    from keyrotation.register import read_register

    limits = KeyLimits.of(question.catalog)
    with open_ring(clients) as ring:
        register = read_register(ring, clients.vault("rotate"))
    yield from missing(register, limits)
    for key in register.keys:
        yield aged(key, limits, question.now)


@control("keys.rotated", Surface.JOB, "the rotation's report, key by key, and the register read after it", job="keys.rotate")
def rotated(report: RotationReport, question: Question) -> Iterator[Observation]:
    from keyrotation.limits import KeyLimits

    limits = KeyLimits.of(question.catalog)
    if not report.applied:
        yield unknown("rotation", _expected(limits), "the run only planned, and changed nothing")
        return
    results = {result.name: result for result in report.results}
    yield from missing(report.register, limits)
    for key in report.register.keys:
        result = results.get(key.name)
        yield aged(key, limits, question.now) if result is None or not result.failed else _broken(key, result, limits)


def missing(register: Register, limits: KeyLimits) -> Iterator[Observation]:
    """Keys that should exist and do not."""
    for name in register.missing:
        yield failed(f"key {name}", _expected(limits), "there is no such key", MEND_MISSING)


def aged(key: RegisteredKey, limits: KeyLimits, now: datetime) -> Observation:
    """One key against the promised age; its age is a figure with a warning margin."""
    days = key.age(now) / DAY
    subject, observed = f"key {key.name}", f"version {key.version}, {days:.1f} days old"
    if key.exportable:
        return failed(
            subject, f"{_expected(limits)}, bytes never leave Vault", "export or plaintext backup is switched on", MEND_EXPORTABLE
        )
    figure = Figure("age", round(days, 3), "days", limits.max_age / DAY, limits.warn_age / DAY)
    if key.age(now) > limits.max_age:
        return Observation(subject, Outcome.FAIL, _expected(limits), observed, MEND, figure)
    return Observation(subject, Outcome.PASS, _expected(limits), observed, figure=figure)


def _broken(key: RegisteredKey, result: KeyResult, limits: KeyLimits) -> Observation:
    wraps = result.wraps
    observed = result.problem or f"{wraps.failed} of {wraps.behind} data keys not carried over, {wraps.mismatches} not the committed key"
    return failed(f"key {key.name}", f"{_expected(limits)}, its data keys carried over", observed, MEND_FAILED)


def _expected(limits: KeyLimits) -> str:
    return f"newest version at most {limits.max_age.days} days old"
