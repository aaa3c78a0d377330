"""The purge job, wired to one environment."""

from __future__ import annotations

from kept import output as out
from kept.environment import Environment
from kept.jobs import JobContext, Progress, run_job
from retention.purge import PurgeReport, purge


def purge_due(environment: Environment, *, apply: bool, progress: Progress = out.progress) -> PurgeReport:
    """Plan, or purge what is due; only a run that acts is a job with records."""

    def work(context: JobContext) -> PurgeReport:
        with context.clients.database() as connection:
            return purge(connection, environment.catalog, context.now, context.progress, apply=apply)

    if apply:
        return run_job(environment, "retention.purge", work, progress, destructive=True)
    return work(JobContext(environment, "plan", environment.clock(), progress))
