"""Hygiene on the command line: judged beside the promises, recorded under a name of its own, shown as a table or JSON.

It never changes a promise's verdict; with `--fail-on hygiene` it changes an exit code that would otherwise be 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click

from kept import output as out
from policies.hygiene.judging import Result, judge_live, judge_plan
from policies.hygiene.standing import Finding, Standing, counts, of_results, worst_first
from policies.readers.state import Stack
from promises.model import Catalog
from promises.observations import Surface, Vantage

if TYPE_CHECKING:
    from kept.environment import Environment

FAILED = 4
"""The exit code of `--fail-on hygiene`, where no promise is worse off."""

SHOWN = (Standing.FAIL, Standing.UNKNOWN)
"""What gets a line of its own in the table; the others are counted."""


def planned(stack: Stack, catalog: Catalog, now: datetime) -> tuple[Finding, ...]:
    """The rules over one stack."""
    return of_results(judge_plan(stack, catalog, now))


def run(environment: Environment, stack: Stack | None, vantage: Vantage | None) -> tuple[Result, ...]:
    """The rules of a vantage (None: all of them) over the stack, where there is one, and over what the clouds list now."""
    from policies.hygiene.live import sources

    now = environment.clock()
    wanted = tuple(each for each in environment.catalog.hygiene if vantage in (None, each.rule.vantage))
    catalog = replace(environment.catalog, hygiene=wanted)
    plan = judge_plan(stack, catalog, now) if stack else ()
    return (*plan, *judge_live(sources(environment.clients), catalog, now, environment.clock))


def record(environment: Environment, results: Iterable[Result], digest: str | None) -> None:
    """One signed record a run, with the figures it was judged by; `digest` is that of the stack."""
    for each in results:
        if each.run is not None:
            state = digest if each.surface is Surface.PLAN else None
            environment.log.writer.control_run(each.run, parameters=each.choice.parameters, state_digest=state)


def exit_code(code: int, findings: Iterable[Finding]) -> int:
    """`code`, which the promises decided; of a 0 it makes a 4 where a rule fails."""
    failing = any(each.standing is Standing.FAIL for each in findings)
    return FAILED if failing and code == 0 else code


def show(findings: Sequence[Finding]) -> None:
    """A table of what fails or is not known, the severe first, and a line that counts the rest."""
    if not findings:
        return
    rows = [_row(each) for each in worst_first(findings) if each.standing in SHOWN]
    click.echo()
    if rows:
        out.print_table(("HYGIENE", "SURFACE", "STANDING", "SEVERITY", "OBSERVED"), rows)
    said = ", ".join(f"{count} {standing.value}" for standing, count in counts(findings).items() if count)
    click.echo(f"hygiene, beside the promises: {said}")


def _row(finding: Finding) -> tuple[str, ...]:
    rule = finding.choice.rule
    more = len(finding.reasons) - 1
    observed = finding.reasons[0] + (f" (and {more} more)" if more > 0 else "")
    return rule.id, finding.surface.value, finding.standing.value, rule.severity.value, observed
