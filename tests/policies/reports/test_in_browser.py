"""The page in a real Chromium: no accessibility violation, nothing fetched, readable without script, usable with 5,000 rows.

Chromium is Debian's (`apt-get install chromium`), found on PATH or named in KEPT_CHROMIUM; the driver and axe-core come from the package
index.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.reports import sample
from policies.reports import page, public
from policies.reports.formats import everything
from policies.reports.model import Report
from policies.reports.period import over
from policies.reports.quoting import quote
from tests.policies.reports import test_hygiene as hygiene
from tests.policies.reports.sample import MAKING, report
from tests.promises.support import DAY, NOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

CHROMIUM = os.environ.get("KEPT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

SPOKEN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations", "incomplete"]});
  const said = (rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`);
  return {violations: found.violations.flatMap(said), incomplete: found.incomplete.flatMap(said), passes: found.passes.length};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    driver = pytest.importorskip("playwright.sync_api", reason="the driver is not installed: pip install axe-playwright-python")
    if not CHROMIUM:
        pytest.skip("Chromium is not installed: apt-get install chromium, or name one in KEPT_CHROMIUM")
    with driver.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=os.geteuid() != 0)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def axe() -> str:
    carrier = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed: pip install axe-playwright-python")
    return (Path(carrier.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def rehearsed() -> Report:
    """Everything the page can show at once: a banner, a period, sentences, every verdict."""
    whole = report(making=replace(MAKING, environment="local", clock_override=True))
    period = over([each.promise for each in whole.entries], whole.runs, NOW.date() - 3 * DAY, NOW.date() + DAY, NOW)
    return replace(whole, period=period, quoted=quote("", [], ""))


PAGES = {
    "the report": lambda: page.render(report()),
    "a rehearsal's, with a period and quotations": lambda: page.render(rehearsed()),
    "a report with hygiene": lambda: page.render(hygiene.reported(hygiene.runs())),
    "a report without any run": lambda: page.render(report(log=[])),
    "the public edition": lambda: public.html(report()),
    "the index": lambda: everything(report())["index.html"],
}


def opened(browser: Browser, folder: Path, html: str, **context: Any) -> Page:
    file = folder / "report.html"
    file.write_text(html, encoding="utf-8")
    shown = browser.new_context(**context).new_page()
    shown.goto(file.as_uri())
    return shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(browser: Browser, axe: str, tmp_path: Path, name: str, scheme: Any) -> None:
    """Every rule of axe-core, with every promise open. The page's own policy would refuse axe, so the driver sets it aside."""
    shown = opened(browser, tmp_path, PAGES[name](), color_scheme=scheme, bypass_csp=True)
    shown.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    shown.evaluate(axe)
    found = shown.evaluate(SPOKEN)
    assert found["violations"] == []
    assert found["incomplete"] == []
    assert found["passes"] > 10
    shown.context.close()


def test_nothing_is_fetched_and_nothing_complains(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page.render(report()), encoding="utf-8")
    shown = browser.new_context().new_page()
    requests: list[str] = []
    complaints: list[str] = []
    shown.on("request", lambda request: requests.append(request.url))
    shown.on("console", lambda message: complaints.append(message.text))
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    shown.goto(file.as_uri())
    shown.click("#open")
    assert requests == [file.as_uri()]
    assert complaints == []
    assert not shown.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), "the page scrolls sideways"
    shown.context.close()


def test_without_script_every_promise_can_be_read(browser: Browser, tmp_path: Path) -> None:
    whole = report()
    shown = opened(browser, tmp_path, page.render(whole), java_script_enabled=False)
    assert not shown.locator("#tools").is_visible(), "what needs script is not there"
    for entry in whole.entries:
        promise = shown.locator(f"details[id='{entry.promise.id}']")
        if promise.get_attribute("open") is None:
            promise.locator("summary").click()
        assert promise.locator(".inside").is_visible()
        assert promise.locator(".strip").is_visible()
    shown.context.close()


def test_5000_rows_can_be_filtered_and_opened(browser: Browser, tmp_path: Path) -> None:
    """The driver waits for each answer, a few seconds at most."""
    many = sample(promises=50, observations=100, days=1, failing=1.0)
    shown = opened(browser, tmp_path, page.render(many))
    assert shown.locator("table.seen tbody tr").count() == 5000
    shown.click("#close")
    assert shown.locator("details[open]").count() == 0
    shown.fill("#filter", "The promise promise.p0007")
    shown.wait_for_function("document.getElementById('told').textContent === '1 of 50 shown'")
    shown.fill("#filter", "")
    shown.wait_for_function("document.getElementById('told').textContent === '50 of 50 shown'")
    shown.click("#open")
    assert shown.locator("details[open]").count() == 50
    shown.context.close()
