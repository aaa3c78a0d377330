"""How Cloudflare says things: one envelope for everything, errors with codes, pages of a list.

Rule: never 409 nor 5xx for what is the caller's fault, because the provider repeats those ten times. Error codes are Cloudflare's own
where they are public.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localcloud.api.calls import Answer, Call
from localcloud.api.errors import ApiError
from localcloud.api.store import Document

API = "/client/v4"
PER_PAGE = 20
MOST_PER_PAGE = 5000


def refusal(status: int, code: int, message: str) -> ApiError:
    errors = [{"code": code, "message": message}]
    return ApiError(status, {"success": False, "errors": errors, "messages": [], "result": None})


def not_found(code: int = 7003, message: str = "Could not find the resource, perhaps your object identifier is invalid?") -> ApiError:
    return refusal(404, code, message)


def invalid(message: str, code: int = 1004) -> ApiError:
    return refusal(400, code, message)


def result(document: Any) -> Answer:
    return Answer(200, {"success": True, "errors": [], "messages": [], "result": document})


def listing(call: Call, rows: Sequence[Document], most: int = MOST_PER_PAGE) -> Answer:
    """One page of a list with its `result_info`; more than `most` a page is 400."""
    page, size = _figure(call, "page", 1, None), _figure(call, "per_page", PER_PAGE, most)
    shown = list(rows[(page - 1) * size : page * size])
    about = {
        "page": page,
        "per_page": size,
        "count": len(shown),
        "total_count": len(rows),
        "total_pages": -(-len(rows) // size),
    }
    status, document = result(shown)
    return Answer(status, {**(document or {}), "result_info": about})


def _figure(call: Call, name: str, default: int, most: int | None) -> int:
    value = call.query.get(name, str(default))
    if not value.isdecimal() or int(value) < 1 or (most is not None and int(value) > most):
        raise invalid(f"Invalid {name}: {value!r}", 1008)
    return int(value)


def need(call: Call, collection: str, key: object) -> Document:
    """The resource, or 404."""
    found = call.cloud.store.find(collection, key)
    if found is None:
        raise not_found()
    return found


def text(body: Document, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"{name} is required and must be a string")
    return value


def one_of(body: Document, name: str, allowed: Sequence[str], code: int = 1004) -> str:
    value = body.get(name)
    if value not in allowed:
        raise invalid(f"Invalid value {value!r} for {name}: expected one of {', '.join(allowed)}", code)
    return str(value)
