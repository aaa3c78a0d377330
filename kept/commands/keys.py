"""`kept keys`: the ages of every key, the rotation job, and the re-encryption of what stands under earlier data keys."""

from __future__ import annotations

import click

from kept.confirmation import apply_options, confirm
from kept.output import output_option


@click.group("keys")
def command() -> None:
    """Encryption keys: how old they are, and their rotation."""


@command.command("status")
@output_option
def status(output: str) -> None:
    """Every registered key with its newest version's age and when it is due."""
    from kept.environment import open_environment
    from kept.procedures.keys import show_status

    show_status(open_environment(), output)


@command.command("rotate")
@apply_options
@output_option
def rotate(*, apply: bool, yes: bool, env: str | None, output: str) -> int:
    """Rotate what is due and rewrap data keys. Without --apply: the plan.

    Exit code 3 when a key could not be rotated.
    """
    from kept.environment import open_environment
    from kept.procedures.keys import rotate_keys
    from kept.showing import show_report

    environment = open_environment()
    if apply:
        confirm(environment.settings.environment, yes=yes, env=env)
    report = rotate_keys(environment, apply=apply)
    show_report(report, output)
    return 3 if report.failures else 0


@command.command("reencrypt")
@click.option("--rate", type=click.FloatRange(min=0), default=0, metavar="ROWS", help="At most so many rows a second (default: no limit).")
@apply_options
@output_option
def reencrypt(*, rate: float, apply: bool, yes: bool, env: str | None, output: str) -> int:
    """Write values again that stand under earlier data keys, and retire keys that nothing stands under. Without --apply: the plan.

    It may be stopped at any moment and goes on where it was. Exit code 3 when a value did not open or a merchant failed.
    """
    from kept.environment import open_environment
    from kept.procedures.keys import reencrypt_values
    from kept.showing import show_report

    environment = open_environment()
    if apply:
        confirm(environment.settings.environment, yes=yes, env=env)
    report = reencrypt_values(environment, apply=apply, rate=rate)
    show_report(report, output)
    return 3 if report.failures else 0
