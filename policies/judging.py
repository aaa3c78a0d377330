"""Running controls: every plan control over a stack, every live control over the clouds, each answer a `ControlRun`.

A control that raises has not looked: its run holds one `unknown` observation that says why and is not complete. Errors of ours may
be shown; of any other error only the kind is told, for its text may hold what must not be recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from policies.controls import all_controls
from policies.controls.base import Control, Question
from policies.readers.once import Once
from policies.readers.state import Stack
from policies.side_by_side import side_by_side
from promises.model import Catalog, Promise
from promises.observations import ControlRun, Observation, Outcome, Surface, Vantage
from promises.wording import duration
from services.errors import KeptError

if TYPE_CHECKING:
    from services.clients import Clients

PARALLEL = 6
"""Live controls at once: they wait for answers, and the clouds limit requests a minute."""

DEADLINE = timedelta(minutes=30)
"""By when all live controls must have answered, together."""

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


def run_live(  # noqa: PLR0913 - what is asked, and how it may be narrowed
    clients: Clients,
    catalog: Catalog,
    now: datetime,
    clock: Callable[[], datetime],
    *,
    vantage: Vantage | None = None,
    parallel: int = PARALLEL,
    deadline: timedelta = DEADLINE,
    told: Callable[[str], None] | None = None,
) -> tuple[ControlRun, ...]:
    """Every live control of the catalog (or those of one vantage), a few at a time.

    `now` is what ages are measured against; `clock` dates the runs; `told` hears what is still awaited. A control that has not
    answered by the deadline has not looked. What several controls ask of the clouds in the same words is asked once a run (`Once`).
    """
    found = [task for task in tasks(catalog, Surface.LIVE) if vantage in (None, task.control.vantage)]

    def waiting(places: Sequence[int]) -> None:
        names = ", ".join(found[place].control.name for place in places[:parallel])
        assert told is not None
        told(f"{len(found) - len(places)} of {len(found)} live controls have answered; waiting for {names}")

    once = Once()
    pieces = [partial(run, task, clients, catalog, clock, now, once=once) for task in found]
    answers = side_by_side(pieces, parallel=parallel, seconds=deadline.total_seconds(), told=waiting if told else None)
    return tuple(answer or unanswered(task, deadline, now, clock()) for task, answer in zip(found, answers, strict=True))


def unanswered(task: Task, deadline: timedelta, started: datetime, finished: datetime) -> ControlRun:
    """The run of a control that was given up."""
    seen = _could_not(task.control, f"no answer within {duration(deadline)}")
    return _control_run(task, started, finished, (seen,), complete=False)


def run(  # noqa: PLR0913 - what is asked, of what, when, and as part of which run
    task: Task, given: Any, catalog: Catalog, clock: Callable[[], datetime], now: datetime | None = None, *, once: Once | None = None
) -> ControlRun:
    """One control over what it is given (a stack, clients, or a job's report); never raises for what the control met."""
    started = clock()
    observations, complete = look(task.control, given, Question(task.promise, catalog, now or started, once or Once()))
    return _control_run(task, started, clock(), observations, complete=complete)


def _control_run(task: Task, started: datetime, finished: datetime, observations: tuple[Observation, ...], *, complete: bool) -> ControlRun:
    return ControlRun(
        promise=task.promise.id,
        control=task.control.name,
        surface=task.control.surface,
        vantage=task.control.vantage,
        method=task.control.method,
        started=started,
        finished=finished,
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
