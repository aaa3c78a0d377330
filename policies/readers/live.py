"""What the clouds say now, in the form of a stack: one judge serves the plan and the live control of a family.

A source that cannot be read (401, 403, an outage, a partial answer) becomes an `unknown` observation that names it and why. What needs
every source to be right (a droplet without a firewall is a failure only if all firewalls were read) is then not judged at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.findings import unknown
from policies.readers.state import Resource, Stack
from promises.observations import Observation
from services.errors import BadData, KeptError

Source = Callable[[], Iterable[Resource]]

Judge = Callable[[Stack], Iterable[Observation]]

EXPECTED = "a complete answer"


@dataclass(frozen=True)
class Seen:
    """What was read, and an observation for each source that was not."""

    stack: Stack
    unread: tuple[Observation, ...]

    def judged(self, judge: Judge) -> Iterator[Observation]:
        """The judge's observations if everything was read, else what was not."""
        yield from self.unread
        if not self.unread:
            yield from judge(self.stack)

    def judged_in_part(self, judge: Judge) -> Iterator[Observation]:
        """The judge's observations on what was read, and what was not; for judges that look at each resource by itself."""
        yield from self.unread
        yield from judge(self.stack)


def gather(sources: Mapping[str, Source]) -> Seen:
    """Read every source, by the name a reader knows it by."""
    resources: list[Resource] = []
    unread: list[Observation] = []
    for what, read in sources.items():
        try:
            resources += read()
        except KeptError as error:
            unread.append(unknown(what, EXPECTED, error.message))
        except (KeyError, TypeError, AttributeError, IndexError) as error:  # an answer of another shape
            unread.append(unknown(what, EXPECTED, f"the answer could not be read ({type(error).__name__})"))
    return Seen(Stack("", tuple(resources), ""), tuple(unread))


def resource(type_: str, name: str, /, **outputs: Any) -> Resource:
    """A resource as the cloud knows it. It has no URN of a program; its kind and name stand in."""
    return Resource(f"live::{type_}::{name}", type_, name, {}, {"name": name, **outputs}, protect=False, parent=None, dependencies=())


def rows(answer: Any, key: str, what: str) -> list[dict[str, Any]]:
    """The list under the key that a good answer has; errors that come as answers have another."""
    found = answer.get(key) if isinstance(answer, Mapping) else None
    if not isinstance(found, list):
        raise BadData(f"the answer for {what} has no {key}", "look at the API's status, then run it again")
    return found
