"""`kept backup`: make, list and restore encrypted backups."""

from __future__ import annotations

import click

from kept.output import output_option


@click.group("backup")
def command() -> None:
    """Encrypted backups in another region, read back, and restored before anyone needs them."""


@command.command("run")
@output_option
def run(output: str) -> None:
    """Dump, compress, encrypt, upload, read back, publish the manifest."""
    from kept.environment import open_environment
    from kept.procedures.backups import make_backup
    from kept.showing import show_report

    show_report(make_backup(open_environment()), output)


@command.command("list")
@output_option
def list_(output: str) -> None:
    """The backups in the bucket: one exists if and only if its manifest does."""
    from kept.environment import open_environment
    from kept.procedures.backups import show_backups

    show_backups(open_environment(), output)


@command.command("drill")
@output_option
def drill(output: str) -> int:
    """Restore the newest verified backup into a scratch database and compare every digest."""
    from kept.environment import open_environment
    from kept.procedures.backups import run_drill
    from kept.showing import show_report

    report = run_drill(open_environment())
    show_report(report, output)
    return 0 if report.passed else 3
