"""`kept report`: the auditor's page and its other formats, from the evidence log and nothing else."""

from __future__ import annotations

from pathlib import Path

import click

FORMATS = ("html", "json", "csv", "junit", "sarif", "oscal", "markdown", "all")

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("report")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="html", show_default=True, help="The format; all: every one.")
@click.option("--output-file", type=click.Path(path_type=Path), help="Where to write (oscal, all: a folder); default: in .kept/.")
@click.option("--policy-text", type=_EXISTING, help="The published text: the page quotes its sentences. It is stored nowhere else.")
@click.option("--public", is_flag=True, help="The edition for customers (html, json, markdown): promises and verdicts alone.")
@click.option("--against", type=_EXISTING, help="An earlier `kept report -o json`: the Markdown says which verdicts would change.")
def command(output: str, output_file: Path | None, policy_text: Path | None, public: bool, against: Path | None) -> int:  # noqa: FBT001 - click passes flags so
    """Write the report of every promise: verdict, expected against observed, evidence numbers.

    Exit codes as `kept verify`: 0, 3, 5.
    """
    from kept.environment import open_environment
    from kept.reporting import Wanted, write_report
    from kept.verification import judge_log

    wanted = Wanted(output, output_file, policy_text, public, against)
    wanted.check()
    environment = open_environment()
    verified = judge_log(environment)
    click.echo(write_report(environment, verified, wanted))
    return verified.exit_code()
