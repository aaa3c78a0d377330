"""The job `keys.rotate`: turn what is due, carry the data keys over, renew those that are due. Each step can be repeated.

    0 lock       one rotation at a time (session advisory lock); plan from the register and the ring
    1 turn       rotate role: only a key that is due and whose version is still the planned one
    2 rewrap     rotate role: data keys wrapped by an older version get a candidate beside the old wrap (compare and set)
    3 check      app role: the candidate is opened and its commitment compared; only then does it replace the old wrap
    5 create     app role: a new data key for a merchant whose active one is due, committed to the ring as pending
    6 activate   new values go under it from now on; earlier ones stay readable

Steps 4 (close old versions), 7 (re-encrypt) and 8 (retire) belong to the re-encryption, which proves that nothing needs the old
keys any more. What a run that died left behind is found by its state (older prefixes, unchecked candidates, pending keys) and
finished by the next run. A merchant that fails does not stop the others; it fails the report.

Evidence signing keys are in the plan and in the register, and are not turned here: a verifier walks from one key to the next by
a signed record (`keyrotation.evidence_keys`), which the job writes before this work.

No text of Vault's is logged or kept: a refused request may quote the good items of its batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from keyrotation import commitments, transit
from keyrotation.data_keys import create_data_key
from keyrotation.limits import KeyLimits
from keyrotation.opening import open_ring
from keyrotation.register import merchant_of, read_register
from keyrotation.ring import KeyEvent, Ring
from keyrotation.rotation_plan import RotationPlan, Turn, plan
from keyrotation.rotation_report import KeyResult, RotationReport, Wraps
from promises.model import Catalog
from services.clients import Clients
from services.errors import KeptError, Unreachable
from services.vault import Vault

PROGRESS_EVERY = 100


def rotate(clients: Clients, catalog: Catalog, now: datetime, progress: Callable[[str], None], *, apply: bool = False) -> RotationReport:
    """Plan a rotation, and with `apply` do it. `LockTaken` when another one runs; an outage raises, a failed key is reported."""
    with open_ring(clients) as ring:
        rotation = Rotation(ring, clients.vault("rotate"), clients.vault("app"), uuid4(), progress)
        return rotation.run(catalog, now, apply=apply)


@dataclass(frozen=True)
class Rotation:
    """One run: the ring, and Vault under the two roles that share the work. `id` is noted with every change."""

    ring: Ring
    rotate: Vault
    app: Vault
    id: UUID
    progress: Callable[[str], None]

    def run(self, catalog: Catalog, now: datetime, *, apply: bool) -> RotationReport:
        """Step 0, then the work on every key, then the register as it is afterwards."""
        limits = KeyLimits.of(catalog)
        with self.ring.rotation_lock():
            planned = plan(read_register(self.ring, self.rotate), self.ring.all_keys(), limits, now)
            results = self._work(planned, limits) if apply else ()
            return RotationReport(self.id, now, apply, planned, results, read_register(self.ring, self.rotate))

    def _work(self, planned: RotationPlan, limits: KeyLimits) -> tuple[KeyResult, ...]:
        due = {replacement.merchant: replacement.kid for replacement in planned.replacements}
        results = []
        for number, turn in enumerate(planned.turns, start=1):
            results.append(self._one_key(turn, limits, due))
            if number % PROGRESS_EVERY == 0 or number == len(planned.turns):
                self.progress(f"rotation: {number} of {len(planned.turns)} keys done")
        return tuple(results)

    def _one_key(self, turn: Turn, limits: KeyLimits, due: dict[UUID, int]) -> KeyResult:
        """Steps 1 to 6 for one key. An error of one key is told in its result; an unreachable server ends the run."""
        result = KeyResult(turn.name, turn.kind, turn.version, turn.version)
        merchant = merchant_of(turn.name)
        if turn.why_not:
            return result
        try:
            result = replace(result, version_after=self._turn(turn, limits))
            if merchant is None:
                return result
            result = replace(result, wraps=self._carry_over(merchant, result.version_after))
            return self._renew(merchant, due.get(merchant), result)
        except Unreachable:
            raise
        except KeptError as error:
            return replace(result, problem=error.code)

    def _turn(self, turn: Turn, limits: KeyLimits) -> int:
        """Step 1; the version afterwards. A version that moved since the plan was turned by Vault itself: that is enough."""
        key = transit.require_key(self.rotate, turn.name)
        if key.auto_rotate != limits.auto_rotate:
            transit.set_auto_rotate(self.rotate, turn.name, limits.auto_rotate)
        if not turn.due or key.version != turn.version:
            return key.version
        transit.turn(self.rotate, turn.name)
        after = transit.require_key(self.rotate, turn.name)
        self.ring.record(KeyEvent(self.id, merchant_of(turn.name), None, "turn", f"{turn.name} v{key.version}", f"v{after.version}"))
        return after.version

    def _carry_over(self, merchant: UUID, version: int) -> Wraps:
        """Steps 2 and 3 for all data keys of one merchant."""
        keys = [key for key in self.ring.keys(merchant) if key.wrapped is not None]
        behind = {key.kid: key.wrapped for key in keys if key.wrapped and transit.version_of(key.wrapped) < version}
        waiting = {key.kid for key in keys if key.candidate and transit.version_of(key.candidate) >= version}
        rewrapped = self._rewrap(merchant, {kid: wrapped for kid, wrapped in behind.items() if kid not in waiting})
        checked, mismatches = self._check(merchant)
        return Wraps(len(keys), len(behind), rewrapped, checked, mismatches)

    def _rewrap(self, merchant: UUID, behind: dict[int, str]) -> int:
        """Step 2; how many candidates were stored. One that lost the compare-and-set is not counted and is met again next time."""
        stored = 0
        for kid, candidate in transit.rewrap_many(self.rotate, merchant, behind).items():
            if candidate is not None:
                event = KeyEvent(self.id, merchant, kid, "rewrap", _version(behind[kid]), _version(candidate))
                stored += self.ring.propose(merchant, kid, behind[kid], candidate, event)
        return stored

    def _check(self, merchant: UUID) -> tuple[int, int]:
        """Step 3; how many candidates took over, and how many were not the committed key."""
        waiting = {key.kid: key for key in self.ring.keys(merchant) if key.candidate is not None}
        wraps = {kid: key.candidate for kid, key in waiting.items() if key.candidate is not None}
        checked = mismatches = 0
        for kid, opened in transit.unwrap_many(self.app, merchant, wraps).items():
            event = KeyEvent(self.id, merchant, kid, "check", _version(waiting[kid].wrapped or ""), _version(wraps[kid]))
            if opened is not None and commitments.holds(opened, merchant, kid, waiting[kid].commitment):
                checked += self.ring.confirm(merchant, kid, wraps[kid], event)
            else:
                mismatches += self.ring.reject(merchant, kid, wraps[kid], replace(event, step="mismatch"))
        return checked, mismatches

    def _renew(self, merchant: UUID, due: int | None, result: KeyResult) -> KeyResult:
        """Steps 5 and 6, where the plan asks for a new data key in place of `due`."""
        before = after = self.ring.active(merchant)
        if due is not None:
            after = create_data_key(self.ring, self.app, merchant, replacing=due, run=self.id)
        return replace(result, kid_before=before, kid_after=after)


def _version(wrapped: str) -> str:
    """A wrap's version, as recorded."""
    return f"v{transit.version_of(wrapped)}"
