"""Whom Cloudflare tells and who may enter: Logpush jobs, notifications and their webhooks, the account and its members.

Read through Cloudflare's own client and never changed. A member is known by its id alone: names and addresses are nobody's business
here. A Logpush destination may carry credentials, so only what names the recipient is kept of it (`destination`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policies.kinds import ACCOUNT, KINDS, LOGPUSH, MEMBER, NOTIFICATION, WEBHOOK
from policies.readers.cloudflare import PER_PAGE, bare, camel, source, zone_ids
from policies.readers.live import Source, resource, rows
from policies.readers.state import Resource
from services.errors import BadData

if TYPE_CHECKING:
    from cloudflare import Cloudflare

MOST_PAGES = 100


def sources(client: Cloudflare, account: str, *kinds: str) -> Mapping[str, Source]:
    """A source for each kind of resource asked for."""
    readers: Mapping[str, Callable[[Cloudflare, str], Iterable[Resource]]] = {
        LOGPUSH: _logpush,
        NOTIFICATION: _notifications,
        WEBHOOK: _webhooks,
        ACCOUNT: _account,
        MEMBER: _members,
    }
    return {f"{KINDS[kind]} list of Cloudflare": source(readers[kind], client, account) for kind in kinds}


def _logpush(client: Cloudflare, account: str) -> Iterator[Resource]:
    """Those of every zone and of the account. The options keep the API's own spelling: its fields are values."""
    for owner in (*(f"/zones/{zone}" for zone in zone_ids(client, account)), f"/accounts/{account}"):
        for row in bare(client, f"{owner}/logpush/jobs"):
            options = row.get("output_options")
            yield resource(
                LOGPUSH,
                str(row.get("name") or row["id"]),
                id=str(row["id"]),
                dataset=row["dataset"],
                enabled=row["enabled"],
                destinationConf=row["destination_conf"],
                outputOptions={"fieldNames": options.get("field_names")} if options else None,
                logpullOptions=row.get("logpull_options"),
            )


def _notifications(client: Cloudflare, account: str) -> Iterator[Resource]:
    for row in bare(client, f"/accounts/{account}/alerting/v3/policies"):
        told = row.get("mechanisms") or {}
        ways = {"emails": told.get("email") or [], "webhooks": told.get("webhooks") or [], "pagerduties": told.get("pagerduty") or []}
        yield resource(NOTIFICATION, row["name"], id=row["id"], alertType=row["alert_type"], enabled=row["enabled"], mechanisms=ways)


def _webhooks(client: Cloudflare, account: str) -> Iterator[Resource]:
    for row in bare(client, f"/accounts/{account}/alerting/v3/destinations/webhooks"):
        yield resource(WEBHOOK, row["name"], id=row["id"], url=row["url"])


def _account(client: Cloudflare, account: str) -> Iterator[Resource]:
    answer = client.get(f"/accounts/{account}", cast_to=object)
    found = answer.get("result") if isinstance(answer, Mapping) else None
    if not isinstance(found, Mapping):
        raise BadData("the answer for the account has no result", "check the endpoint")
    yield resource(ACCOUNT, str(found["name"]), id=found["id"], settings=camel(found["settings"]))


def _members(client: Cloudflare, account: str) -> Iterator[Resource]:
    """Page by page until one is not full."""
    for page in range(1, MOST_PAGES + 1):
        found = rows(_page(client, account, page), "result", "members")
        for row in found:
            user = row.get("user") or {}
            second = user.get("two_factor_authentication_enabled")
            yield resource(MEMBER, str(row["id"]), id=row["id"], status=row["status"], secondFactor=second)
        if len(found) < PER_PAGE:
            return
    raise BadData(f"the account's members fill more than {MOST_PAGES} pages", "look at the API's status, then run it again")


def _page(client: Cloudflare, account: str, page: int) -> Any:
    return client.get(f"/accounts/{account}/members", cast_to=object, options={"params": {"page": page, "per_page": PER_PAGE}})
