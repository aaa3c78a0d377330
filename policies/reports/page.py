"""The auditor's page: one HTML file that opens anywhere, fetches nothing, and can be read without script.

Style and script stand in the page and are allowed by their SHA-256 alone; everything else is refused by the page's own
Content-Security-Policy. Every value is escaped by the template; the embedded JSON cannot end its element.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policies.hygiene.standing import Standing, counts
from policies.reports.document import document
from policies.reports.history import by_promise, year
from policies.reports.matrix import matrix
from policies.reports.pictures import draw
from policies.reports.texts import GLOSSARY, LIMITS, UNQUOTED
from promises.observations import Outcome
from promises.verdicts import Status
from promises.wording import duration, plural

if TYPE_CHECKING:
    from policies.reports.history import Span
    from policies.reports.model import Report

FOLDER = Path(__file__).parent

OUTCOME_STATUS = {
    Outcome.PASS: Status.KEPT,
    Outcome.FAIL: Status.BROKEN,
    Outcome.UNKNOWN: Status.NOT_PROVEN,
    Outcome.NOT_APPLICABLE: Status.EXCEPTED,
}
"""Which of the five signs stands for an outcome."""

STANDING_STATUS = {
    Standing.PASS: Status.KEPT,
    Standing.FAIL: Status.BROKEN,
    Standing.UNKNOWN: Status.NOT_PROVEN,
    Standing.NOT_APPLICABLE: Status.EXCEPTED,
    Standing.OFF: Status.EXCEPTED,
}
"""The same for how a rule of hygiene stands."""


def render(report: Report) -> str:
    """The page."""
    from markupsafe import Markup

    data = Markup(_json(report))  # noqa: S704 - escaped for its element by _json
    own = by_promise(report.runs)
    years = {entry.promise.id: year(entry.promise, own.get(entry.promise.id, ()), report.at, report.given) for entry in report.entries}
    limits = [each for each in LIMITS if report.quoted is None or each != UNQUOTED]
    return fill(
        "page.html.j2",
        script=_part("page.js"),
        report=report,
        limits=limits,
        glossary=GLOSSARY,
        data=data,
        years=years,
        pictures=draw(report.runs, report.at),
        standards=matrix(report.entries),
        hygiene=counts(report.hygiene) if report.hygiene else None,
        standing_status=STANDING_STATUS,
    )


def fill(template: str, *, script: str, **values: Any) -> str:
    """A template with our style and one script (jinja2 is imported here: commands that print no page do not pay for it)."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    style = _part("page.css")
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "moment": _moment,
        "iso": _iso,
        "span": duration,
        "sign": _sign,
        "plural": _plural,
        "grouped": _grouped,
        "told": _told,
    }
    return environment.get_template(template).render(
        statuses=tuple(Status),
        outcome_status=OUTCOME_STATUS,
        style=Markup(style),  # noqa: S704 - our own file, allowed by its digest
        script=Markup(script),  # noqa: S704 - our own file, allowed by its digest
        policy=_policy(style, script),
        **values,
    )


def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing but this style and this script (none where there is none)."""
    allowed = _source(script) if script else "'none'"
    return f"default-src 'none'; style-src {_source(style)}; script-src {allowed}; base-uri 'none'; form-action 'none'"


def _source(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _json(report: Report) -> str:
    """JSON in which no `<`, `>` or `&` stands as itself, so that no value can end the element or open another."""
    text = json.dumps(document(report), ensure_ascii=True, indent=1)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _moment(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _plural(count: int, noun: str) -> str:
    return plural(count, noun)


def _sign(status: Status) -> str:
    """The class and symbol name of a status."""
    return status.value.replace(" ", "-")


def _told(spans: Sequence[Span]) -> str:
    """A strip in words: how many days of each status, and since when it is what it is."""
    days: dict[str, int] = {}
    for span in spans:
        words = _word(span.status)
        days[words] = days.get(words, 0) + span.days
    counted = ", ".join(f"{plural(count, 'day')} {words}" for words, count in days.items())
    return f"The last 12 months, day by day: {counted}. {_word(spans[-1].status).capitalize()} since {spans[-1].first:%Y-%m-%d}."


def _word(status: Status | None) -> str:
    return status.value if status else "without evidence"


def _grouped(digest: str) -> str:
    """A digest in groups of eight, so that two can be compared by eye and long ones wrap."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))
