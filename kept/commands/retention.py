"""`kept retention`: what is past its date, and the purge of it."""

from __future__ import annotations

import click

from kept.confirmation import apply_options, confirm
from kept.output import output_option


@click.group("retention")
def command() -> None:
    """Purge what is past its date."""


@command.command("purge")
@apply_options
@output_option
def purge(*, apply: bool, yes: bool, env: str | None, output: str) -> int:
    """Erase buyers' personal data that is due. Without --apply: the plan, with counts.

    Exit codes: 3 when rows are overdue after the purge, 5 when a merchant's tables could not be looked at.
    """
    from kept.environment import open_environment
    from kept.procedures.retention import purge_due
    from kept.showing import show_report

    environment = open_environment()
    if apply:
        confirm(environment.settings.environment, yes=yes, env=env)
    report = purge_due(environment, apply=apply)
    show_report(report, output)
    if apply and report.overdue_after:
        return 3
    return 5 if report.unreachable else 0
