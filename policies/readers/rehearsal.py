"""Runs a Pulumi program without the engine, and returns what it registered in the shape of `pulumi stack export`.

The program is the real one, unchanged. It runs in a child process (`policies.readers.monitor`) in Pulumi's own test runtime, with
the configuration of its stack file. Two uses:

  * a plan (`create` is None): nothing is created, outputs repeat the inputs, ids are symbols, all else is unknown;
  * provisioning the local cloud: `create(type, name, inputs)` makes each resource and answers its id and outputs.

Secrets are marked in the result and their values left out. A rehearsal cannot answer provider functions or read what exists,
knows no earlier state, and fills in none of the provider's defaults.

>>> state.read(rehearse_project(PROJECT, "illumacom", now=now)).of("digitalocean:index/vpc:Vpc")
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import yaml

from services.errors import KeptError, UsageError

Create = Callable[[str, str, Mapping[str, Any]], tuple[str, Mapping[str, Any]]]
"""Makes one resource: its type's token, its name and its inputs (camelCase), to its id and its outputs."""

STATE_VERSION = 3
"""The version of the export format whose shape this is."""


LEAVE_SECONDS = 10
"""How long the child may take to leave after its report."""


class ProgramError(KeptError):
    """The program itself, or the creation of one of its resources, failed."""

    code = "program-failed"


@dataclass(frozen=True)
class Program:
    """A program and the stack it is run for; `config` holds whole keys (`kept:region`), `secrets` names those that are secret.

    `imports`, where it is given, is the folder whose packages the program imports before any installed ones (another checkout's).
    """

    path: Path
    project: str
    stack: str
    config: Mapping[str, str]
    secrets: tuple[str, ...] = ()
    imports: Path | None = None


def rehearse_project(
    folder: Path, stack: str, *, now: datetime, create: Create | None = None, config: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Rehearse the project in `folder` for a stack; `config` adds to its stack file, key by key."""
    return rehearse(program_of(folder, stack, config or {}), now=now, create=create)


def program_of(folder: Path, stack: str, overrides: Mapping[str, str]) -> Program:
    """The program that `Pulumi.yaml` describes, with the configuration of `Pulumi.<stack>.yaml`."""
    project = _document(folder / "Pulumi.yaml", "a Pulumi project needs one")
    config = _document(folder / f"Pulumi.{stack}.yaml", f"write one for the stack {stack}, or name another stack").get("config") or {}
    settings = {key: _text(value) for key, value in config.items() if not _encrypted(value)}
    declared = tuple(f"{project['name']}:{key}" for key, value in (project.get("config") or {}).items() if _secret(value))
    secrets = dict.fromkeys([*declared, *(key for key, value in config.items() if _encrypted(value))])
    return Program(folder / project.get("main", "."), str(project["name"]), stack, {**settings, **overrides}, tuple(secrets))


def rehearse(program: Program, *, now: datetime, create: Create | None = None) -> dict[str, Any]:
    """Run the program; `ProgramError` names the line or the resource that failed."""
    order = {
        "program": str(program.path),
        "project": program.project,
        "stack": program.stack,
        "config": {**(_symbols(program.secrets) if create is None else {}), **program.config},
        "secrets": list(program.secrets),
        "preview": create is None,
    }
    resources = _converse(order, create, program.imports)
    manifest = {"time": now.isoformat(), "magic": "", "version": "rehearsal"}
    return {"version": STATE_VERSION, "deployment": {"manifest": manifest, "resources": resources}}


def _converse(order: Mapping[str, Any], create: Create | None, imports: Path | None) -> list[dict[str, Any]]:
    """Give the child its order, answer its questions, and take its report."""
    with tempfile.TemporaryFile("w+") as noise:
        command = [sys.executable, "-P", "-m", "policies.readers.monitor"]
        path = Path(order["program"])
        folder = path if path.is_dir() else path.parent
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=noise, text=True, cwd=folder, env=_environment(imports)
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            _say(child.stdin, order)
            return _listen(child.stdout, child.stdin, create, noise)
        finally:
            _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    """Let the child leave by itself, for it has said all it will; one that does not is killed."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()
    child.stdout.close()
    try:
        child.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _listen(questions: IO[str], answers: IO[str], create: Create | None, noise: IO[str]) -> list[dict[str, Any]]:
    for line in questions:
        message = json.loads(line)
        if "resources" in message:
            return list(message["resources"])
        if "failure" in message:
            raise ProgramError(f"the program failed: {message['failure']}", "mend the program or its stack file")
        assert create is not None
        _say(answers, _created(create, **message["create"]))
    raise ProgramError(f"the program ended without a result: {_last_lines(noise)}", "is the project installed with its extra `infra`?")


def _created(create: Create, type: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002 - the field's name
    try:
        id_, outputs = create(type, name, inputs)
    except Exception as error:
        hint = getattr(error, "hint", "") or "mend its inputs in the program, then run it again"
        raise ProgramError(f"{name} ({type}) was not created: {error}", hint) from error
    return {"id": id_, "outputs": dict(outputs)}


def _say(pipe: IO[str], message: Mapping[str, Any]) -> None:
    pipe.write(json.dumps(message) + "\n")
    pipe.flush()


def _last_lines(noise: IO[str]) -> str:
    noise.seek(0)
    return " / ".join(noise.read().strip().splitlines()[-3:]) or "it printed nothing"


def _environment(imports: Path | None) -> dict[str, str]:
    """The caller's, without what would make the SDK believe that an engine is there."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    return own if imports is None else {**own, "PYTHONPATH": str(imports)}


def _document(path: Path, hint: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint) from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {error}", "mend the line it names") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} holds no keys", hint)
    return document


def _encrypted(value: Any) -> bool:
    """A value that only the engine can decrypt; a plan gets a symbol in its place, a creation has to be given it."""
    return isinstance(value, dict) and set(value) == {"secure"}


def _secret(declaration: Any) -> bool:
    """A key that the project declares to be secret."""
    return isinstance(declaration, dict) and declaration.get("secret") is True


def _symbols(secrets: tuple[str, ...]) -> dict[str, str]:
    """What stands for secrets in a plan, which needs none of them."""
    return {key: f"planned:{key}" for key in secrets}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
