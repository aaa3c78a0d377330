"""What holds data is protected against deletion by a slip: `protect` in the state, and no bucket that goes with all it holds.

Only a local stack may be destroyed. The stack says which it is by its project's environment (`Development` is local); a stack without a
project is taken for a real one. Live there is nothing to see: protection is the engine's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.controls.base import Question, control
from policies.findings import judged, label, or_nothing, unknown, value
from policies.kinds import BUCKET, CLUSTER, DATABASE, PROJECT, VOLUME, ZONE
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation, Surface

STATEFUL = (CLUSTER, DATABASE, BUCKET, VOLUME, ZONE)
"""The kinds that hold data, or without which nobody reaches it."""

LOCAL = "Development"

EXPECTED = "protected against deletion, unless the stack is local"

MEND = "set kept:protect to true in the stack's file (its default), and run pulumi up"


@control("protection.plan", Surface.PLAN, "whether everything that holds data is protected, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure for it
    return or_nothing((protected(each, _environments(stack)) for each in stack.of(*STATEFUL)), "resource that holds data", EXPECTED)


def _environments(stack: Stack) -> list[Any]:
    return [value(project, "environment") for project in stack.of(PROJECT)]


def protected(resource: Resource, environments: list[Any]) -> Observation:
    """One resource; in a stack that is local by every project's word, nothing needs to be."""
    if resource.protect and not (resource.type == BUCKET and value(resource, "forceDestroy") is True):
        return judged(label(resource), EXPECTED, [], "protected", MEND)
    if any(each is UNKNOWN for each in environments):
        return unknown(label(resource), EXPECTED, "whether the stack is local is not known yet")
    if environments and all(each == LOCAL for each in environments):
        return judged(label(resource), EXPECTED, [], "a local stack, which may be destroyed", MEND)
    faults = [] if resource.protect else ["not protected"]
    if resource.type == BUCKET and value(resource, "forceDestroy") is True:
        faults.append("deleted with all it holds (force_destroy)")
    return judged(label(resource), EXPECTED, faults, "protected", MEND)
