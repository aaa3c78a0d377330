"""The job runner: what every job does besides its own work.

1. Take the job's lock (a session advisory lock on a direct connection: the database frees it when the process dies).
2. Store a start record; a destructive job does not begin without it.
3. Do the work, within the deadline.
4. Let the job controls judge the report, and store one control run for each promise they prove.
5. Store an end record (also when the work failed), number everything in the log, write the metrics.

A job that fails has no complete control run, so its promises go stale rather than green; its error reaches the caller.
"""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType
from typing import Any, TypeVar

from kept import metrics
from kept.environment import Environment
from policies.judging import run, tasks
from promises.observations import ControlRun, Surface
from services.clients import Clients
from services.errors import KeptError, Refused

Report = TypeVar("Report")
Progress = Callable[[str], None]

DEADLINE = timedelta(hours=4)
"""No job of the schedule may run longer; the recovery time promised for a restore is four hours too."""


class DeadlineExceeded(KeptError):  # noqa: N818 - the field's word
    code = "deadline"


@dataclass(frozen=True)
class JobContext:
    """What a job's work is given."""

    environment: Environment
    run_id: str
    now: datetime
    progress: Progress

    @property
    def clients(self) -> Clients:
        return self.environment.clients


def run_job(
    environment: Environment, job: str, work: Callable[[JobContext], Report], progress: Progress, *, destructive: bool = False
) -> Report:
    """Run one job to its end and return its report; errors of the work are recorded, then raised."""
    with job_lock(environment, job):
        context = JobContext(environment, uuid.uuid4().hex, environment.clock(), progress)
        log = environment.log
        log.writer.job_started(job, context.run_id, context.now, destructive=destructive)
        try:
            with deadline(DEADLINE, job):
                report = work(context)
            for judged in job_runs(environment, job, report):
                store_run(environment, judged)
        except BaseException as error:
            _finish(environment, job, context, error)
            raise
        _finish(environment, job, context, None)
        return report


def job_runs(environment: Environment, job: str, report: Any) -> Iterator[ControlRun]:
    """The report as judged by every job control that a promise of the catalog names for this job."""
    for task in tasks(environment.catalog, Surface.JOB):
        if task.control.job == job:
            yield run(task, report, environment.catalog, environment.clock)


def store_run(environment: Environment, judged: ControlRun, state_digest: str | None = None) -> None:
    """One signed record of a run, with the figures it was judged by; `state_digest` is that of a judged stack."""
    parameters = environment.catalog.promise(judged.promise).parameters
    environment.log.writer.control_run(judged, parameters=parameters, state_digest=state_digest)


def _finish(environment: Environment, job: str, context: JobContext, error: BaseException | None) -> None:
    """The end record, the checkpoint and the metrics. What cannot be stored now is spooled by the writer."""
    finished = environment.clock()
    failure = None if error is None else getattr(error, "code", type(error).__name__)
    environment.log.writer.job_ended(job, context.run_id, finished, failure=failure)
    metrics.write(environment.settings.data / "metrics", job, context.now, finished, succeeded=error is None)
    try:
        environment.log.checkpoint()
    except KeptError:
        if error is None:
            raise
        context.progress("the log could not be checkpointed; the next run of any job does it")


@contextmanager
def job_lock(environment: Environment, job: str) -> Iterator[None]:
    """Hold the job's advisory lock; `Refused` when another run of it holds it."""
    with environment.clients.database(autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (f"kept.job.{job}",)).fetchone()
        if row is None or not row[0]:
            raise Refused(f"{job} is running already", "wait for it to end; its lock is freed when its process ends")
        yield


@contextmanager
def deadline(limit: timedelta, job: str) -> Iterator[None]:
    """Raise `DeadlineExceeded` in the main thread when the time is over."""

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise DeadlineExceeded(f"{job} did not end within {limit}", "look at its log; run it again")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, limit.total_seconds())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
