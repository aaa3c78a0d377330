"""The stack that was last provisioned, for live controls that compare what is there with what was declared.

It is the environment's stored state (`state.json` in the settings' data folder, written after every `pulumi up`). Without it a control
cannot compare and says so.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from policies.readers import state
from policies.readers.state import Stack
from services.errors import BadData, UsageError

if TYPE_CHECKING:
    from services.settings import Settings

FILE = "state.json"


def declared(settings: Settings) -> Stack:
    """The stored stack; `UsageError` when there is none, `BadData` when it is no state."""
    path = settings.data / FILE
    try:
        document = json.loads(path.read_text())
    except OSError:
        raise UsageError("there is no stored state to compare with", "run `kept deploy`, or export the stack to the data folder") from None
    except ValueError:
        raise BadData("the stored state is not JSON", "export it again: pulumi stack export --file") from None
    if not isinstance(document, dict):
        raise BadData("the stored state is no state", "export it again: pulumi stack export --file")
    return state.read(document)
