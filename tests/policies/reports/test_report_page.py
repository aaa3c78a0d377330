"""The page: one file, nothing fetched, nothing unescaped, readable without script, well formed and of enough contrast."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from policies.reports.document import document
from policies.reports.model import Report
from policies.reports.page import FOLDER, render
from policies.reports.period import over
from promises.verdicts import Status
from tests.policies.reports.sample import CHECKPOINT, HOSTILE, MAKING, TRUST, report
from tests.promises.support import DAY, NOW

VOID = {"meta", "br", "input", "link"}


class Page(HTMLParser):
    """Elements with their attributes and texts; a wrongly nested end is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(text)
        self.close()
        assert not self._open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag, f"</{tag}> closes what it did not open"

    def handle_data(self, data: str) -> None:
        for place in self._open:
            self.elements[place][2].append(data)

    def of(self, tag: str, **wanted: str) -> list[tuple[dict[str, str | None], str]]:
        return [
            (attrs, "".join(texts))
            for name, attrs, texts in self.elements
            if name == tag and all(attrs.get(key.rstrip("_")) == value for key, value in wanted.items())
        ]


@pytest.fixture(scope="module")
def whole() -> Report:
    return report()


@pytest.fixture(scope="module")
def html(whole: Report) -> str:
    return render(whole)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_structure(page: Page) -> None:
    assert page.of("html", lang="en")
    assert len(page.of("h1")) == 1
    assert len(page.of("main")) == len(page.of("footer")) == 1
    assert [text for _, text in page.of("h2")] == [
        "Are the promises kept?",
        "Can this report be trusted?",
        "What needs attention",
        "Backups, keys and restores",
        "The promises",
        "By standard",
        "What this report cannot say",
        "Words",
    ]
    assert page.of("a", class_="skip", href="#answer")


def test_ids_are_unique_and_references_meet_them(page: Page) -> None:
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    referred = {attrs["aria-labelledby"] for _, attrs, _ in page.elements if "aria-labelledby" in attrs}
    referred |= {(attrs["href"] or "").removeprefix("#") for _, attrs, _ in page.elements if "href" in attrs}
    assert referred <= set(ids)


def test_tables_have_captions_and_scopes(page: Page) -> None:
    assert len(page.of("table")) == len(page.of("caption")) > 12
    assert all(attrs.get("scope") in ("col", "row") for attrs, _ in page.of("th"))


def test_times_are_for_machines_too(page: Page) -> None:
    assert page.of("time", datetime="2031-05-02T12:00:00Z")[0][1] == "2 May 2031, 12:00 UTC"
    assert all(attrs.get("datetime") for attrs, _ in page.of("time"))


def test_pictures_have_words(page: Page) -> None:
    """Every drawing says what it shows, or is hidden because a word stands beside it."""
    drawings = page.of("svg")
    assert all((attrs.get("role") == "img" and attrs.get("aria-label")) or attrs.get("aria-hidden") == "true" for attrs, _ in drawings)
    assert page.of("svg", **{"aria-label": "age 84 of 90 days"})


def test_every_status_is_sign_and_word(page: Page, html: str) -> None:
    for status in Status:
        sign = status.value.replace(" ", "-")
        assert f'id="sign-{sign}"' in html
        assert any(status.value in text for attrs, text in page.of("li") if sign in (attrs.get("class") or "").split())


def test_every_promise_is_readable_without_script(page: Page, whole: Report) -> None:
    for entry in whole.entries:
        ((attrs, text),) = page.of("details", id=entry.promise.id)
        assert entry.promise.title in text
        assert ("open" in attrs) == (entry.status in (Status.BROKEN, Status.EXCEPTED))
        for proof in entry.proofs:
            assert proof.name in text
        for reason in entry.verdict.reasons:
            assert reason in text
    assert "hidden" in page.of("div", id="tools")[0][0], "what needs script is hidden until there is one"


def test_every_promise_has_a_strip_of_its_year(page: Page, whole: Report) -> None:
    strips = [attrs["aria-label"] or "" for attrs, _ in page.of("svg", class_="strip")]
    assert len(strips) == len(whole.entries)
    told = "The last 12 months, day by day: 364 days without evidence, 1 day at risk. At risk since 2031-05-02."
    assert told in strips
    assert told in page.of("details", id="keys.rotation")[0][1]


def test_a_period_is_answered_promise_by_promise(whole: Report) -> None:
    period = over([each.promise for each in whole.entries], whole.runs, NOW.date() - DAY, NOW.date(), NOW)
    told = Page(render(replace(whole, period=period)))
    assert told.of("p", class_="answer")[1][1] == period.answer
    assert any("2031-05-01: no evidence yet (1 day)" in text for _, text in told.of("tr"))
    assert document(replace(whole, period=period))["period"]["promises"][0]["days_lost"] == period.promises[0].days_lost


def test_evidence_is_named(page: Page) -> None:
    text = page.of("details", id="keys.rotation")[0][1]
    assert re.search(r"Record \d+, 2 May 2031, 11:00 UTC: 1 hour old, holds for 2 days", text)
    assert "reads every key's newest version" in text
    assert "dddddddd dddddddd" in text


def test_the_log_can_be_checked(page: Page) -> None:
    texts = [text for _, text in page.of("pre")]
    assert texts == [CHECKPOINT, TRUST.command]


def test_nothing_is_fetched(page: Page, html: str) -> None:
    assert not [attrs for _, attrs, _ in page.elements if "src" in attrs or "srcset" in attrs or "action" in attrs]
    assert all((attrs["href"] or "").startswith("#") for _, attrs, _ in page.elements if "href" in attrs)
    assert "url(" not in html
    assert "@import" not in html
    assert not page.of("link")


def test_the_content_security_policy_allows_this_style_and_script_alone(page: Page) -> None:
    policy = page.of("meta", **{"http-equiv": "Content-Security-Policy"})[0][0]["content"] or ""
    directives = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert directives["default-src"] == "'none'"
    script = next(text for attrs, text in page.of("script") if not attrs)
    assert directives["style-src"] == _hash(page.of("style")[0][1])
    assert directives["script-src"] == _hash(script)
    assert not [attrs for _, attrs, _ in page.elements if "style" in attrs or any(name.startswith("on") for name in attrs)]


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_hostile_values_stay_text(page: Page, html: str) -> None:
    assert "<script>alert" not in html
    assert HOSTILE in page.of("details", id="region.us-only")[0][1]
    assert len(page.of("script")) == 2


def test_the_embedded_json_is_the_document(page: Page, whole: Report) -> None:
    ((_, text),) = page.of("script", id="results")
    assert json.loads(text) == json.loads(json.dumps(document(whole)))


def test_two_renderings_are_equal(whole: Report, html: str) -> None:
    assert render(whole) == html


def test_other_environments_are_watermarked(html: str) -> None:
    assert "rehearsal and no evidence" not in html
    rehearsed = render(report(making=replace(MAKING, environment="local", clock_override=True)))
    assert "Environment local." in rehearsed
    assert "its clock was moved" in rehearsed
    assert '<body class="rehearsal">' in rehearsed


def test_an_unverified_log_is_told_first() -> None:
    broken = Page(render(report(trust=replace(TRUST, verified=False, problems=("record 3: bad signature",), checkpoint=None, newest=None))))
    answer, trust = (page_text for attrs, page_text in broken.of("p") if attrs.get("class") in ("answer", "verdict broken"))
    assert "does not verify" in answer
    assert trust.startswith("No:")
    assert ({}, "record 3: bad signature") in broken.of("li")


def test_a_report_without_any_run() -> None:
    empty = Page(render(report(log=[])))
    assert "No run counts." in empty.of("details", id="keys.rotation")[0][1]


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _colours(number: int) -> dict[str, str]:
    """The colours of the light (0) or the dark (1) scheme; the dark one inherits what it does not set."""
    schemes = re.findall(r":root \{(.*?)\}", (FOLDER / "page.css").read_text(), re.DOTALL)
    found: dict[str, str] = {}
    for scheme in schemes[: number + 1]:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", scheme))
    return found


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "soft", "kept", "at-risk", "not-proven", "excepted", "broken"])
def test_contrast(ink: str, scheme: int) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text, on every ground it stands on."""
    colours = _colours(scheme)
    grounds = ["paper", "sheet", f"{ink}-wash"] if ink not in ("ink", "soft") else ["paper", "sheet", "code"]
    grounds += ["broken-wash", "not-proven-wash", "at-risk-wash"] if ink == "ink" else []
    for ground in grounds:
        assert _contrast(colours[ink], colours[ground]) >= 4.5, ground
