"""`kept report`: the auditor's page and its other formats, from the evidence log and nothing else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

FORMATS = ("html", "json", "csv", "junit", "sarif", "oscal", "markdown", "all")

_DAY = click.DateTime(["%Y-%m-%d"])
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("report")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="html", show_default=True, help="The format; all: every one.")
@click.option("--output-file", type=click.Path(path_type=Path), help="Where to write (oscal, all: a folder); default: in .kept/.")
@click.option("--policy-text", type=_EXISTING, help="The published text: the page quotes its sentences. It is stored nowhere else.")
@click.option("--public", is_flag=True, help="The edition for customers (html, json, markdown): promises and verdicts alone.")
@click.option(
    "--against",
    metavar="WHAT",
    help="The Markdown says which verdicts would change. WHAT: an earlier `kept report -o json`; a state (`pulumi stack export`) or a"
    " preview, compared with the stack as it is; or a branch or commit, whose program is compared with this checkout's.",
)
@click.option("--from", "first", type=_DAY, help="Was it kept on every day since this one (UTC)? In html, json, markdown.")
@click.option("--to", "last", type=_DAY, help="The last day of the period; default: today.")
def command(output: str, output_file: Path | None, first: datetime | None, last: datetime | None, **others: Any) -> int:
    """Write the report of every promise: verdict, expected against observed, evidence numbers.

    Exit codes as `kept verify`: 0, 3, 5; with --from, for the whole period: 0 kept on every day, 3 broken on some, 5 not proven on some.
    """
    from kept.environment import open_environment
    from kept.reporting import Wanted, write_report
    from kept.verification import judge_log

    wanted = Wanted(output, output_file, first=first and first.date(), last=last and last.date(), **others)
    wanted.check()
    environment = open_environment()
    verified = judge_log(environment)
    written = write_report(environment, verified, wanted)
    click.echo(written.path)
    return written.exit_code
