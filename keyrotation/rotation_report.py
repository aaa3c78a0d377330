"""What a rotation did, key by key: frozen, without key material, for the job's record and the control that judges it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from keyrotation.register import Register
from keyrotation.rotation_plan import RotationPlan


@dataclass(frozen=True)
class Wraps:
    """Data keys of one merchant: how many there are, were behind, were rewrapped, were checked by the app role, did not fit."""

    seen: int = 0
    behind: int = 0
    rewrapped: int = 0
    checked: int = 0
    mismatches: int = 0

    @property
    def failed(self) -> int:
        """Wraps that stayed behind, because Vault refused them or their commitment did not hold."""
        return self.behind - self.checked


@dataclass(frozen=True)
class KeyResult:
    """One key: its versions before and after, the wraps under it, the active kids before and after, and what went wrong."""

    name: str
    kind: str
    version_before: int
    version_after: int
    wraps: Wraps = Wraps()
    kid_before: int | None = None
    kid_after: int | None = None
    problem: str = ""

    @property
    def turned(self) -> bool:
        return self.version_after > self.version_before

    @property
    def failed(self) -> bool:
        return bool(self.problem) or self.wraps.failed > 0


@dataclass(frozen=True)
class RotationReport:
    """One run. Without `applied`, `results` is empty and `plan` says what would be done; `register` is read after the work."""

    run: UUID
    at: datetime
    applied: bool
    plan: RotationPlan
    results: tuple[KeyResult, ...]
    register: Register

    @property
    def failures(self) -> tuple[KeyResult, ...]:
        return tuple(result for result in self.results if result.failed)

    def with_results(self, others: Iterable[KeyResult]) -> RotationReport:
        """With the results of keys that another part of the job has worked on, in the place of those of the same names."""
        by_name = {each.name: each for each in (*self.results, *others)}
        return replace(self, results=tuple(by_name.values()))

    def summary(self) -> str:
        """One line for a person."""
        due = sum(turn.turned for turn in self.plan.turns)
        if not self.applied:
            return f"{due} of {len(self.plan.turns)} keys and {len(self.plan.replacements)} data keys are due; nothing was changed"
        turned = sum(result.turned for result in self.results)
        rewrapped = sum(result.wraps.checked for result in self.results)
        renewed = sum(result.kid_after != result.kid_before for result in self.results)
        return (
            f"{turned} keys turned, {rewrapped} data keys rewrapped and checked, {renewed} data keys renewed, {len(self.failures)} failed"
        )
