"""The data map of a catalog: what is stored where, how long, on which ground, and whom it reaches; read strictly.

An entry is a `table`, a `bucket`, a `log_stream`, an `export`, a `third_party` or a `copy`. A period is a promise's parameter, so that
it is written once, or a duration of its own. An anchor is a column of the map or one of `EVENTS`.

Refused: a column id used twice anywhere in the map, a table or column named twice, a category that is not spelled like Fides's names,
a `user...` column that does not say whether it is personal, an encrypted column that is not personal, a primary key that is no column;
a table with personal columns or any holding without retention, an anchor that is neither column nor event, a column as anchor without
a fallback (what never happened has no date), a processor that is no third party of the map.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from promises import units
from promises.model import Column, Copy, DataMap, Holding, Promise, Retention, Table, ThirdParty
from promises.nodes import Entry

SCOPES = ("merchant", "platform")
LARGEST_ID = 2**31 - 1
BASES = ("contract", "consent", "legal-obligation", "legitimate-interest")
EVENTS = ("account.closed", "request.closed", "period.ended", "made", "received", "relation.ended")
"""What dates everything: the closing of an account or request, the end of the period a document is about, the making of an object, line
or file, the receiving of data by a third party, the end of our relation to it."""

SORTS = ("table", "bucket", "log_stream", "export", "third_party", "copy")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LISTED = re.compile(r"[a-z][a-z0-9.-]{1,60}")
_CATEGORY = re.compile(r"(user|system)(\.[a-z][a-z_]*)*")

Promises = Mapping[str, Promise]
Named = TypeVar("Named", Table, Holding, ThirdParty, Copy)


def data_map(entry: Entry, promises: Promises) -> DataMap:
    """Read the list of entries; `promises` (by id) are those whose parameters a period may name."""
    ids: dict[int, str] = {}
    sorted_: dict[str, list[Entry]] = {sort: [] for sort in SORTS}
    for item in entry.items():
        sorted_[_sort(item)].append(item)
    third_parties = _named(sorted_["third_party"], lambda item: _third_party(item, promises))
    parties = {each.name for each in third_parties}
    tables = _named(sorted_["table"], lambda item: _table(item, ids, promises, parties))
    found = DataMap(
        tables=tables,
        buckets=_named(sorted_["bucket"], lambda item: _holding(item, "bucket", promises, parties)),
        log_streams=_named(sorted_["log_stream"], lambda item: _holding(item, "log_stream", promises, parties)),
        exports=_named(sorted_["export"], lambda item: _holding(item, "export", promises, parties)),
        third_parties=third_parties,
        copies=_named(sorted_["copy"], lambda item: _copy(item, promises)),
    )
    _check_anchors([item for items in sorted_.values() for item in items], found)
    return found


def _sort(entry: Entry) -> str:
    """What an entry is about, by the one key that says so."""
    keys = [key.text() for key, _ in entry.pairs()]
    said = [key for key in keys if key in SORTS]
    if len(said) != 1:
        raise entry.error("this entry does not say what it is about, or says it twice", f"begin it with one of {', '.join(SORTS)}")
    return said[0]


def _named(items: list[Entry], read: Callable[[Entry], Named]) -> tuple[Named, ...]:
    found: list[Named] = []
    for item in items:
        one = read(item)
        if any(each.name == one.name for each in found):
            raise item.error(f"the {_sort(item).replace('_', ' ')} {one.name!r} is already in the map", "keep one of the two")
        found.append(one)
    return tuple(found)


def _holding(entry: Entry, sort: str, promises: Promises, parties: set[str]) -> Holding:
    fields = entry.fields({sort, "personal", "retention"}, {"legal_basis", "processors"})
    personal = fields["personal"].flag()
    if personal and "legal_basis" not in fields:
        raise entry.error("what is personal is held on a legal ground", f"add `legal_basis: {BASES[0]}` or another of {', '.join(BASES)}")
    basis = fields["legal_basis"].one_of(BASES, "legal basis") if "legal_basis" in fields else ""
    processors = _processors(fields["processors"], parties) if "processors" in fields else ()
    return Holding(_listed(fields[sort]), personal, basis, processors, _retention(fields["retention"], promises))


def _third_party(entry: Entry, promises: Promises) -> ThirdParty:
    fields = entry.fields({"third_party", "purpose", "data", "retention"})
    data = tuple(_category(item) for item in fields["data"].items())
    if not data:
        raise fields["data"].error("a third party that gets no data is none", "list at least one category")
    return ThirdParty(_listed(fields["third_party"]), fields["purpose"].text(), data, _retention(fields["retention"], promises))


def _copy(entry: Entry, promises: Promises) -> Copy:
    fields = entry.fields({"copy"}, {"period", "promise", "parameter"})
    period, figure = _period(entry, fields, promises)
    return Copy(_listed(fields["copy"]), period, figure)


def _retention(entry: Entry, promises: Promises) -> tuple[Retention, ...]:
    found = []
    for item in entry.items():
        fields = item.fields({"anchor"}, {"period", "promise", "parameter", "fallback"})
        period, figure = _period(item, fields, promises)
        fallback = "fallback" in fields and fields["fallback"].flag()
        found.append(Retention(fields["anchor"].text(), period, figure, fallback))
    if not any(each.fallback or each.anchor in EVENTS for each in found):
        raise entry.error("what never happened has no date, and nothing else ends it", "add an anchor with `fallback: true`, or an event")
    return tuple(found)


def _period(entry: Entry, fields: Mapping[str, Entry], promises: Promises) -> tuple[timedelta, str | None]:
    """A duration of its own, or a promise's parameter."""
    if ("period" in fields) == ("promise" in fields) or ("promise" in fields) != ("parameter" in fields):
        raise entry.error("the time is a promise's figure or one of its own", "write `promise:` and `parameter:`, or `period: 30 days`")
    if "period" in fields:
        return units.duration(fields["period"]), None
    promise = promises[fields["promise"].one_of(promises, "promise of this catalog")]
    durations = {name for name, value in promise.parameters.items() if isinstance(value, timedelta)}
    parameter = fields["parameter"].one_of(durations, "duration parameter")
    return promise.duration(parameter), f"{promise.id}: {parameter}"


def _check_anchors(items: list[Entry], found: DataMap) -> None:
    known = {*EVENTS, *(f"{table.name}.{column.name}" for table in found.tables for column in table.columns)}
    for item in items:
        for key, value in item.pairs():
            if key.text() == "retention":
                for each in value.items():
                    each.fields({"anchor"}, {"period", "promise", "parameter", "fallback"})["anchor"].one_of(known, "anchor")


def _processors(entry: Entry, parties: set[str]) -> tuple[str, ...]:
    return tuple(item.one_of(parties, "third party of the map") for item in entry.items())


def _table(entry: Entry, ids: dict[int, str], promises: Promises, parties: set[str]) -> Table:
    fields = entry.fields({"table", "scope", "subject", "primary_key", "columns"}, {"retention", "legal_basis", "processors"})
    columns: list[Column] = []
    for item in fields["columns"].items():
        column = _column(item)
        if any(each.name == column.name for each in columns):
            raise item.error(f"the column {column.name!r} is already in this table", "keep one of the two")
        if column.id in ids:
            raise item.error(f"the column id {column.id} is already that of {ids[column.id]}", "use a number that was never used")
        ids[column.id] = f"{fields['table'].text()}.{column.name}"
        columns.append(column)
    if any(column.personal for column in columns) and not {"retention", "legal_basis"} <= set(fields):
        raise entry.error(
            "a table with personal columns says how long they are held, and on which ground", "add `retention` and `legal_basis`"
        )
    return Table(
        name=_name(fields["table"]),
        scope=fields["scope"].one_of(SCOPES, "scope"),
        subject=fields["subject"].text(),
        primary_key=fields["primary_key"].one_of([column.name for column in columns], "column"),
        columns=tuple(columns),
        retention=_retention(fields["retention"], promises) if "retention" in fields else (),
        legal_basis=fields["legal_basis"].one_of(BASES, "legal basis") if "legal_basis" in fields else "",
        processors=_processors(fields["processors"], parties) if "processors" in fields else (),
    )


def _column(entry: Entry) -> Column:
    fields = entry.fields({"name", "id", "category"}, {"personal", "encrypted"})
    category = _category(fields["category"])
    if category.startswith("user") and "personal" not in fields:
        raise entry.error("a column about a person must say whether it is personal", "add `personal: true` or `personal: false`")
    personal = "personal" in fields and fields["personal"].flag()
    encrypted = "encrypted" in fields and fields["encrypted"].flag()
    if encrypted and not personal:
        raise entry.error("an encrypted column that is not personal has no key to be erased with", "add `personal: true`")
    return Column(_name(fields["name"]), _column_id(fields["id"]), category, personal, encrypted)


def _category(entry: Entry) -> str:
    if not _CATEGORY.fullmatch(entry.text()):
        raise entry.error(f"{entry.text()!r} is no data category", "write for example `user.contact.email` or `system.operations`")
    return entry.text()


def _listed(entry: Entry) -> str:
    if not _LISTED.fullmatch(entry.text()):
        raise entry.error(f"{entry.text()!r} is no plain name", "write lower-case letters, digits, dots and hyphens")
    return entry.text()


def _name(entry: Entry) -> str:
    if not _NAME.fullmatch(entry.text()):
        raise entry.error(f"{entry.text()!r} is no plain SQL name", "write lower-case letters, digits and underscores")
    return entry.text()


def _column_id(entry: Entry) -> int:
    value = entry.text()
    if not re.fullmatch(r"[1-9][0-9]{0,9}", value) or int(value) > LARGEST_ID:
        raise entry.error(f"{value!r} is no column id", f"write a whole number from 1 to {LARGEST_ID}")
    return int(value)
