"""`kept plan` and `kept verify --state`: the plan surface alone, which answers pass, fail or unknown and never *kept*."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kept import hygiene
from kept import output as out
from kept.locations import PROJECT
from policies.hygiene import document
from policies.hygiene.standing import Finding
from policies.judging import judge_plan
from policies.platforms import chosen
from policies.readers import preview, rehearsal, state
from policies.readers.state import Stack
from promises.loading import platforms
from promises.model import Catalog
from promises.observations import ControlRun, Outcome
from services.errors import UsageError

Progress = Callable[[str], None]


@dataclass(frozen=True)
class PlanOutcome:
    """The plan controls' runs over one stack."""

    platform: str
    at: datetime
    runs: tuple[ControlRun, ...]
    hygiene: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        """3 before 5 before 0: a failure is the worst news, and nothing judged is no pass."""
        outcomes = {status(run) for run in self.runs}
        if "fail" in outcomes:
            return 3
        return 5 if "unknown" in outcomes or not outcomes else 0

    def show(self, output: str) -> None:
        if output == "json":
            out.print_json(self.document())
            return
        rows = [(run.promise, status(run), str(run.population), _worst(run)) for run in self.runs]
        out.print_table(("PROMISE", "PLAN", "SUBJECTS", "OBSERVED"), rows)
        hygiene.show(self.hygiene)

    def document(self) -> dict[str, object]:
        return {
            "platform": self.platform,
            "at": self.at.isoformat(),
            "promises": [{"id": run.promise, "status": f"plan: {status(run)}", "reasons": reasons(run)} for run in self.runs],
            "observations": [row for run in self.runs for row in observation_rows(run)],
            "hygiene": document.rows(self.hygiene),
        }


def observation_rows(run: ControlRun) -> list[dict[str, str]]:
    """A run's observations as the command line prints them in JSON."""
    return [
        {
            "promise": run.promise,
            "control": run.control,
            "surface": run.surface.value,
            "subject": each.subject,
            "outcome": each.outcome.value,
            "expected": each.expected,
            "observed": each.observed,
            "mend": each.mend,
            "at": run.finished.isoformat(),
        }
        for each in run.observations
    ]


def status(run: ControlRun) -> str:
    """Fail if anything failed; unknown if anything could not be judged or nothing was there; else pass."""
    outcomes = [each.outcome for each in run.observations]
    if Outcome.FAIL in outcomes:
        return "fail"
    if Outcome.UNKNOWN in outcomes or not run.complete or run.population == 0:
        return "unknown"
    return "pass"


def reasons(run: ControlRun) -> list[str]:
    bad = [each for each in run.observations if each.outcome in (Outcome.FAIL, Outcome.UNKNOWN)]
    return [f"{each.subject}: expected {each.expected}, observed {each.observed}" for each in bad]


def _worst(run: ControlRun) -> str:
    found = reasons(run)
    return found[0] if found else "as promised"


def planned_stack(platform: str, file: Path | None, now: datetime, progress: Progress) -> Stack:
    """The stack of a state or preview file, or of the rehearsed program."""
    if file is not None:
        stack = read_stack(file, progress)
        platform_of(stack, platform, progress)
        return stack
    return state.read(rehearsal.rehearse_project(PROJECT, platform, now=now))


def platform_of(stack: Stack, named: str | None, progress: Progress) -> str:
    """Whose figures judge a stack. One that bears another platform's name than the one asked about is refused."""
    own = stack.name if stack.name in platforms() else None
    if named is not None and own is not None and own != named:
        raise UsageError(f"this state is that of the stack {own}, not of {named}", f"name {own}, or give {named}'s own state")
    platform = chosen(stack.name, named)
    if platform != stack.name:
        progress(f"the stack {stack.name or 'without resources'} is judged by the figures of {platform}")
    return platform


def read_stack(file: Path, progress: Progress) -> Stack:
    """A `pulumi stack export` or a `pulumi preview --json`; `UsageError` when it is neither."""
    hint = "give a file made by `pulumi stack export` or `pulumi preview --json --show-sames`"
    gc.disable()  # nothing read here is garbage, and looking for it among millions of values takes a third of the time
    try:
        with file.open(encoding="utf-8") as opened:
            return _stack_of(json.load(opened), file, progress)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {file}: {error}", hint) from error
    except RecursionError:
        raise UsageError(f"cannot read {file}: it is nested too deeply for a state", hint) from None
    finally:
        gc.freeze()  # and nothing of it becomes garbage while it is judged
        gc.enable()


def _stack_of(document: object, file: Path, progress: Progress) -> Stack:
    if not isinstance(document, dict):
        raise UsageError(f"{file} holds no JSON object", "give a file made by `pulumi stack export`")
    if "steps" in document:
        return preview.read(document)
    stack = state.read(document)
    if pending := state.pending_operations(document):
        progress(
            f"an update was interrupted: {pending} operations are pending, judged by what their program says (`pulumi refresh` clears them)"
        )
    return stack


def judge_plan_of(stack: Stack, catalog: Catalog, now: datetime) -> PlanOutcome:
    return PlanOutcome(catalog.platform, now, judge_plan(stack, catalog, now), hygiene.planned(stack, catalog, now))
