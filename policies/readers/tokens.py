"""The API tokens of the Cloudflare account: how long they work, and from where; never what they are.

The tokens of a person's own can be listed by that person alone and are not asked for; DigitalOcean's API lists none at all. A token is
known by its id: its name may be a person's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policies.kinds import ACCOUNT_TOKEN
from policies.readers.cloudflare import PER_PAGE, camel, source
from policies.readers.live import Source, resource
from policies.readers.state import Resource

if TYPE_CHECKING:
    from cloudflare import Cloudflare

SHOWN = ("status", "issuedOn", "expiresOn", "condition")


def sources(client: Cloudflare, account: str) -> Mapping[str, Source]:
    return {ACCOUNT_TOKEN: source(_tokens, client, account)}


def _tokens(client: Cloudflare, account: str) -> Iterator[Resource]:
    for token in client.accounts.tokens.list(account_id=account, per_page=PER_PAGE):
        seen = camel(token.to_dict())
        yield resource(ACCOUNT_TOKEN, str(seen["id"]), **{name: seen.get(name) for name in SHOWN})
