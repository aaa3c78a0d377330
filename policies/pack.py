"""The plan controls as a Pulumi policy pack: for each, a policy over the whole stack and, where one resource tells, one over it.

The stack policy runs at the end of a preview and of an update; the resource policy (`<control>.resource`) before its resource is
created. Both are mandatory and run the same functions as `kept plan`. What a preview cannot know yet is an advisory that names it;
once nothing is unknown any more, an answer that could not be had is a violation like any other.

Beside the promises stand the rules of hygiene, advisory (`policies.hygiene.pack`).

The platform is the pack's configuration `platform`, else the stack's name if a catalog of that name exists, else illumacom.
`policies/__main__.py` alone makes a `PolicyPack` of this list: making one starts a server and never returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies import early, judging, platforms, remediation
from policies.controls import control_names
from policies.controls.base import Question
from policies.findings import has_unknown
from policies.hygiene import pack as hygiene
from policies.judging import Task
from policies.kinds import DROPLET
from policies.platforms import DEFAULT_PLATFORM
from policies.readers import state
from policies.readers.engine import not_known, raw_properties, resource_of, stack_of
from policies.readers.state import Stack
from promises.loading import load_catalog
from promises.loading import platforms as catalogs
from promises.model import Catalog
from promises.observations import Observation, Outcome, Surface

PACK = "kept"

CONFIG = PolicyConfigSchema({"platform": {"type": "string", "description": "whose promises to judge; the stack's name by default"}})


_HOSTS: dict[str, Mapping[str, Any]] = {}
"""What hosts are told, by URN, as the resource policies met it: a stack policy is given a host's user data as a digest only."""


def with_inputs(stack: Stack) -> Stack:
    """The stack with what its hosts were told, where a resource policy has seen it."""
    return state.stack_of(tuple(replace(each, inputs=_HOSTS.get(each.urn, each.inputs)) for each in stack.resources))


@cache
def catalog(platform: str) -> Catalog:
    return load_catalog(platform, control_names())


def chosen(config: Mapping[str, Any], urns: Iterable[str]) -> Catalog:
    """The catalog to judge by."""
    stack = next((urn.removeprefix("urn:pulumi:").split("::")[0] for urn in urns), "")
    return catalog(platforms.chosen(stack, config.get("platform")))


def message(promise: str, seen: Observation) -> str:
    """A finding as the engine prints it: subject, expected, observed, the promise at stake, how to mend it."""
    mend = f" To mend it: {seen.mend}." if seen.mend else ""
    return f"{seen.subject}: expected {seen.expected}; observed {seen.observed}. At stake: {promise}.{mend}"


def judge_stack(name: str, args: StackValidationArgs, report: ReportViolation) -> None:
    """One plan control over the stack; raises the engine's own advisory when all that is wrong is not known yet."""
    stack = with_inputs(stack_of(args.resources))
    found = chosen(args.get_config(), (each.urn for each in args.resources))
    task = next((each for each in judging.tasks(found, Surface.PLAN) if each.control.name == name), None)
    if task is None:
        args.not_applicable(f"{found.platform} does not promise it")
        return
    open_still = _reported(task, stack, found, report)
    if open_still:
        raise not_known(f"{open_still[0].subject}: {open_still[0].observed}")


def _reported(task: Task, stack: Stack, found: Catalog, report: ReportViolation) -> list[Observation]:
    """Report what failed; return what is only not known yet."""
    previewing = any(has_unknown(each.outputs) for each in stack.resources)
    waiting = []
    for seen in judging.run(task, stack, found, lambda: datetime.now(UTC)).observations:
        if seen.outcome is Outcome.FAIL or (seen.outcome is Outcome.UNKNOWN and not previewing):
            report(message(task.promise.id, seen), None)
        elif seen.outcome is Outcome.UNKNOWN:
            waiting.append(seen)
    return waiting


def judge_resource(name: str, args: ResourceValidationArgs, report: ReportViolation) -> None:
    """What one resource alone shows of a plan control."""
    found, resource = chosen(args.get_config(), [args.urn]), resource_of(args)
    if resource.type == DROPLET:
        _HOSTS[resource.urn] = {"userData": resource.inputs.get("userData")}
    for task in judging.tasks(found, Surface.PLAN):
        if task.control.name == name:
            seen = early.fault(name, resource, Question(task.promise, found, datetime.now(UTC)))
            if seen:
                report(message(task.promise.id, seen), None)


def remediate(policy: str, args: ResourceValidationArgs) -> Any:
    """The resource's inputs mended, or None; asked only where the pack's configuration says `remediate`.

    Any, because the SDK's types know an awaitable alone, though its code takes either.
    """
    found, resource = chosen(args.get_config(), [args.urn]), resource_of(args)
    promise = next((task.promise for task in judging.tasks(found, Surface.PLAN) if task.control.name == policy), None)
    if promise is None and policy != remediation.HOUSE:
        return None
    question = Question(promise or found.promises[0], found, datetime.now(UTC))
    changed = remediation.changes(policy, resource.type, resource.inputs, question)
    return {**raw_properties(args), **changed} if changed else None


HOUSE_POLICY = ResourceValidationPolicy(
    remediation.HOUSE,
    description="Private, versioned buckets and monitored droplets: mended where this policy is set to remediate, never refused.",
    enforcement_level=EnforcementLevel.DISABLED,
    config_schema=CONFIG,
    remediate=lambda args: remediate(remediation.HOUSE, args),
    tags=["privacy"],
)


def _policies(task: Task) -> Iterable[Policy]:
    """The policies of one plan control."""
    name, promise = task.control.name, task.promise
    common: dict[str, Any] = {
        "enforcement_level": EnforcementLevel.MANDATORY,
        "config_schema": CONFIG,
        "severity": Severity(promise.severity.value),
        "framework": PolicyComplianceFramework(name="promises", reference=promise.id, specification=f"section {promise.section}"),
        "tags": ["privacy", promise.id],
        "remediation_steps": "Each finding names the resource, what is expected of it and how to mend it; docs/controls.md says why.",
    }
    yield StackValidationPolicy(
        name,
        description=f"{promise.title}: {task.control.method}.",
        validate=lambda args, report: judge_stack(name, args, report),
        display_name=promise.title,
        **common,
    )
    if name in early.EARLY:
        yield ResourceValidationPolicy(
            f"{name}.resource",
            description=f"{promise.title}: what one resource alone can tell, before it is created.",
            validate=lambda args, report: judge_resource(name, args, report),
            remediate=(lambda args: remediate(name, args)) if name in remediation.MENDS else None,
            display_name=f"{promise.title} (each resource)",
            **common,
        )


def policies() -> list[Policy]:
    """All policies, for every platform's controls; titles and severities are the default platform's promises', where it makes them."""
    found: dict[str, Task] = {}
    for platform in (DEFAULT_PLATFORM, *catalogs()):
        for task in judging.tasks(catalog(platform), Surface.PLAN):
            found.setdefault(task.control.name, task)
    return [policy for task in found.values() for policy in _policies(task)]


POLICIES = [*policies(), HOUSE_POLICY, *hygiene.policies(chosen, CONFIG)]
