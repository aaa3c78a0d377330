"""`kept verify`: run every control, record the evidence, print the verdicts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from kept.durations import Duration
from kept.output import output_option


@click.command("verify")
@click.argument("platform", required=False)
@click.option("--state", type=click.Path(path_type=Path), help="Judge the plan controls on this state alone; nothing is recorded.")
@click.option(
    "--vantage",
    type=click.Choice(["inside", "outside", "operator"]),
    help="Run the controls of this vantage alone: inside the network, outside of it, or an operator's. Default: operator; locally all.",
)
@click.option("--deadline", type=Duration(), help="By when all live controls must have answered, e.g. '10 minutes'; default: 30 minutes.")
@click.option(
    "--fail-on",
    type=click.Choice(["at-risk", "hygiene"]),
    multiple=True,
    help="Exit 4 when a promise is at risk, or a rule of hygiene fails, and no promise is worse off; may be given twice.",
)
@output_option
def command(  # noqa: PLR0913 - one argument for each option
    *, platform: str | None, state: Path | None, vantage: str | None, deadline: timedelta | None, fail_on: tuple[str, ...], output: str
) -> int:
    """Judge every promise of PLATFORM (default: that of the settings), from signed evidence.

    With --state the plan controls alone judge that state, with the figures of PLATFORM's catalog (default: the stack's name, where a
    catalog has it, else illumacom's): pass, fail or unknown.

    Exit codes: 0 kept (pass); 3 broken or excepted (fail), or the log does not verify; 5 something is not proven, or could not be asked
    (unknown); 4 at risk, or hygiene fails (with --fail-on at-risk, --fail-on hygiene).
    """
    if state is not None:
        if vantage or deadline:
            raise click.UsageError("--vantage and --deadline are about live controls, and --state runs none")
        return _state_alone(platform, state, output, fail_on)
    from kept import hygiene
    from kept.environment import open_environment
    from kept.output import progress
    from kept.showing import show
    from kept.verification import Asked, vantage_of, verify
    from policies.hygiene.standing import of_log
    from policies.judging import DEADLINE
    from promises.observations import Vantage

    environment = open_environment(platform)
    asked = Asked(vantage_of(environment, Vantage(vantage) if vantage else None), deadline or DEADLINE)
    verified = verify(environment, progress, asked)
    show(environment, verified, output)
    code = verified.exit_code(fail_on_at_risk="at-risk" in fail_on)
    return hygiene.exit_code(code, of_log(environment.catalog, verified.summaries)) if "hygiene" in fail_on else code


def _state_alone(platform: str | None, state: Path, output: str, fail_on: tuple[str, ...]) -> int:
    from kept import hygiene
    from kept.environment import catalog_of, utc_now
    from kept.output import progress
    from kept.planning import judge_plan_of, platform_of, read_stack

    stack = read_stack(state, progress)
    outcome = judge_plan_of(stack, catalog_of(platform_of(stack, platform, progress)), utc_now())
    outcome.show(output)
    return hygiene.exit_code(outcome.exit_code, outcome.hygiene) if "hygiene" in fail_on else outcome.exit_code
