"""Hygiene as policies of the pack: one a rule over the whole stack, advisory, so that it is told and never stops an update.

What a preview cannot know yet is left unsaid: the same rules run again over the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.hygiene import all_checks
from policies.hygiene.judging import judge_plan
from policies.readers.engine import stack_of
from promises.hygiene import GROUP, Choice, Rule, rules
from promises.model import Catalog
from promises.observations import Observation, Outcome, Surface

Chosen = Callable[[Mapping[str, Any], Iterable[str]], Catalog]
"""Which catalog judges a stack: of the pack's configuration and the resources' URNs."""


def message(rule: Rule, seen: Observation) -> str:
    """A finding as the engine prints it: subject, expected, observed, why it matters, how to mend it."""
    return f"{seen.subject}: expected {seen.expected}; observed {seen.observed}. {rule.why} To mend it: {seen.mend}."


def judge(rule: Rule, choose: Chosen, args: StackValidationArgs, report: ReportViolation) -> None:
    """One rule over the stack, as its platform has it."""
    catalog = choose(args.get_config(), (each.urn for each in args.resources))
    choice = next(each for each in catalog.hygiene if each.rule.id == rule.id)
    if choice.off:
        args.not_applicable(f"{catalog.platform} has switched it off: {choice.off}")
        return
    for seen in _seen(args, catalog, choice):
        if seen.outcome is Outcome.FAIL:
            report(message(rule, seen), None)


def _seen(args: StackValidationArgs, catalog: Catalog, choice: Choice) -> tuple[Observation, ...]:
    """Only what the rule looks at is translated: a stack may be large, and the rules are many."""
    kinds = all_checks()[choice.rule.id].kinds
    stack = stack_of([each for each in args.resources if each.resource_type in kinds])
    (result,) = judge_plan(stack, replace(catalog, hygiene=(choice,)), datetime.now(UTC))
    return result.run.observations if result.run else ()


def policies(choose: Chosen, schema: PolicyConfigSchema) -> list[StackValidationPolicy]:
    """A policy for each rule that looks at plans."""
    return [_policy(rule, choose, schema) for rule in rules().values() if Surface.PLAN in rule.surfaces]


def _policy(rule: Rule, choose: Chosen, schema: PolicyConfigSchema) -> StackValidationPolicy:
    mend = rule.remediation
    return StackValidationPolicy(
        f"{GROUP}.{rule.id}",
        description=f"{rule.title}. {rule.why}",
        validate=lambda args, report: judge(rule, choose, args, report),
        enforcement_level=EnforcementLevel.ADVISORY,
        config_schema=schema,
        display_name=rule.title,
        severity=Severity(rule.severity.value),
        framework=PolicyComplianceFramework(name=GROUP, reference=rule.id),
        tags=[GROUP, rule.id.split(".")[0]],
        remediation_steps=f"In the program: {mend.pulumi}. On the console: {mend.console} By a command: {mend.cli}",
    )
