"""A backup is what has a manifest; everything else in the bucket is named as what it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backups import inventory
from backups.errors import Damaged, Fault
from backups.manifest import Manifest, encode
from services.clients import Clients
from services.errors import Refused, Unreachable
from tests.backups.sealing import KEY
from tests.backups.test_manifest import manifest


def put(clients: Clients, key: str, content: bytes = b"x") -> None:
    clients.objects("admin").put_object(Bucket=clients.settings.backups.bucket, Key=key, Body=content)


def publish(clients: Clients, number: int, *, objects: bool = True) -> Manifest:
    """A backup whose objects are stand-ins; its snapshot lies `number` days after the first."""
    backup_id = f"20260304T010203Z-{number:016x}"
    first = manifest()
    changes = {
        "backup_id": backup_id,
        "snapshot_time": first.snapshot_time + timedelta(days=number),
        "data": first.data.model_copy(update={"object_key": f"daily/{backup_id}/data"}),
        "globals": first.globals.model_copy(update={"object_key": f"daily/{backup_id}/globals"}),
    }
    made = first.model_copy(update=changes)
    for each in (made.data, made.globals) if objects else ():
        put(clients, each.object_key)
    put(clients, f"daily/{backup_id}/manifest.json", encode(made, KEY))
    return made


def test_an_empty_bucket_holds_no_backup(clients: Clients) -> None:
    listed = inventory.read(clients)
    assert (listed.backups, listed.newest, listed.orphans) == ((), None, ())


def test_backups_are_listed_newest_snapshot_first(clients: Clients) -> None:
    made = [publish(clients, number) for number in (2, 3, 1)]
    listed = inventory.read(clients)
    assert [each.backup_id for each in listed.backups] == [made[1].backup_id, made[0].backup_id, made[2].backup_id]
    assert listed.newest is listed.backups[0]
    assert listed.newest.size_bytes == 20


def test_objects_without_a_manifest_are_orphans(clients: Clients) -> None:
    publish(clients, 1)
    put(clients, "daily/20260101T000000Z-ffffffffffffffff/data")
    put(clients, "weekly/stray")
    listed = inventory.read(clients)
    assert len(listed.backups) == 1
    assert listed.orphans == ("daily/20260101T000000Z-ffffffffffffffff/data", "weekly/stray")


def test_a_manifest_whose_objects_are_gone_says_so(clients: Clients) -> None:
    made = publish(clients, 1, objects=False)
    assert inventory.read(clients).missing == (made.data.object_key, made.globals.object_key)


def test_a_malformed_manifest_hides_no_good_one(clients: Clients) -> None:
    made = publish(clients, 1)
    put(clients, "daily/20270101T000000Z-ffffffffffffffff/manifest.json", b"{}")
    listed = inventory.read(clients)
    assert [each.backup_id for each in listed.backups] == [made.backup_id]
    assert [each.manifest_key for each in listed.unreadable] == ["daily/20270101T000000Z-ffffffffffffffff/manifest.json"]


def test_an_open_upload_is_listed_and_is_no_backup(clients: Clients) -> None:
    clients.objects("admin").create_multipart_upload(Bucket=clients.settings.backups.bucket, Key="daily/x/data")
    listed = inventory.read(clients)
    assert listed.backups == ()
    assert listed.open_uploads is not None
    assert [each.split()[0] for each in listed.open_uploads] == ["daily/x/data"]


def test_the_listing_as_a_document(clients: Clients) -> None:
    made = publish(clients, 1)
    document = inventory.read(clients).document()
    assert document["backups"][0]["backup_id"] == made.backup_id
    assert document["orphans"] == []


def test_a_listing_that_cannot_be_made_is_an_error_and_never_an_empty_one(clients: Clients) -> None:
    settings = clients.settings
    nowhere = settings.objects.model_copy(update={"endpoint": "https://127.0.0.1:9"})
    with pytest.raises(Unreachable):
        inventory.read(Clients(settings.model_copy(update={"objects": nowhere})))
    other = settings.backups.model_copy(update={"bucket": "no-such-bucket"})
    with pytest.raises(Refused):
        inventory.read(Clients(settings.model_copy(update={"backups": other})))


def test_the_reader_may_not_create(clients: Clients) -> None:
    with pytest.raises(Refused):
        inventory.reader(clients).create("daily/x/manifest.json", b"x")
    assert inventory.read(clients).orphans == ()


def test_an_object_larger_than_expected_is_refused(clients: Clients) -> None:
    put(clients, "daily/x/manifest.json", bytes(101))
    with pytest.raises(Damaged) as caught:
        inventory.reader(clients).get("daily/x/manifest.json", 100)
    assert caught.value.fault is Fault.OVERSIZE
