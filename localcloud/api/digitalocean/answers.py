"""How DigitalOcean says things: errors, single resources, pages of a list. Source: its public OpenAPI and godo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from localcloud.api.calls import Answer, Call
from localcloud.api.errors import ApiError
from localcloud.api.store import Document

PER_PAGE = 20
MOST_PER_PAGE = 200


def refusal(status: int, identifier: str, message: str) -> ApiError:
    return ApiError(status, {"id": identifier, "message": message})


def not_found() -> ApiError:
    return refusal(404, "not_found", "The resource you were accessing could not be found.")


def unprocessable(message: str) -> ApiError:
    return refusal(422, "unprocessable_entity", message)


def forbidden(message: str) -> ApiError:
    return refusal(403, "forbidden", message)


def conflict(message: str) -> ApiError:
    return refusal(409, "conflict", message)


def need(call: Call, collection: str, key: object) -> Document:
    """The resource, or 404."""
    found = call.cloud.store.find(collection, key)
    if found is None:
        raise not_found()
    return found


def text(body: Mapping[str, object], name: str) -> str:
    """A field that must be a text that is not empty, or 422."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise unprocessable(f"{name} is required and must be a string")
    return value


def one_of(body: Mapping[str, object], name: str, allowed: Sequence[str]) -> str:
    value = body.get(name)
    if value not in allowed:
        raise unprocessable(f"{name} {value!r} is invalid: expected one of {', '.join(allowed)}")
    return str(value)


def listing(call: Call, key: str, rows: Sequence[Document]) -> Answer:
    """One page of a list, with the links of its neighbours; `page` counts from 1."""
    number, size = _figure(call, "page", 1), min(_figure(call, "per_page", PER_PAGE), MOST_PER_PAGE)
    last = max(1, -(-len(rows) // size))
    shown = list(rows[(number - 1) * size : number * size])
    return Answer(200, {key: shown, "links": _links(call, number, last, size), "meta": {"total": len(rows)}})


def _figure(call: Call, name: str, default: int) -> int:
    value = call.query.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        raise refusal(400, "bad_request", f"invalid {name}: expected a whole number from 1")
    return int(value)


def _links(call: Call, number: int, last: int, size: int) -> Document:
    around: dict[str, int] = {}
    if number > 1:
        around |= {"first": 1, "prev": number - 1}
    if number < last:
        around |= {"next": number + 1, "last": last}
    address: Callable[[int], str] = lambda page: f"{call.base}{call.path}?{urlencode({**call.query, 'page': page, 'per_page': size})}"  # noqa: E731 - one use
    return {"pages": {name: address(page) for name, page in around.items()}} if around else {}
