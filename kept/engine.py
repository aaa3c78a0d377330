"""The Pulumi command line: how it is called on a stack, and how what it says is told.

Where a stack's backend, configuration and credentials are is a matter of its kind (`kept.stacks`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kept.locations import PROJECT
from services.errors import KeptError

Progress = Callable[[str], None]

COMMAND = "pulumi"
PACK = PROJECT / "policies"
QUOTED_LINES = 6
"""How many of the engine's lines an error quotes."""

FINDING = "At stake: "
"""What every finding of the policy pack says."""

UNSETTLED = "no changes were expected"
"""What the engine says where `--expect-no-changes` found one."""


class EngineError(KeptError):
    """`pulumi` ran and failed."""

    code = "engine"


class PackRefused(EngineError):  # noqa: N818 - the word says it
    """The policy pack refused what was asked for: a promise would be broken."""

    exit_code = 3
    code = "refused-by-pack"


def is_there() -> bool:
    """Whether `pulumi` is on PATH."""
    return shutil.which(COMMAND) is not None


@dataclass(frozen=True)
class EngineStack:
    """One platform's stack, and the calls of `pulumi` on it."""

    platform: str

    @property
    def which(self) -> tuple[str, ...]:
        """The options that name it."""
        return ("--stack", self.platform)

    def environment(self) -> dict[str, str]:
        """The variables of `pulumi`."""
        raise NotImplementedError

    def preview(self, progress: Progress) -> tuple[str, ...]:
        """What an update would change, as the engine counts it (`+ 36 to create`); what the pack refuses is `PackRefused`."""
        lines = self.run("preview", *self.which, "--policy-pack", str(PACK), "--suppress-outputs", "--suppress-progress", progress=progress)
        return changes(lines)

    def up(self, progress: Progress) -> None:
        """Make the cloud what the program says, whatever was changed behind the engine's back, with the policy pack.

        What the pack refuses is `PackRefused`. Only a stack that has settled is a deployed one.
        """
        changing = ("--refresh", "--yes", "--skip-preview", "--policy-pack", str(PACK))
        self.run("up", *self.which, *changing, "--suppress-outputs", "--suppress-progress", progress=progress)
        self.settle()

    def settle(self) -> None:
        """Read back what was made: what no first answer holds (a volume's host, a project's members) gets into the state.

        So the digest of a state is that of the next one, as long as nothing changes. What was read back and is not what the program says
        was changed meanwhile, and the pack has not judged it: `EngineError`.
        """
        self.run("refresh", *self.which, "--yes", "--skip-preview", "--suppress-outputs", "--suppress-progress")
        try:
            self.run("preview", *self.which, "--expect-no-changes", "--suppress-outputs", "--suppress-progress")
        except EngineError as error:
            if UNSETTLED not in error.message:
                raise
            raise EngineError(
                "after the update the stack is not what the program says, so its state is not recorded as deployed",
                f"see what differs: `pulumi preview --diff --stack {self.platform}`; then run `kept deploy {self.platform} --apply` again",
            ) from error

    def export(self) -> dict[str, Any]:
        """The state; its secrets are encrypted. By a file, for warnings may stand among what is printed."""
        with tempfile.TemporaryDirectory(prefix="kept-") as folder:
            file = Path(folder) / "export.json"
            self.run("stack", "export", "--stack", self.platform, "--file", str(file))
            document: dict[str, Any] = json.loads(file.read_text())
        return document

    def outputs(self, *, secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs, in memory alone; its secret ones only with `secrets`."""
        shown = ("--show-secrets",) if secrets else ()
        try:
            found = json.loads(self._captured("stack", "output", "--stack", self.platform, "--json", *shown))
        except ValueError:
            raise EngineError("`pulumi stack output --json` printed no JSON", "run it by hand to see why") from None
        return found if isinstance(found, dict) else {}

    def run(self, *arguments: str, progress: Progress | None = None, cwd: Path = PROJECT) -> list[str]:
        """Run `pulumi`, tell each line of its output, and return them; `EngineError` quotes what it said last."""
        command = [COMMAND, *arguments, "--non-interactive", "--color", "never"]
        lines: list[str] = []
        with subprocess.Popen(
            command, cwd=cwd, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.rstrip())
                if progress and worth_telling(line):
                    progress(" ".join(line.partition(" warning: ")[0].split()))
        if process.returncode:
            raise failure(arguments[0], lines)
        return lines

    def set_secret(self, key: str, value: str) -> None:
        """Encrypt one value into the stack's configuration; it goes by standard input, never by an argument."""
        self._captured("config", "set", "--secret", key, *self.which, given=value)

    def _captured(self, *arguments: str, given: str = "") -> str:
        """Standard output alone, told to nobody; an error quotes standard error alone."""
        command = [COMMAND, *arguments, "--non-interactive", "--color", "never"]
        answer = subprocess.run(command, cwd=PROJECT, env=self.environment(), capture_output=True, input=given, text=True, check=False)
        if answer.returncode:
            raise failure(" ".join(arguments[:2]), answer.stderr.splitlines())
        return answer.stdout


def changes(lines: Iterable[str]) -> tuple[str, ...]:
    """The engine's own count of what changes: the lines below `Resources:`, up to the next empty one."""
    found: list[str] = []
    counting = False
    for line in lines:
        if line.startswith("Resources:"):
            counting = True
        elif counting and line.strip():
            found.append(" ".join(line.split()))
        else:
            counting = False
    return tuple(found)


def worth_telling(line: str) -> bool:
    """Whether a line of the engine's says what happened to a resource, or what went wrong; the rest is bustle."""
    return any(word in line for word in (" created (", " updated (", " replaced (", " deleted (", "error:", FINDING))


def failure(verb: str, lines: Iterable[str]) -> EngineError:
    """The error for a run that failed."""
    said = list(lines)
    kind = PackRefused if any(FINDING in line for line in said) else EngineError
    return kind(*explained(verb, said))


def explained(verb: str, lines: Iterable[str]) -> tuple[str, str]:
    """A failure in one line, and the next step: what the pack refused, else the errors, else what was said last."""
    said = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if any("is currently locked" in line for line in said):
        return (
            "the stack is locked by another update",
            'wait for it; if it was killed: `pulumi cancel --stack <stack> --yes` (of a local one after `eval "$(kept local env)"`)',
        )
    refused = [line for line in said if FINDING in line]
    if refused:
        return (
            f"the policy pack refused the update: {_quoted(refused)}",
            "mend the program, the stack file or the catalog, then run it again",
        )
    errors = [line for line in said if "error:" in line and not line.endswith("update failed")]
    missing = any("pulumi plugin install" in line for line in errors)
    hint = (
        "install the plugin, or take `pulumi` off PATH: then the program is rehearsed"
        if missing
        else "mend what it names, then run it again"
    )
    return f"`pulumi {verb}` failed: {_quoted(errors or said[-3:])}", hint


def _quoted(lines: Sequence[str]) -> str:
    return " / ".join(lines[:QUOTED_LINES]) or "it said nothing"
