"""Destructive verbs plan by default: `--apply` acts, and only after the environment's name was typed or given with `--yes --env`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from services.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


def apply_options(function: F) -> F:
    """`--apply`, `--yes` and `--env NAME`."""
    for option in (
        click.option("--env", metavar="NAME", help="The environment that --yes speaks of."),
        click.option("--yes", is_flag=True, help="Do not ask; needs --env NAME."),
        click.option("--apply", is_flag=True, help="Act; without it the plan is shown."),
    ):
        function = option(function)
    return function


def confirm(environment: str, *, yes: bool, env: str | None) -> None:
    """Return when the act was confirmed for this very environment; `UsageError` otherwise."""
    if yes and env == environment:
        return
    if yes or not sys.stdin.isatty():
        raise UsageError(f"--apply on {environment} was not confirmed", f"add --yes --env {environment}")
    typed = click.prompt(f"This changes {environment}. Type its name to go on", default="", show_default=False, err=True)
    if typed != environment:
        raise UsageError("the name typed is not the environment's: nothing was done", f"type {environment}")
