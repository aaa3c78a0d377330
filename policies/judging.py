"""Running controls: every plan control over a stack, every live control over the clouds, each answer a `ControlRun`.

A control that raises has not looked: its run holds one `unknown` observation that says why and is not complete. Errors of ours may
be shown; of any other error only the kind is told, for its text may hold what must not be recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from policies.controls import all_controls
from policies.controls.base import Control, Question
from policies.readers.state import Stack
from promises.model import Catalog, Promise
from promises.observations import ControlRun, Observation, Outcome, Surface
from services.errors import KeptError

if TYPE_CHECKING:
    from services.clients import Clients

PARALLEL = 6
"""Live controls at once: they wait for answers, and the clouds limit requests a minute."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """One control that one promise asks for."""

    promise: Promise
    control: Control


def tasks(catalog: Catalog, surface: Surface) -> tuple[Task, ...]:
    """The controls on one surface that the catalog's proofs name, each once a promise; planned ones are none."""
    controls = all_controls()
    found: dict[tuple[str, str], Task] = {}
    for promise in catalog.promises:
        for proof in promise.proofs:
            if proof.surface is surface and proof.control is not None:
                found[promise.id, proof.control] = Task(promise, controls[proof.control])
    return tuple(found.values())


def judge_plan(stack: Stack, catalog: Catalog, now: datetime) -> tuple[ControlRun, ...]:
    """Every plan control of the catalog over one stack. Pure: the moment is `now` for all of them."""
    return tuple(run(task, stack, catalog, lambda: now) for task in tasks(catalog, Surface.PLAN))


def run_live(
    clients: Clients, catalog: Catalog, now: datetime, clock: Callable[[], datetime], *, parallel: int = PARALLEL
) -> tuple[ControlRun, ...]:
    """Every live control of the catalog, a few at a time. `now` is what ages are measured against; `clock` dates the runs."""
    with ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="control") as pool:
        waiting = [pool.submit(run, task, clients, catalog, clock, now) for task in tasks(catalog, Surface.LIVE)]
        return tuple(each.result() for each in waiting)


def run(task: Task, given: Any, catalog: Catalog, clock: Callable[[], datetime], now: datetime | None = None) -> ControlRun:
    """One control over what it is given (a stack, clients, or a job's report); never raises for what the control met."""
    started = clock()
    observations, complete = look(task.control, given, Question(task.promise, catalog, now or started))
    return ControlRun(
        promise=task.promise.id,
        control=task.control.name,
        surface=task.control.surface,
        vantage=task.control.vantage,
        method=task.control.method,
        started=started,
        finished=clock(),
        observations=observations,
        complete=complete,
    )


def look(control: Control, given: Any, question: Question) -> tuple[tuple[Observation, ...], bool]:
    """The observations, and whether the control came to its end. What it saw before it stopped is kept."""
    seen: list[Observation] = []
    try:
        for observation in control.check(given, question):
            seen.append(observation)  # noqa: PERF402 - one by one, so that those before an error are kept
    except KeptError as error:
        return (*seen, _could_not(control, f"could not look: {error.message}")), False
    except Exception as error:  # noqa: BLE001 - a control must not take the others down, and its error's text may hold data
        _log.warning("control %s stopped: %s", control.name, type(error).__name__)
        return (*seen, _could_not(control, f"stopped by an unexpected {type(error).__name__}")), False
    return tuple(seen), True


def _could_not(control: Control, why: str) -> Observation:
    return Observation(control.name, Outcome.UNKNOWN, "an answer", why)
