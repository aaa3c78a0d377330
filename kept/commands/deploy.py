"""`kept deploy`: a stack's update, with the policy pack, and the signed record that it went this way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kept.confirmation import apply_options, confirm
from kept.output import output_option, print_json, progress

if TYPE_CHECKING:
    from kept.planning import PlanOutcome


@click.command("deploy")
@click.argument("platform", required=False)
@apply_options
@output_option
def command(*, platform: str | None, apply: bool, yes: bool, env: str | None, output: str) -> int:
    """Update the stack of PLATFORM (default: that of the settings) with the policy pack. Without --apply: what would change.

    With --apply: `pulumi up`, the state's export, the plan controls over it, one signed record. Local stacks can do without `pulumi`.

    Exit codes: 0 every plan control passes; 3 the pack refused it, or a control fails; 5 something is not known (a preview: not known yet);
    1 the engine failed; 2 no `pulumi`, not confirmed.
    """
    from kept.procedures import deploy

    environment, platform, name = deploy.opened(platform)
    if not apply:
        previewed = deploy.preview(platform, environment, progress)
        _show(previewed.outcome, {"applied": False, "how": previewed.how, "environment": name, "changes": list(previewed.changes)}, output)
        for line in previewed.changes:
            progress(f"would change: {line}")
        progress(f"nothing was changed; act with --apply (environment: {name})")
        return previewed.outcome.exit_code
    confirm(name, yes=yes, env=env)
    done = deploy.deploy(platform, environment, progress)
    told = {"applied": True, "how": done.how, "environment": name, "state_digest": done.state_digest, "recorded": done.recorded}
    _show(done.outcome, told, output)
    if done.recorded is None:
        progress("there is no settings file yet, so the deployment is not recorded")
        progress("next:  `kept settings from-stack --apply` writes one; then deploy again: it changes nothing and is recorded")
    return done.outcome.exit_code


def _show(outcome: PlanOutcome, told: dict[str, object], output: str) -> None:
    if output == "json":
        print_json({**told, **outcome.document()})
    else:
        outcome.show(output)
