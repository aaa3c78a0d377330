"""`kept settings`: where the servers of this environment are. Secrets stand in files of their own and are never shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from kept import locations
from kept.output import output_option, print_json, print_table


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
