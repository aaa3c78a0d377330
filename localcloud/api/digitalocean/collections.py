"""Ordinary collections, as a table: POST makes, GET lists and reads, PUT or PATCH changes, DELETE forgets.

A `Collection` says what is particular about one: how a sent body becomes a whole resource (`make`), what is checked before, what stays
when a resource is replaced. Everything else is the same everywhere, and written once, here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from localcloud.api.calls import Answer, Call, Route
from localcloud.api.digitalocean.answers import listing, need
from localcloud.api.store import Document

IDENTITY = ("id", "uuid", "created_at")


def _echo(call: Call) -> Document:
    return {"id": call.cloud.uuid(), **call.body}


def _nothing(_: Call, __: Document) -> None:
    return None


def _any(_: Call, __: Document) -> bool:
    return True


@dataclass(frozen=True)
class Collection:
    """`path` is the collection's path template, `one` and `many` the keys of its answers, `key` the field that is the id in paths.

    `make` builds the whole resource from a call and raises to refuse it; `update` is the method that changes one (None: none can);
    `merges` says whether PUT, too, keeps fields that were not sent; `keep` are fields the server owns; `parent` is the number of path
    parts of the resource this collection hangs on; `may_go` raises when a resource may not be deleted; `after` follows every change;
    `wanted` adds filters of its own to those that lists share.
    """

    path: str
    one: str
    many: str
    make: Callable[[Call], Document] = _echo
    key: str = "id"
    created: int = 201
    deleted: int = 204
    update: tuple[str, ...] = ("PUT",)
    merges: bool = False
    keep: tuple[str, ...] = ()
    has_parent: bool = False
    check: Callable[[Call, Document], None] = _nothing
    may_go: Callable[[Call, Document], None] = _nothing
    after: Callable[[Call, Document], None] = _nothing
    wanted: Callable[[Call, Document], bool] = _any

    def routes(self) -> Iterable[Route]:
        one = f"{self.path}/{{id}}"
        yield Route("POST", self.path, self.create)
        yield Route("GET", self.path, self.list)
        yield Route("GET", one, self.read)
        for method in self.update:
            yield Route(method, one, self.change)
        yield Route("DELETE", one, self.delete)

    def create(self, call: Call) -> Answer:
        self._need_parent(call, call.path)
        made = self.make(call)
        call.cloud.store.put(call.path, made[self.key], made)
        self.after(call, made)
        return Answer(self.created, {self.one: made})

    def list(self, call: Call) -> Answer:
        self._need_parent(call, call.path)
        return listing(call, self.many, [row for row in call.cloud.store.rows(call.path) if _wanted(call, row) and self.wanted(call, row)])

    def read(self, call: Call) -> Answer:
        return Answer(200, {self.one: need(call, call.collection, call["id"])})

    def change(self, call: Call) -> Answer:
        old = need(call, call.collection, call["id"])
        new = self._merged(call, old) if self.merges or call.method == "PATCH" else self._replaced(call, old)
        self.check(call, new)
        call.cloud.store.put(call.collection, call["id"], new)
        self.after(call, new)
        return Answer(200, {self.one: new})

    def delete(self, call: Call) -> Answer:
        found = need(call, call.collection, call["id"])
        self.may_go(call, found)
        call.cloud.store.remove(call.collection, call["id"])
        self.after(call, found)
        return Answer(self.deleted)

    def _merged(self, call: Call, old: Document) -> Document:
        """Fields sent as null are left as they are; what the server owns cannot be sent."""
        owned = {*IDENTITY, *self.keep}
        return old | {name: value for name, value in call.body.items() if value is not None and name not in owned}

    def _replaced(self, call: Call, old: Document) -> Document:
        return self.make(call) | {name: old[name] for name in (*IDENTITY, *self.keep) if name in old}

    def _need_parent(self, call: Call, path: str) -> None:
        if self.has_parent:
            collection, key, _ = path.rsplit("/", 2)
            need(call, collection, key)


def _wanted(call: Call, row: Document) -> bool:
    """The filters that lists share: `name` and `tag_name`."""
    name, tag = call.query.get("name"), call.query.get("tag_name")
    return (name is None or row.get("name") == name) and (tag is None or tag in (row.get("tags") or []))
