"""How the command line speaks: results to stdout, all else to stderr; a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

SCHEMA_VERSION = 1

F = TypeVar("F", bound=Callable[..., Any])


def output_option(function: F) -> F:
    """`-o/--output table|json`, the same on every command that prints a result."""
    return click.option(
        "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print the result."
    )(function)


def print_json(document: dict[str, Any]) -> None:
    """One JSON object with its schema version, on stdout."""
    click.echo(json.dumps({"schema_version": SCHEMA_VERSION, **document}, indent=2, default=str, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns wide enough for their cells; the last one is free."""
    table = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for number, row in enumerate(table):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 and coloured() else line)


def progress(message: str) -> None:
    """A line of progress, on stderr."""
    click.echo(message, err=True)


def coloured() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def report_error(error: Exception) -> int:
    """Print an error of ours (JSON when `-o json` was asked for) and return its exit code; re-raise any other."""
    from services.errors import KeptError

    if not isinstance(error, KeptError):
        raise error
    if _wants_json(sys.argv):
        document = {"code": error.code, "message": error.message, "hint": error.hint, "exit_code": error.exit_code}
        click.echo(json.dumps({"schema_version": SCHEMA_VERSION, "error": document}), err=True)
    else:
        click.echo(f"error: {error.message}", err=True)
        if error.hint:
            click.echo(f"next:  {error.hint}", err=True)
    return error.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    pairs = zip(arguments, arguments[1:], strict=False)
    return any(pair in (("-o", "json"), ("--output", "json")) for pair in pairs) or "-ojson" in arguments or "--output=json" in arguments
