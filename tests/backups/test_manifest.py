"""A manifest is strict, its seal covers every field, and what is no manifest is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backups import digests
from backups.errors import Damaged, Fault
from backups.manifest import Content, DatabaseFacts, Manifest, Protection, SequenceRange, TableDigest, decode, encode
from backups.sealed import SealedObject
from tests.backups.sealing import KEY, OTHER_KEY, header


def table(name: str = "buyers", rows: int = 5, digest: str = "0123456789abcdef") -> TableDigest:
    return TableDigest(schema_name="m_1", table_name=name, rows=rows, digest=digest, method="record")


def content(*tables: TableDigest, sequences: tuple[SequenceRange, ...] = ()) -> Content:
    objects = TableDigest(schema_name="pg_catalog", table_name="pg_largeobject", rows=0, digest="0" * 16, method="record")
    return Content(tables=tables, large_objects=objects, sequences=sequences, materialized_views=())


def sealed_object(name: str) -> SealedObject:
    return SealedObject(
        object_key=f"daily/{header().backup_id}/{name}",
        size_bytes=10,
        ciphertext_sha256="a" * 64,
        plaintext_bytes=20,
        plaintext_sha256="b" * 64,
        frames=1,
        key=header().key,
    )


def manifest() -> Manifest:
    return Manifest(
        schema_version=1,
        backup_id=header().backup_id,
        backup_class="daily",
        tool_version="0.1.0",
        source=header().source,
        snapshot_time=header().snapshot_time,
        started=header().snapshot_time + timedelta(seconds=1),
        database=DatabaseFacts(
            dump_arguments=("pg_dump",),
            archive_format="1.16.0",
            size_bytes=100,
            encoding="UTF8",
            collation="C.UTF-8",
            character_type="C.UTF-8",
            extensions=(),
            not_dumped=(),
        ),
        data=sealed_object("data"),
        globals=sealed_object("globals"),
        content=content(table()),
        protection=Protection(mode="none", until=None),
        stage_milliseconds={"dump": 1200},
    )


def test_what_was_encoded_is_decoded_and_its_seal_holds() -> None:
    stored = decode(encode(manifest(), KEY))
    assert stored.manifest == manifest()
    stored.require_seal(KEY)


def test_the_seal_does_not_depend_on_how_the_json_is_laid_out() -> None:
    document = json.loads(encode(manifest(), KEY))
    shuffled = {"seal": document["seal"], "manifest": dict(reversed(document["manifest"].items()))}
    decode(json.dumps(shuffled, indent=7).encode()).require_seal(KEY)


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path for key, each in value.items() for path in _paths(each, (*at, key))]
    if isinstance(value, list):
        return [path for number, each in enumerate(value) for path in _paths(each, (*at, number))]
    return [at]


@pytest.mark.parametrize("path", _paths(json.loads(encode(manifest(), KEY))["manifest"]), ids=str)
def test_a_change_of_any_one_field_breaks_the_seal_or_the_form(path: tuple[Any, ...]) -> None:
    document = json.loads(encode(manifest(), KEY))
    place = document["manifest"]
    for step in path[:-1]:
        place = place[step]
    value = place[path[-1]]
    place[path[-1]] = value + 1 if isinstance(value, int) else f"{value}x"
    with pytest.raises(Damaged) as caught:
        decode(json.dumps(document).encode()).require_seal(KEY)
    assert caught.value.fault is Fault.MANIFEST


def test_another_key_does_not_seal_it() -> None:
    with pytest.raises(Damaged, match="seal"):
        decode(encode(manifest(), KEY)).require_seal(OTHER_KEY)


def _with(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(encode(manifest(), KEY))
    change(document)
    return json.dumps(document).encode()


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "a text": b'"manifest"',
    "not UTF-8": b"\xff\xfe\xfa",
    "no seal": _with(lambda document: document.pop("seal")),
    "no manifest": _with(lambda document: document.pop("manifest")),
    "something beside them": _with(lambda document: document.update(more=1)),
    "a seal that is no text": _with(lambda document: document.update(seal=7)),
    "an unknown field": _with(lambda document: document["manifest"].update(more=1)),
    "a missing field": _with(lambda document: document["manifest"].pop("content")),
    "another schema version": _with(lambda document: document["manifest"].update(schema_version=2)),
    "a time without zone": _with(lambda document: document["manifest"].update(snapshot_time="2026-03-04T01:02:03")),
    "a number as text": _with(lambda document: document["manifest"]["data"].update(size_bytes="10")),
    "a negative count": _with(lambda document: document["manifest"]["data"].update(frames=-1)),
    "an id with a path in it": _with(lambda document: document["manifest"].update(backup_id="../../x")),
    "a key twice": b'{"manifest": {}, "manifest": {}, "seal": ""}',
    "far too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_manifest_is_refused(case: str) -> None:
    with pytest.raises(Damaged) as caught:
        decode(MALFORMED[case])
    assert caught.value.fault is Fault.MANIFEST


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_an_error_of_ours(stored: bytes) -> None:
    with pytest.raises(Damaged):
        decode(stored)


def sequence(before: int, after: int) -> SequenceRange:
    return SequenceRange(schema_name="m_1", sequence_name="s", before=before, after=after)


SEQUENCES = {
    "unmoved": (sequence(5, 5), 5, True),
    "moved during the dump": (sequence(5, 9), 7, True),
    "counting down": (sequence(5, -4), -4, True),
    "behind": (sequence(5, 9), 4, False),
    "ahead": (sequence(5, 9), 10, False),
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_a_restored_sequence_stands_where_it_stood_during_the_dump(case: str) -> None:
    expected, restored, equal = SEQUENCES[case]
    found = digests.differences(content(sequences=(expected,)), content(sequences=(sequence(restored, restored),)))
    assert (found == ()) is equal


def test_a_missing_sequence_is_named() -> None:
    assert digests.differences(content(sequences=(sequence(1, 1),)), content()) == ("m_1.s: the sequence is missing",)


def test_every_table_that_differs_is_named() -> None:
    expected = content(table("a"), table("b"), table("c"))
    restored = content(table("a"), table("b", digest="f" * 16), table("d"))
    assert digests.differences(expected, restored) == (
        "m_1.b: the digest differs",
        "m_1.c: the table is missing",
        "m_1.d: the table is in no manifest",
    )
