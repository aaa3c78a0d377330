"""How the command line speaks: results to stdout, all else to stderr; a table for people, JSON for programs."""

from __future__ import annotations

import errno
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from services.errors import KeptError

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
    """Print an error (JSON when `-o json` was asked for) and return its exit code; with KEPT_DEBUG set, raise it instead.

    Errors of ours tell what to do next. Of any other only the kind is told: its text may hold what must not be shown.
    """
    if "KEPT_DEBUG" in os.environ:
        raise error
    known = _known(error)
    if _wants_json(sys.argv):
        document = {"code": known.code, "message": known.message, "hint": known.hint, "exit_code": known.exit_code}
        click.echo(json.dumps({"schema_version": SCHEMA_VERSION, "error": document}), err=True)
    else:
        click.echo(f"error: {known.message}", err=True)
        if known.hint:
            click.echo(f"next:  {known.hint}", err=True)
    return known.exit_code


def _known(error: Exception) -> KeptError:
    """An error of ours as it is; trouble with a file in words; anything else as a fault of the program."""
    from services.errors import KeptError

    if isinstance(error, KeptError):
        return error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return KeptError(f"the disk is full: {error.filename or 'a file'} was not written", "free some space, then run the command again")
    if isinstance(error, OSError) and error.filename:
        return KeptError(f"{error.filename}: {error.strerror}", "check the path and who may use it")
    return KeptError(f"unexpected {type(error).__name__}: this is a fault of the program", "run it again with KEPT_DEBUG=1 to see where")


def _wants_json(arguments: Sequence[str]) -> bool:
    pairs = itertools.pairwise(arguments)
    return any(pair in (("-o", "json"), ("--output", "json")) for pair in pairs) or "-ojson" in arguments or "--output=json" in arguments
