"""The data map of a catalog: what is stored where, read strictly.

Refused: a column id used twice anywhere in the map, a table or column named twice, a category that is not spelled like Fides's names,
a `user...` column that does not say whether it is personal, an encrypted column that is not personal, a primary key that is no column.
"""

from __future__ import annotations

import re

from promises.model import Column, DataMap, Table
from promises.nodes import Entry

SCOPES = ("merchant", "platform")
LARGEST_ID = 2**31 - 1

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_CATEGORY = re.compile(r"(user|system)(\.[a-z][a-z_]*)*")


def data_map(entry: Entry) -> DataMap:
    """Read the list of tables."""
    ids: dict[int, str] = {}
    tables: list[Table] = []
    for item in entry.items():
        table = _table(item, ids)
        if any(each.name == table.name for each in tables):
            raise item.error(f"the table {table.name!r} is already in the map", "keep one of the two")
        tables.append(table)
    return DataMap(tuple(tables))


def _table(entry: Entry, ids: dict[int, str]) -> Table:
    fields = entry.fields({"table", "scope", "subject", "primary_key", "columns"})
    columns: list[Column] = []
    for item in fields["columns"].items():
        column = _column(item)
        if any(each.name == column.name for each in columns):
            raise item.error(f"the column {column.name!r} is already in this table", "keep one of the two")
        if column.id in ids:
            raise item.error(f"the column id {column.id} is already that of {ids[column.id]}", "use a number that was never used")
        ids[column.id] = f"{fields['table'].text()}.{column.name}"
        columns.append(column)
    primary_key = fields["primary_key"].one_of([column.name for column in columns], "column")
    return Table(_name(fields["table"]), fields["scope"].one_of(SCOPES, "scope"), fields["subject"].text(), primary_key, tuple(columns))


def _column(entry: Entry) -> Column:
    fields = entry.fields({"name", "id", "category"}, {"personal", "encrypted"})
    category = fields["category"].text()
    if not _CATEGORY.fullmatch(category):
        raise fields["category"].error(f"{category!r} is no data category", "write for example `user.contact.email` or `system.operations`")
    if category.startswith("user") and "personal" not in fields:
        raise entry.error("a column about a person must say whether it is personal", "add `personal: true` or `personal: false`")
    personal = "personal" in fields and fields["personal"].flag()
    encrypted = "encrypted" in fields and fields["encrypted"].flag()
    if encrypted and not personal:
        raise entry.error("an encrypted column that is not personal has no key to be erased with", "add `personal: true`")
    return Column(_name(fields["name"]), _column_id(fields["id"]), category, personal, encrypted)


def _name(entry: Entry) -> str:
    if not _NAME.fullmatch(entry.text()):
        raise entry.error(f"{entry.text()!r} is no plain SQL name", "write lower-case letters, digits and underscores")
    return entry.text()


def _column_id(entry: Entry) -> int:
    value = entry.text()
    if not re.fullmatch(r"[1-9][0-9]{0,9}", value) or int(value) > LARGEST_ID:
        raise entry.error(f"{value!r} is no column id", f"write a whole number from 1 to {LARGEST_ID}")
    return int(value)
