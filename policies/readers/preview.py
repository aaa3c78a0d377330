"""What a `pulumi preview --json` would create, as a stack that the controls can judge.

The engine leaves the outputs of a resource that does not exist yet out of the document. So whatever the program did not say is
`UNKNOWN` here: a preview may leave open what the state decides, but it never passes what the state would fail.
Resources that the update deletes are left out; those that it leaves alone appear as they are, outputs included. A replacement is
several steps with one URN and counts once. A preview without its unchanged resources (`--show-sames` was not given) is refused: what
it leaves out cannot be judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from policies.readers import state
from policies.readers.state import Planned, Resource, Stack
from services.errors import BadData

COMMAND = "pulumi preview --json --show-sames > preview.json"

GONE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "read-discard", "remove-pending-replace"})


def read(document: Mapping[str, Any]) -> Stack:
    """The stack as it would be after the previewed update; `BadData` when the document is something else, or incomplete."""
    steps = document.get("steps")
    if not isinstance(steps, list):
        raise BadData("this is no preview: it has no `steps`", f"write one with `{COMMAND}`")
    if not all(isinstance(each, Mapping) for each in (*steps, *(document.get("diagnostics") or ()))):
        raise BadData("a step of this preview is no object", f"write it with `{COMMAND}`")
    if any(each.get("severity") == "error" for each in document.get("diagnostics") or ()):
        raise BadData("this preview ended with an error, so it is not whole", f"mend the program, then write it again with `{COMMAND}`")
    left_out = int((document.get("changeSummary") or {}).get("same", 0)) - sum(step.get("op") == "same" for step in steps)
    if left_out > 0:
        raise BadData(f"this preview leaves out {left_out} unchanged resources", f"write it with `{COMMAND}`")
    entries = (_entry(step) for step in steps if step.get("op") not in GONE)
    planned = {entry["urn"]: _planned(state.resource(entry), entry) for entry in entries if entry}
    return state.stack_of(tuple(planned.values()))


def _entry(step: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The resource after the step; what stays the same is described in full by what it was."""
    return (step.get("oldState") if step.get("op") == "same" else None) or step.get("newState")


def _planned(resource: Resource, entry: Mapping[str, Any]) -> Resource:
    return resource if "outputs" in entry else replace(resource, outputs=Planned(resource.inputs))
