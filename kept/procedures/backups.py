"""The backup jobs and the inventory, wired to one environment."""

from __future__ import annotations

from backups import inventory, restore_drill
from backups.restore_drill import DrillReport
from backups.run import BackupReport, run_backup
from kept import output as out
from kept.environment import Environment
from kept.jobs import Progress, run_job


def make_backup(environment: Environment, progress: Progress = out.progress) -> BackupReport:
    """The job `backup.run`."""
    return run_job(
        environment,
        "backup.run",
        lambda context: run_backup(context.clients, environment.catalog, context.now, context.progress),
        progress,
    )


def run_drill(environment: Environment, progress: Progress = out.progress) -> DrillReport:
    """The job `backup.drill`."""
    return run_job(
        environment,
        "backup.drill",
        lambda context: restore_drill.drill(context.clients, environment.catalog, context.now, context.progress),
        progress,
    )


def show_backups(environment: Environment, output: str) -> None:
    """Every backup the bucket holds, newest first, and what is no backup: orphans."""
    listing = inventory.read(environment.clients)
    if output == "json":
        out.print_json(listing.document())
        return
    rows = [(each.backup_id, each.backup_class, each.snapshot_time.isoformat(), f"{each.size_bytes:,}") for each in listing.backups]
    out.print_table(("BACKUP", "CLASS", "SNAPSHOT (UTC)", "BYTES"), rows)
    for orphan in listing.orphans:
        out.progress(f"orphan, no manifest: {orphan}")
