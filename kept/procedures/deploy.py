"""A stack's update from end to end, and the record that it went this way.

1. The policy pack judges the program (`pulumi preview`), or, where a local stack is rehearsed, the plan controls do: what fails stops here.
2. `pulumi up` with the pack; a local stack without an engine is rehearsed into the local cloud (`kept.provision`).
3. The state is exported, kept for its owner in the settings' data folder, and judged by the plan controls. A local run's settings
   declare what can be probed now.
4. One signed record tells the state's digest, the pack's digest, the commit and the results.

So a state that came about otherwise has no record, and verdicts say so. A platform's very first update makes the buckets that its
settings name: without a settings file steps 1 to 3 run and nothing is recorded; the caller says what comes next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.deployments import Deployed
from kept import engine, local, locations, metrics
from kept.engine import PackRefused
from kept.environment import Environment, catalog_of, open_environment, utc_now
from kept.pack_digest import pack_sha256
from kept.planning import PlanOutcome, reasons, status
from kept.provision import BY_ENGINE, BY_REHEARSAL, STATE, provision, save
from kept.stacks import LocalStack, RemoteStack, local_config
from policies.judging import judge_plan
from policies.readers import rehearsal, state
from policies.readers.state import Stack
from services.errors import KeptError, UsageError

Progress = Callable[[str], None]

JOB = "deploy"
NAMED = 5
"""How many findings a refusal quotes."""


@dataclass(frozen=True)
class Previewed:
    """What an update would do: the plan controls over the program, and the engine's count of changes (none without an engine)."""

    how: str
    outcome: PlanOutcome
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """What an update did. `recorded` is false while the record only waits, None where there is no log yet."""

    how: str
    outcome: PlanOutcome
    state_digest: str
    recorded: bool | None


def opened(platform: str | None) -> tuple[Environment | None, str, str]:
    """The environment where there is a settings file, the platform, and the environment's name (else that of the stack's file)."""
    if locations.settings_file().exists():
        environment = open_environment(platform)
        return environment, environment.settings.platform, environment.settings.environment
    if platform is None:
        raise UsageError("no settings file names the platform", "name it: kept deploy PLATFORM")
    config = rehearsal.program_of(locations.PROJECT, platform, {}).config
    return None, platform, config.get("kept:environment", "production")


def preview(platform: str, environment: Environment | None, progress: Progress) -> Previewed:
    """Judge what would be; changes nothing but, locally, the stack's own configuration."""
    outcome = _planned(platform, environment)
    how = _way(platform, environment)
    if how == BY_REHEARSAL:
        return Previewed(how, outcome, ())
    return Previewed(how, outcome, _engine_stack(platform, environment).preview(progress))


def deploy(platform: str, environment: Environment | None, progress: Progress) -> Done:
    """Update the stack; `PackRefused` when a promise would be broken."""
    clock = environment.clock if environment else utc_now
    started = clock()
    how = _way(platform, environment)
    document = _updated(platform, environment, how, progress)
    stack = state.read(document)
    outcome = PlanOutcome(platform, clock(), judge_plan(stack, catalog_of(platform), clock()))
    if environment is None:
        return Done(how, outcome, stack.digest, None)
    save(environment.settings.data / STATE, document)
    if environment.settings.environment == "local":
        local.declare_probes(locations.local_folder(), platform)
    recorded = _record(environment, how, started, stack, outcome)
    progress(f"the deployment of state {stack.digest[:16]} is " + ("recorded" if recorded else "signed and waits for the evidence store"))
    metrics.write(environment.settings.data / "metrics", JOB, started, clock(), succeeded=outcome.exit_code != BROKEN)
    return Done(how, outcome, stack.digest, recorded)


BROKEN = PackRefused.exit_code


def _way(platform: str, environment: Environment | None) -> str:
    """By the engine; a local stack may do without."""
    if engine.is_there():
        return BY_ENGINE
    if environment is not None and environment.settings.environment == "local":
        return BY_REHEARSAL
    raise UsageError(
        f"`pulumi` is not on PATH, and only a local stack of {platform} can do without it",
        "install the Pulumi CLI with its DigitalOcean and Cloudflare plugins (docs/deploy.md); for a local run: `kept local up` first",
    )


def _planned(platform: str, environment: Environment | None) -> PlanOutcome:
    """The plan controls over the program, rehearsed with the configuration of this very stack."""
    now = utc_now()
    local = environment is not None and environment.settings.environment == "local"
    config = local_config(environment.settings) if environment and local else {}
    document = rehearsal.rehearse_project(locations.PROJECT, platform, now=now, config=config)
    return PlanOutcome(platform, now, judge_plan(state.read(document), catalog_of(platform), now))


def _engine_stack(platform: str, environment: Environment | None) -> engine.EngineStack:
    """The stack, prepared where it is a local one."""
    if environment is None or environment.settings.environment != "local":
        return RemoteStack(platform)
    stack = LocalStack(platform, environment.settings, locations.local_folder())
    stack.prepare()
    return stack


def _updated(platform: str, environment: Environment | None, how: str, progress: Progress) -> dict[str, Any]:
    """The state after the update."""
    if how == BY_REHEARSAL:
        refuse_failures(_planned(platform, environment))
    if environment is not None and environment.settings.environment == "local":
        document, _ = provision(environment.settings, platform, locations.local_folder(), progress)
        return document
    stack = RemoteStack(platform)
    stack.up(progress)
    return stack.export()


def refuse_failures(outcome: PlanOutcome) -> None:
    """As the pack does: a failure stops the update before anything is created."""
    failed = [reason for run in outcome.runs if status(run) == "fail" for reason in reasons(run)]
    if failed:
        more = f" / and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        hint = "mend the program, the stack file or the catalog, then run it again"
        raise PackRefused(f"the plan controls refused the update: {' / '.join(failed[:NAMED])}{more}", hint)


def _record(environment: Environment, how: str, started: datetime, stack: Stack, outcome: PlanOutcome) -> bool:
    """The one signed record; false while it waits for Vault or the store."""
    said = Deployed(
        how="pulumi-up" if how == BY_ENGINE else "rehearsal",
        started=started,
        finished=environment.clock(),
        resources=len(stack.resources),
        state_digest=stack.digest,
        pack_sha256=pack_sha256(),
        runs=outcome.runs,
    )
    stored = environment.log.writer.deployment(said)
    if not stored:
        return False
    try:
        environment.log.checkpoint()
    except KeptError:  # the next job numbers it
        return False
    return True
