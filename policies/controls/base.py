"""What a control is, and the register of all of them.

A control is a small named function that checks one thing on one surface with the parameters of a promise. What it is given
depends on its surface:

    plan    check(stack: policies.readers.state.Stack, question) -> observations
    live    check(clients: services.clients.Clients, question) -> observations
    job     check(report of the job named by `job`, question) -> observations

An attestation needs no function: the signed statement is the proof, and its control is called `attestation`.
A control that cannot look yields `unknown` observations (or raises a `KeptError`, which its caller turns into one); it never
passes what it has not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from policies.readers.once import Once
from promises.model import Catalog, Promise
from promises.observations import Observation, Surface, Vantage

ATTESTATION = "attestation"


@dataclass(frozen=True)
class Question:
    """What is asked of a control: which promise, of which catalog, at which moment (UTC); `once` is the memory of the run it is part of."""

    promise: Promise
    catalog: Catalog
    now: datetime
    once: Once = field(default_factory=Once, compare=False, repr=False)

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.promise.parameters


@dataclass(frozen=True)
class Control:
    """A named check. `method` says in words how it looks; `job` names the job whose report a job control judges."""

    name: str
    surface: Surface
    vantage: Vantage
    method: str
    check: Callable[[Any, Question], Iterable[Observation]]
    job: str | None = None


_REGISTER: dict[str, Control] = {}


def control(
    name: str, surface: Surface, method: str, *, vantage: Vantage = Vantage.OPERATOR, job: str | None = None
) -> Callable[[Callable[[Any, Question], Iterable[Observation]]], Callable[[Any, Question], Iterable[Observation]]]:
    """Register a function as a control; a name is used once."""

    def register(check: Callable[[Any, Question], Iterable[Observation]]) -> Callable[[Any, Question], Iterable[Observation]]:
        if name in _REGISTER:
            raise ValueError(f"two controls are called {name}")
        _REGISTER[name] = Control(name, surface, vantage, method, check, job)
        return check

    return register


def registered() -> Mapping[str, Control]:
    """All controls that have been imported; `policies.controls.all_controls` imports every family first."""
    return _REGISTER
