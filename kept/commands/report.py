"""`kept report`: the auditor's page and its other formats, from the evidence log and nothing else."""

from __future__ import annotations

from pathlib import Path

import click

FORMATS = ("html", "json", "csv", "junit", "sarif", "oscal", "markdown", "all")


@click.command("report")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="html", show_default=True, help="The format; all: every one.")
@click.option("--output-file", type=click.Path(path_type=Path), help="Where to write (oscal, all: a folder); default: in .kept/.")
def command(output: str, output_file: Path | None) -> int:
    """Write the report of every promise: verdict, expected against observed, evidence numbers.

    Exit codes as `kept verify`: 0, 3, 5.
    """
    from kept.environment import open_environment
    from kept.reporting import write_report
    from kept.verification import judge_log

    environment = open_environment()
    verified = judge_log(environment)
    path = write_report(environment, verified, output, output_file)
    click.echo(path)
    return verified.exit_code()
