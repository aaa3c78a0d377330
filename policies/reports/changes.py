"""Which verdicts differ between before and after. Pure; reads what `document` writes.

What is compared is statuses by promise id: those of an earlier report (its JSON document), or what the plan controls say of another
stack, which is `plan: pass`, `plan: unknown` or `plan: fail` and never *kept*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.reports.document import SCHEMA_VERSION
from policies.reports.model import Report
from promises.verdicts import Status

PLAN = ("plan: pass", "plan: unknown", "plan: fail")
"""What the plan surface alone answers, the best first."""


@dataclass(frozen=True)
class Comparison:
    """Statuses by promise id on both sides, and in words what they are of."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    words: str


class NotAReport(ValueError):  # noqa: N818 - the word says it
    """The document is not what `kept report -o json` writes."""


@dataclass(frozen=True)
class Change:
    """A promise whose status differs; None where it is missing on that side."""

    promise: str
    before: str | None
    after: str | None

    @property
    def worse(self) -> bool:
        """Whether this is a step down; a promise that is gone is one."""
        return self.after is None or (self.before is not None and _rank(self.after) > _rank(self.before))


def earlier(document: Any) -> Mapping[str, str]:
    """Statuses by promise id, as an earlier report's document says them; NotAReport for anything else."""
    try:
        version, promises = document["schema_version"], document["promises"]
        statuses = {each["id"]: each["status"] for each in promises}
    except (TypeError, KeyError) as error:
        raise NotAReport("it has no schema_version and promises with id and status") from error
    if version != SCHEMA_VERSION:
        raise NotAReport(f"its schema_version is {version}, not {SCHEMA_VERSION}")
    if not all(isinstance(each, str) and _known(each) for each in statuses.values()):
        raise NotAReport("it holds a status that no report of ours has")
    return statuses


def statuses(report: Report) -> Mapping[str, str]:
    """A report's own, by promise id in the order of the catalog."""
    return {entry.promise.id: entry.words for entry in report.entries}


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs, worst first, then in the order of `after`."""
    found = [Change(name, before.get(name), after.get(name)) for name in dict.fromkeys([*after, *before])]
    return tuple(sorted((each for each in found if each.before != each.after), key=lambda each: not each.worse))


def _plain(words: str) -> str:
    return words.removesuffix(" (attested)")


def _known(words: str) -> bool:
    return _plain(words) in {status.value for status in Status}


def _rank(words: str) -> int:
    if words in PLAN:
        return PLAN.index(words)
    return Status(_plain(words)).rank
