"""The side door's page: it holds nothing by itself, runs nothing but its own script, and shows what exists once it has the token."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

PAGE = "/__local__/"


def test_the_page_needs_no_token_and_tells_nothing(cloud) -> None:
    cloud.ok("POST", "/v2/tags", {"name": "secret-plans"})
    answer = cloud.call("GET", PAGE, token="")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "secret-plans" not in answer.text
    assert cloud.token not in answer.text


def test_the_browser_may_run_this_script_alone(cloud) -> None:
    answer = cloud.call("GET", PAGE, token="")
    policy = answer.headers["content-security-policy"]
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        assert f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "innerHTML" not in answer.text


CHROMIUM = os.environ.get("KEPT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip("playwright.sync_api", reason="the driver is not installed: pip install axe-playwright-python")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium, or name one in KEPT_CHROMIUM")
    with driver.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=os.geteuid() != 0)
        yield opened
        opened.close()


@pytest.mark.slow
def test_a_person_sees_what_exists_and_no_secret(cloud, browser: Any) -> None:
    """With the token after `#`: resources by collection, the calls, a failed one marked; markup in a name stays text."""
    body = {"name": "<b>shop</b>", "region": "nyc3"}
    assert cloud.call("POST", "/v2/vpcs", body).status_code == 422
    cluster = {"name": "shop", "engine": "pg", "region": "nyc3", "size": "db-s-2vcpu-4gb", "num_nodes": 1}
    made = cloud.ok("POST", "/v2/databases", cluster)["database"]["id"]
    cloud.ok("POST", f"/v2/databases/{made}/users", {"name": "app"})
    page = browser.new_page()
    page.goto(f"{cloud.endpoint}{PAGE}#token={cloud.token}")
    page.get_by_text("/v2/databases (1)").click()
    page.get_by_text(f"/v2/databases/{made}/users (1)").click()
    page.get_by_text('"password": "[secret]"').first.wait_for()
    assert "AVNS_" not in page.content()
    assert page.locator(".failed").first.inner_text() == "422"
    page.close()


@pytest.mark.slow
def test_a_wrong_token_is_said_to_be_one(cloud, browser: Any) -> None:
    page = browser.new_page()
    page.goto(f"{cloud.endpoint}{PAGE}#token=wrong")
    page.get_by_text("this token is not the local cloud's").wait_for()
    page.close()
