"""`kept verify`: run every control, record the evidence, print the verdicts."""

from __future__ import annotations

from pathlib import Path

import click

from kept.output import output_option


@click.command("verify")
@click.argument("platform", required=False)
@click.option("--state", type=click.Path(path_type=Path), help="Judge the plan controls on this state alone; nothing is recorded.")
@click.option("--fail-on", type=click.Choice(["at-risk"]), help="Exit 4 when a promise is at risk and none is worse.")
@output_option
def command(platform: str | None, state: Path | None, fail_on: str | None, output: str) -> int:
    """Judge every promise of PLATFORM (default: that of the settings; of a state, its stack's name), from signed evidence.

    Exit codes: 0 kept; 3 broken or excepted, or the log does not verify; 5 something is not proven; 4 at risk (with --fail-on at-risk).
    """
    if state is not None:
        return _state_alone(platform, state, output)
    from kept.environment import open_environment
    from kept.output import progress
    from kept.showing import show
    from kept.verification import verify

    environment = open_environment(platform)
    verified = verify(environment, progress)
    show(environment, verified, output)
    return verified.exit_code(fail_on_at_risk=fail_on == "at-risk")


def _state_alone(platform: str | None, state: Path, output: str) -> int:
    from kept.environment import catalog_of, utc_now
    from kept.planning import judge_plan_of, read_stack

    stack = read_stack(state)
    outcome = judge_plan_of(stack, catalog_of(platform or stack.name), utc_now())
    outcome.show(output)
    return outcome.exit_code
