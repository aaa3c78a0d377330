"""`kept settings`: where the servers of this environment are. Secrets stand in files of their own and are never shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from kept import locations
from kept.confirmation import apply_options, confirm
from kept.output import output_option, print_json, print_table, progress


@click.group("settings")
def command() -> None:
    """Where the servers of this environment are."""


@command.command("show")
@output_option
@click.option("--origin", is_flag=True, help="Say where each value comes from: the file, or an environment variable.")
def show(output: str, *, origin: bool) -> None:
    """The settings in force. Secrets are named by their files, never shown."""
    import os

    from services.settings import load

    path = locations.settings_file()
    document = load(path, os.environ).model_dump(mode="json")
    values = dict(_flat((), document))
    origins = {key: origin_of(key, str(path), os.environ) for key in values}
    if output == "json":
        print_json({"file": str(path), "settings": document, **({"origins": origins} if origin else {})})
        return
    header = ("setting", "value", "origin") if origin else ("setting", "value")
    print_table(header, ((key, value, origins[key])[: len(header)] for key, value in values.items()))


@command.command("from-stack")
@click.argument("platform", required=False)
@click.option("--state", type=click.Path(path_type=Path), help="Read this `pulumi stack export` instead of asking the engine (no --apply).")
@apply_options
@output_option
def from_stack(  # noqa: PLR0913 - one argument for each option
    *, platform: str | None, state: Path | None, apply: bool, yes: bool, env: str | None, output: str
) -> None:
    """Write the settings file (KEPT_SETTINGS) from what the stack says, and its secrets into Vault. Without --apply: what changes.

    PLATFORM may be left out where the file exists already.

    The file holds no secret. Secret keys and the database's password go into Vault (kv/), with your token (VAULT_TOKEN_FILE).
    """
    from dataclasses import asdict

    from kept.procedures import stack_settings

    if apply and state:
        raise click.UsageError("an export holds its secrets encrypted: leave --state out to apply")
    planned = stack_settings.plan(platform, state)
    told: dict[str, Any] = {"file": str(planned.file), "environment": planned.environment, "applied": apply}
    told["changes"] = [asdict(each) for each in planned.changes]
    if apply:
        confirm(planned.environment, yes=yes, env=env)
        stored = stack_settings.apply(planned)
        told |= {"stored": list(stored.written), "unchanged": list(stored.unchanged)}
    if output == "json":
        print_json(told)
        return
    print_table(("SETTING", "NOW", "THEN"), ((each.key, each.now or "-", each.then or "-") for each in planned.changes))
    for path in told.get("stored", ()):
        progress(f"stored in Vault: {path}")
    said = f"{planned.file} is written" if apply else f"{len(planned.changes)} settings of {planned.file} would change; act with --apply"
    progress(said)


def origin_of(key: str, file: str, environ: Mapping[str, str]) -> str:
    """The environment variable that sets a key, or else the file."""
    variable = "KEPT_" + "__".join(part.upper() for part in key.split("."))
    return variable if variable in environ else file


def _flat(path: tuple[str, ...], value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flat((*path, key), each)
    else:
        yield ".".join(path), str(value)
