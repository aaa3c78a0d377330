"""The edition for customers: promises and verdicts, and nothing that helps an attacker.

It is built from a report by naming what goes in, so that what a report learns to say later stays out: no subject, reason, control,
figure, parameter, record, digest of observations, key, tool or name. The promise's own sentence is in it when the published text was
given, for that is public already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from policies.reports import page
from policies.reports.markdown import SIGNS, plain
from policies.reports.model import Entry, Report
from policies.reports.texts import GLOSSARY
from promises.verdicts import Status

WORDS = frozenset({"promise", *(status.value for status in Status)})


@dataclass(frozen=True)
class Line:
    """A promise as customers read it."""

    title: str
    section: str
    status: Status
    words: str
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class Edition:
    platform: str
    at: datetime
    in_force: date
    binding: bool
    verified: bool
    answer: str
    counts: Mapping[Status, int]
    lines: tuple[Line, ...]


def edition(report: Report) -> Edition:
    return Edition(
        platform=report.platform,
        at=report.at,
        in_force=report.policy.in_force,
        binding=report.making.binding,
        verified=report.trust.verified,
        answer=report.answer,
        counts=report.counts,
        lines=tuple(_line(report, entry) for entry in report.entries),
    )


def _line(report: Report, entry: Entry) -> Line:
    words = report.quoted.words if report.quoted else {}
    quotes = tuple(words[clause] for clause in entry.promise.clauses if clause in words)
    return Line(entry.promise.title, entry.promise.section, entry.status, entry.words, quotes)


def html(report: Report) -> str:
    glossary = [(word, meaning) for word, meaning in GLOSSARY if word in WORDS]
    return page.fill("public.html.j2", script="", edition=edition(report), glossary=glossary)


def document(report: Report) -> str:
    """JSON; the sentences stay out of it, as they do everywhere but on the page."""
    made = edition(report)
    facts = {
        "schema_version": 1,
        "edition": "public",
        "platform": made.platform,
        "at": made.at.isoformat().replace("+00:00", "Z"),
        "policy_in_force": made.in_force.isoformat(),
        "evidence_of_production": made.binding,
        "log_verified": made.verified,
        "answer": made.answer,
        "counts": {status.value: count for status, count in made.counts.items()},
        "promises": [{"title": each.title, "section": each.section, "status": each.words} for each in made.lines],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def markdown(report: Report) -> str:
    made = edition(report)
    head = [f"## {plain(made.platform)}: {plain(made.answer)}", ""]
    if not made.binding:
        head += ["> A rehearsal, no evidence of production.", ""]
    rows = [f"| {SIGNS[each.status]} {each.words} | {plain(each.title)} | {plain(each.section)} |" for each in made.lines]
    return "\n".join([*head, "| status | promise | section |", "|--|--|--|", *rows, ""])


FORMATS: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("public.html", html),
    "json": ("public.json", document),
    "markdown": ("public.md", markdown),
}
"""File name and writer of each."""
