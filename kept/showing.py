"""Verdicts and job reports, as a table for people or JSON for programs."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import click

from kept import hygiene
from kept import output as out
from policies.hygiene.document import rows
from policies.hygiene.standing import Finding, of_log
from promises.verdicts import Status, Verdict

if TYPE_CHECKING:
    from kept.environment import Environment
    from kept.verification import Verified

COLOURS = {
    Status.KEPT: "green",
    Status.BROKEN: "red",
    Status.AT_RISK: "yellow",
    Status.NOT_PROVEN: "magenta",
    Status.EXCEPTED: "cyan",
}
GLYPHS = {Status.KEPT: "✔", Status.BROKEN: "✘", Status.AT_RISK: "▲", Status.NOT_PROVEN: "?", Status.EXCEPTED: "◇"}


def show(environment: Environment, verified: Verified, output: str) -> None:
    """The table of promises: status, id, and for what is not kept, why; what waits for its controls in a line each."""
    if output == "json":
        out.print_json(document(environment, verified))
        return
    for verdict in verified.verdicts:
        click.echo(_row(verdict))
    if any(_waits(verdict) for verdict in verified.verdicts):
        click.echo("  (planned: no control looks at it yet; `kept policy gaps` says what comes)")
    for said in verified.not_looked:
        click.echo(f"  ! {said}")
    click.echo(tally(verified))
    hygiene.show(_hygiene(environment, verified))


def _hygiene(environment: Environment, verified: Verified) -> tuple[Finding, ...]:
    """How the rules of hygiene stand, from the log like everything else."""
    return of_log(environment.catalog, verified.summaries)


def _row(verdict: Verdict) -> str:
    word = f"{GLYPHS[verdict.status]} {words(verdict)}".ljust(18)
    if out.coloured():
        word = click.style(word, fg=COLOURS[verdict.status], bold=verdict.status is not Status.KEPT)
    if _waits(verdict):
        return f"  {word}  {verdict.promise}  (planned)"
    reasons = () if verdict.status is Status.KEPT else verdict.reasons
    return f"  {word}  {verdict.promise}" + "".join(f"\n{' ' * 22}{reason}" for reason in reasons)


def _waits(verdict: Verdict) -> bool:
    """Whether no control looks at it yet at all; `kept policy gaps` says what is planned."""
    return all(each.proof.control is None for each in verdict.proofs)


def words(verdict: Verdict) -> str:
    """The status in words; a promise proven by statements alone says so."""
    return f"{verdict.status.value} (attested)" if verdict.attested and verdict.status is Status.KEPT else verdict.status.value


def tally(verified: Verified) -> str:
    """One line: how many promises have which status."""
    counts = {status: sum(each.status is status for each in verified.verdicts) for status in Status}
    said = ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)
    return f"{len(verified.verdicts)} promises: {said}; log of {verified.verification.size} records " + (
        "verified" if not verified.verification.problems else f"DOES NOT VERIFY: {verified.verification.problems[0]}"
    )


def document(environment: Environment, verified: Verified) -> dict[str, Any]:
    """Design section 8: platform, moment, promises with status and reasons, observations."""
    return {
        "platform": environment.catalog.platform,
        "at": verified.at.isoformat(),
        "promises": [{"id": each.promise, "status": words(each), "reasons": list(each.reasons)} for each in verified.verdicts],
        "observations": [
            {
                "promise": summary.promise,
                "control": summary.control,
                "surface": summary.surface.value,
                "subject": each.subject,
                "outcome": each.outcome.value,
                "expected": each.expected,
                "observed": each.observed,
                "at": summary.finished.isoformat(),
                "record": summary.record,
            }
            for summary in verified.latest
            for each in summary.listed
        ],
        "hygiene": rows(_hygiene(environment, verified)),
        "state": {"digest": verified.state.stack.digest, "source": verified.state.source} if verified.state else None,
        "not_looked": list(verified.not_looked),
        "log": {"records": verified.verification.size, "problems": [str(each) for each in verified.verification.problems]},
    }


def show_report(report: Any, output: str) -> None:
    """A job's report: every field on a line of its own; longer lists as their length."""
    if output == "json":
        out.print_json(asdict(report))
        return
    rows = [(field.name.replace("_", " "), _cell(getattr(report, field.name))) for field in fields(report)]
    out.print_table(("FIELD", "VALUE"), rows)


def _cell(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return str(len(value))
    return str(value)
