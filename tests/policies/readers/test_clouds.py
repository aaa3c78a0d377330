"""Reading the clouds: pages to their end, nothing believed that is not complete, and no text of a foreign error passed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from policies.kinds import VPC
from policies.readers import cloudflare, digitalocean, spaces
from policies.readers.live import gather, resource, rows
from policies.readers.once import Once
from promises.observations import Observation, Outcome
from services.errors import BadData, KeptError, Refused, Unreachable, UsageError
from services.settings import Settings


def answers(*pages: dict[str, Any]) -> Callable[..., Any]:
    """A list call that gives these pages in turn."""

    def ask(*, page: int, per_page: int, **_: Any) -> Any:
        assert per_page == digitalocean.PER_PAGE
        return pages[page - 1]

    return ask


def page(first: int, count: int, total: int, *, more: bool) -> dict[str, Any]:
    links = {"pages": {"next": "https://example.test/next"}} if more else {}
    return {"things": [{"id": number} for number in range(first, first + count)], "links": links, "meta": {"total": total}}


def test_every_page_is_read() -> None:
    found = digitalocean.pages("things", answers(page(0, 2, 5, more=True), page(2, 2, 5, more=True), page(4, 1, 5, more=False)), "things")
    assert [each["id"] for each in found] == [0, 1, 2, 3, 4]


INCOMPLETE: dict[str, tuple[Callable[..., Any], type[KeptError]]] = {
    "fewer than its total": (answers(page(0, 2, 3, more=False)), BadData),
    "an empty page that promises another": (answers(page(0, 0, 3, more=True)), Unreachable),
    "an error's body as a result": (answers({"id": "not_found", "message": "no"}), BadData),
    "nothing": (lambda **_: None, BadData),
}


@pytest.mark.parametrize("case", INCOMPLETE)
def test_an_incomplete_list_is_no_answer(case: str) -> None:
    ask, error = INCOMPLETE[case]
    with pytest.raises(error):
        list(digitalocean.pages("things", ask, "things"))


def test_a_list_without_end_has_a_deadline() -> None:
    times = iter(range(0, 10_000, 25))
    endless = page(0, 1, 99, more=True)
    with pytest.raises(Unreachable, match="within"):
        list(digitalocean.pages("things", lambda **_: endless, "things", lambda: float(next(times))))


class _Answer:
    status_code = 403
    reason = "Forbidden"
    headers: dict[str, str] = {}  # noqa: RUF012 - as the client's responses have it

    def text(self, **_: Any) -> str:
        return "secret"


FAILURES: dict[str, tuple[Exception, type[KeptError]]] = {
    "a refusal": (HttpResponseError("secret", response=_Answer()), Refused),
    "an outage": (ServiceRequestError("secret"), Unreachable),
    "a body that is no JSON": (ValueError("secret"), BadData),
}


@pytest.mark.parametrize("case", FAILURES)
def test_foreign_errors_become_ours_without_their_text(case: str) -> None:
    error, ours = FAILURES[case]

    def ask(**_: Any) -> Any:
        raise error

    with pytest.raises(ours) as caught:
        digitalocean.call("things", ask)
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.__suppress_context__


def test_a_source_of_another_shape_is_unknown_and_spoils_nothing_else() -> None:
    def broken() -> list[Any]:
        return [{}["slug"]]

    def refused() -> list[Any]:
        raise Refused("no")

    seen = gather({"good": lambda: [resource(VPC, "a")], "broken": broken, "refused": refused})
    assert [each.name for each in seen.stack.resources] == ["a"]
    assert [(each.subject, each.outcome) for each in seen.unread] == [("broken", Outcome.UNKNOWN), ("refused", Outcome.UNKNOWN)]
    passes = Observation("x", Outcome.PASS, "", "")
    assert list(seen.judged(lambda _: [passes])) == list(seen.unread)
    assert list(seen.judged_in_part(lambda _: [passes])) == [*seen.unread, passes]


def test_rows_are_believed_only_under_their_key() -> None:
    assert rows({"things": []}, "things", "things") == []
    for wrong in (None, [], {"things": {}}, {"id": "not_found"}):
        with pytest.raises(BadData):
            rows(wrong, "things", "things")


def test_names_are_spelled_as_in_a_state() -> None:
    assert cloudflare.camel({"action_parameters": {"overrides": {"rules": [{"score_threshold": 40}]}}, "id": "x"}) == {
        "actionParameters": {"overrides": {"rules": [{"scoreThreshold": 40}]}},
        "id": "x",
    }


def test_buckets_elsewhere_need_an_endpoint_that_has_regions(local: Settings) -> None:
    settings = local.model_copy(update={"environment": "production"})
    with pytest.raises(UsageError, match="no Spaces endpoint"):
        list(spaces.sources(settings, Once())["bucket list of Spaces"]())
