"""Whose promises a stack is judged by, when nobody says so: the same rule for the pack and for the command line."""

from __future__ import annotations

from promises.loading import platforms

DEFAULT_PLATFORM = "illumacom"


def chosen(stack: str, named: str | None = None) -> str:
    """The platform that was named; else the one the stack is called after, where a catalog has that name; else the default."""
    return named or (stack if stack in platforms() else DEFAULT_PLATFORM)
