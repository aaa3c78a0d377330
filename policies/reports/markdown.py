"""The report as Markdown that fits a pull request's comment: the answer, what needs attention, and what would change.

GitHub cuts comments at 65,536 characters: what does not fit is counted, never dropped unsaid. Values cannot format, link, mention or open
an element: every character that could is escaped.
"""

from __future__ import annotations

import re

from policies.hygiene.standing import counts
from policies.reports.changes import Comparison, changes
from policies.reports.model import Entry, Report
from promises.verdicts import Status
from promises.wording import plural

LIMIT = 60_000
"""Characters of the whole text; GitHub's own limit is 65,536."""

CELL = 400
"""Characters of one reason; the page has it whole."""

SIGNS = {Status.KEPT: "✓", Status.AT_RISK: "△", Status.NOT_PROVEN: "?", Status.EXCEPTED: "◇", Status.BROKEN: "✗"}

_ACTIVE = re.compile(r"([\\`*_{}\[\]()<>#+!|~&])")


def render(report: Report, against: Comparison | None = None) -> str:
    """With `against`, also what would change."""
    text = "\n".join([*_head(report), *(_compared(against) if against is not None else []), ""])
    rows = [_row(entry) for entry in report.attention]
    return text + "\n".join([*_attention(rows, LIMIT - len(text)), "", *_foot(report), ""])


def _head(report: Report) -> list[str]:
    lines = [f"## {plain(report.platform)}: {plain(report.answer)}", ""]
    if not report.making.binding:
        lines += [f"> Environment {plain(report.making.environment)}: a rehearsal, no evidence of production.", ""]
    if report.period:
        lines += [f"From {report.period.first} to {report.period.last}: {plain(report.period.answer)}", ""]
    counts = [f"{SIGNS[status]} {report.counts[status]} {status.value}" for status in Status]
    return [*lines, " · ".join(counts), ""]


def _compared(against: Comparison) -> list[str]:
    rows = [
        f"| {'worse' if each.worse else 'better or new'} | `{each.promise}` | {each.before or 'not there'} | {each.after or 'not there'} |"
        for each in changes(against.before, against.after)
    ]
    head = ["### Verdicts that would change", "", f"{plain(against.words)}.", ""]
    if not rows:
        return [*head, "None.", ""]
    return [*head, "| | promise | before | after |", "|--|--|--|--|", *rows, ""]


def _row(entry: Entry) -> str:
    reasons = "; ".join(entry.verdict.reasons)
    cut = reasons if len(reasons) <= CELL else reasons[:CELL] + " ..."
    return f"| {SIGNS[entry.status]} {entry.words} | {plain(entry.promise.title)} (`{entry.promise.id}`) | {plain(cut)} |"


def _attention(rows: list[str], space: int) -> list[str]:
    if not rows:
        return ["Every promise is kept."]
    lines = ["### What needs attention", "", "| status | promise | why |", "|--|--|--|"]
    for number, row in enumerate(rows):
        space -= len(row) + 1
        if space < 1000:
            return [*lines, "", f"... and {plural(len(rows) - number, 'promise')} more: see the report."]
        lines.append(row)
    return lines


def _foot(report: Report) -> list[str]:
    stands = ", ".join(f"{count} {standing.value}" for standing, count in counts(report.hygiene).items() if count)
    beside = [f"Hygiene, beside the promises: {stands}.", ""] if stands else []
    trust = "verifies" if report.trust.verified else "does **not** verify"
    made = f"{plain(report.making.tool)}, {report.at:%Y-%m-%d %H:%M} UTC"
    return [*beside, f"The evidence log {trust}: {plural(report.trust.records, 'record')}. {made}."]


def plain(value: str) -> str:
    """One line in which nothing is markup: `@` calls nobody, `|` ends no cell, an address becomes no link."""
    return _ACTIVE.sub(r"\\\1", " ".join(value.split())).replace("@", "@\u200b").replace("://", ":\u200b//")
