"""The rotation job and the key register's status, wired to one environment."""

from __future__ import annotations

from kept import output as out
from kept.environment import Environment
from kept.jobs import JobContext, Progress, run_job
from kept.procedures.evidence_keys import evidence_key_results
from keyrotation import reencryption, register, rotation
from keyrotation.reencryption import Pace, ReencryptionReport
from keyrotation.rotation_report import RotationReport


def rotate_keys(environment: Environment, *, apply: bool, progress: Progress = out.progress) -> RotationReport:
    """Plan, or rotate what is due; only a run that acts is a job with records. The log's own keys are turned before all others."""

    def work(context: JobContext) -> RotationReport:
        evidence = evidence_key_results(context) if apply else ()
        report = rotation.rotate(context.clients, environment.catalog, context.now, context.progress, apply=apply)
        return report.with_results(evidence)

    if apply:
        return run_job(environment, "keys.rotate", work, progress, destructive=True)
    return work(JobContext(environment, "plan", environment.clock(), progress))


def reencrypt_values(environment: Environment, *, apply: bool, rate: float = 0, progress: Progress = out.progress) -> ReencryptionReport:
    """Plan, or re-encrypt at most `rate` rows a second (0: no limit); only a run that acts is a job with records."""

    def work(context: JobContext) -> ReencryptionReport:
        return reencryption.reencrypt(context.clients, environment.catalog.data_map, context.progress, apply=apply, pace=Pace(rate))

    if apply:
        return run_job(environment, "keys.reencrypt", work, progress, destructive=True)
    return work(JobContext(environment, "plan", environment.clock(), progress))


def show_status(environment: Environment, output: str) -> None:
    """Every registered key: kind, name, version, age in days, and what is due when."""
    keys = register.read(environment.clients)
    now = environment.clock()
    limit = environment.catalog.promise("keys.rotation").duration("max_age")
    rows = [
        {
            "kind": key.kind,
            "key": key.name,
            "version": key.version,
            "age_days": round((now - key.created_at).total_seconds() / 86400, 1),
            "due": (key.created_at + limit).date().isoformat(),
        }
        for key in keys
    ]
    if output == "json":
        out.print_json({"at": now.isoformat(), "source": "Vault's own key metadata and the key ring", "keys": rows})
        return
    out.print_table(("KIND", "KEY", "VERSION", "AGE (DAYS)", "DUE"), ([str(value) for value in row.values()] for row in rows))
