"""One suite over every store: a folder, memory, and a real S3 server."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evidence.errors import Exists, Missing
from evidence.stores import DirectoryStore, MemoryStore, S3Store, Store
from services import objects
from services.errors import Refused, Unreachable, UsageError
from services.settings import Settings


@pytest.fixture(params=["memory", "directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "directory":
        return DirectoryStore(tmp_path / "log with a space")
    settings: Settings = request.getfixturevalue("local")
    return S3Store(objects.client(settings.objects, "admin"), request.getfixturevalue("bucket"))


def test_what_is_put_is_got_byte_for_byte(store: Store) -> None:
    for data in (b"", b"\x00\xff" * 1000, "—\n".encode()):
        store.put("records/000000000000", data)
        assert store.get("records/000000000000") == data


def test_a_missing_object_is_missing(store: Store) -> None:
    with pytest.raises(Missing):
        store.get("records/000000000000")
    with pytest.raises(Missing):
        list(store.get_many(["records/000000000000"]))


def test_create_only_leaves_what_is_there(store: Store) -> None:
    store.put("inbox/a", b"first", create_only=True)
    with pytest.raises(Exists):
        store.put("inbox/a", b"second", create_only=True)
    assert store.get("inbox/a") == b"first"
    assert list(store.list("inbox/")) == ["inbox/a"]


def test_of_many_creations_at_once_one_wins(store: Store) -> None:
    def create(number: int) -> bool:
        try:
            store.put("records/000000000007", b"%d" % number, create_only=True)
        except Exists:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(create, range(32)))
    assert won.count(True) == 1
    assert store.get("records/000000000007") == b"%d" % won.index(True)


def test_a_listing_is_sorted_and_of_its_folder_only(store: Store) -> None:
    for key in ("inbox/b", "inbox/a", "inboxes/c", "records/a"):
        store.put(key, b"")
    assert list(store.list("inbox/")) == ["inbox/a", "inbox/b"]
    assert list(store.list("rejected/")) == []


def test_a_listing_goes_to_the_end_of_all_pages(store: Store) -> None:
    """S3 answers 1,000 keys at most at a time."""
    keys = [f"inbox/{number:04}" for number in range(1005)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: store.put(key, b"x"), keys))
    assert list(store.list("inbox/")) == keys
    assert list(store.get_many(keys[:40])) == [b"x"] * 40


def test_what_is_deleted_is_gone_and_deleting_it_again_is_nothing(store: Store) -> None:
    store.put("inbox/a", b"x")
    store.delete("inbox/a")
    store.delete("inbox/a")
    assert list(store.list("inbox/")) == []
    with pytest.raises(Missing):
        store.get("inbox/a")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../up", "a/../b", "a//b", "inbox/", ".hidden", "a/.b", "a b", "é", "a\nb"])
def test_a_key_cannot_leave_its_folder(store: Store, key: str) -> None:
    calls: list[Callable[[], object]] = [lambda: store.put(key, b""), lambda: store.delete(key)]
    for call in calls:
        with pytest.raises(UsageError):
            call()


def test_a_folder_ends_in_a_slash(store: Store) -> None:
    with pytest.raises(UsageError):
        store.list("inbox")


def test_a_folder_that_cannot_be_written_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable):
        DirectoryStore(tmp_path / "file").put("inbox/a", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_half_written_object_is_not_listed(tmp_path: Path) -> None:
    """What a killed process left behind begins with a dot."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / ".0123").write_bytes(b"half")
    assert list(DirectoryStore(tmp_path).list("inbox/")) == []


def test_a_bucket_that_is_not_there_or_not_ours_is_refused(local: Settings) -> None:
    with pytest.raises(Refused):
        S3Store(objects.client(local.objects, "admin"), "no-such-bucket").get("inbox/a")
    with pytest.raises(Refused):
        S3Store(objects.client(local.objects, "evidence"), local.backups.bucket).put("inbox/a", b"")


def test_a_server_that_is_down_is_unreachable(local: Settings) -> None:
    nowhere = local.objects.model_copy(update={"endpoint": "https://127.0.0.1:9"})
    with pytest.raises(Unreachable):
        S3Store(objects.client(nowhere, "admin"), "illumacom-evidence").get("inbox/a")
