"""`kept report --against WHAT`: what a pull request or another state would change.

    a JSON report    its verdicts, against the report's own
    a state          what the plan controls say of it (or of a preview), against what they say of the stack as it is
    a git revision   what they say of its program, rehearsed, against this checkout's program, rehearsed

Both sides of a plan are judged by this checkout's controls and figures. A revision is unpacked into a folder of its own: neither the
working tree nor the index is touched.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kept.locations import PROJECT
from kept.output import progress
from policies.readers.state import Stack
from policies.reports.changes import PLAN, Comparison, NotAReport, earlier
from services.errors import BadData, UsageError

if TYPE_CHECKING:
    from kept.environment import Environment
    from kept.verification import Verified

HINT = "name a report (kept report -o json), a state (pulumi stack export), or a git revision"

UNPACKED = ("infra", "promises", "Pulumi.yaml")
"""What a program is made of, besides its stack file."""


def comparison(what: str, environment: Environment, verified: Verified, statuses: Mapping[str, str]) -> Comparison:
    """Both sides; `statuses` are the report's own. `UsageError` when `what` is none of the three."""
    file = Path(what)
    if not file.is_file():
        return _revision(what, environment)
    found = _document(file)
    if "promises" in found:
        return Comparison(_earlier(file, found), statuses, f"Against the report {file.name}")
    return _state(file, environment, verified)


def _earlier(file: Path, document: Any) -> Mapping[str, str]:
    try:
        return earlier(document)
    except NotAReport as error:
        raise UsageError(f"{file} is no report to compare with: {error}", "write one: kept report -o json --output-file FILE") from None


def _state(file: Path, environment: Environment, verified: Verified) -> Comparison:
    from kept.planning import platform_of, read_stack

    if verified.state is None:
        raise UsageError("nothing has been provisioned here: there is no state to compare with", "deploy the stack first: kept deploy")
    try:
        other = read_stack(file, progress)
    except BadData as error:
        raise UsageError(f"{file} is nothing to compare with: {error.message}", HINT) from error
    platform_of(other, environment.catalog.platform, progress)
    words = f"What the plan controls say of {file.name} (before) and of the stack as it is (after)"
    return Comparison(plan_statuses(other, environment), plan_statuses(verified.state.stack, environment), words)


def _revision(revision: str, environment: Environment) -> Comparison:
    from kept.planning import planned_stack

    platform, now = environment.catalog.platform, environment.clock()
    before = plan_statuses(program_at(revision, platform, now), environment)
    after = plan_statuses(planned_stack(platform, None, now, progress), environment)
    return Comparison(before, after, f"What the plan controls say of the program of {revision} (before) and of this checkout's (after)")


def program_at(revision: str, platform: str, now: datetime, project: Path = PROJECT) -> Stack:
    """The stack of a revision's program, rehearsed."""
    from policies.readers import rehearsal, state

    with _unpacked(revision, platform, project) as folder:
        program = replace(rehearsal.program_of(folder, platform, {}), imports=folder)
        return state.read(rehearsal.rehearse(program, now=now))


def plan_statuses(stack: Stack, environment: Environment) -> Mapping[str, str]:
    """What the plan controls say of a stack, by promise: the worst of a promise's controls."""
    from kept.planning import status
    from policies.judging import judge_plan

    found: dict[str, str] = {}
    for run in judge_plan(stack, environment.catalog, environment.clock()):
        said = f"plan: {status(run)}"
        found[run.promise] = max(found.get(run.promise, said), said, key=PLAN.index)
    return found


@contextmanager
def _unpacked(revision: str, platform: str, project: Path) -> Iterator[Path]:
    """The program of a revision, in a folder that is gone afterwards."""
    command = ["git", "-C", str(project), "archive", "--format=tar", revision, "--", *UNPACKED, f"Pulumi.{platform}.yaml"]
    if revision.startswith("-"):
        raise UsageError(f"{revision!r} is neither a file nor a branch or commit", "name a report, a state, or a git revision")
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise UsageError(f"{revision} is no file, and git could not be started", "name a report or a state, or install git") from error
    if done.returncode:
        raise UsageError(
            f"{revision} is neither a file nor a branch or commit with the program of {platform}",
            "name a report (kept report -o json), a state (pulumi stack export), or a git revision of this project",
        )
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def _document(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UsageError(f"{file} is no JSON document to compare with: {error}", HINT) from None
    if not isinstance(found, dict):
        raise UsageError(f"{file} holds no JSON object to compare with", HINT)
    return found
