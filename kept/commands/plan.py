"""`kept plan`: what the program would create, judged before anything is created."""

from __future__ import annotations

from pathlib import Path

import click

from kept.output import output_option, progress


@click.command("plan")
@click.argument("platform")
@click.option(
    "--state", type=click.Path(path_type=Path), help="Judge this `pulumi stack export` or `pulumi preview --json --show-sames` instead."
)
@click.option("--fail-on", type=click.Choice(["hygiene"]), help="Exit 4 when a rule of hygiene fails and no promise is worse off.")
@output_option
def command(platform: str, state: Path | None, fail_on: str | None, output: str) -> int:
    """Judge the plan controls of PLATFORM: pass, fail or unknown; and its hygiene beside them. Needs no credentials, no network, no Pulumi.

    Exit codes: 0 pass, 3 fail, 5 unknown; 4 when hygiene fails (with --fail-on hygiene).
    """
    from kept import hygiene
    from kept.environment import catalog_of, utc_now
    from kept.planning import judge_plan_of, planned_stack

    catalog = catalog_of(platform)
    now = utc_now()
    outcome = judge_plan_of(planned_stack(platform, state, now, progress), catalog, now)
    outcome.show(output)
    return hygiene.exit_code(outcome.exit_code, outcome.hygiene) if fail_on else outcome.exit_code
