"""Spaces keys against the S3 server: a key opens what its grants say the moment it is answered, and nothing once it is deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from localcloud.provider import SpacesCredentials, wipe
from services.settings import Settings
from tests.real_cloud import RealCloud, code

KEYS = "/v2/spaces/keys"
CREATED = "digitalocean:index/spacesKey:SpacesKey"
REFUSED = (403, "AccessDenied")
UNKNOWN = (403, "InvalidAccessKeyId")


@pytest.fixture
def cloud(local: Settings) -> Iterator[RealCloud]:
    made = RealCloud(local)
    wipe(made.endpoint, made.token)
    yield made
    wipe(made.endpoint, made.token, empty_buckets=True)
    made.close()


@pytest.fixture
def buckets(cloud: RealCloud) -> tuple[str, str]:
    """Two buckets with an object each; emptied with the cloud."""
    admin, names = cloud.spaces("nyc3"), tuple(f"key-{uuid4().hex[:10]}" for _ in range(2))
    for name in names:
        admin.create_bucket(Bucket=name)
        admin.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        admin.put_object(Bucket=name, Key="there", Body=b"content")
    return names[0], names[1]


def with_grants(cloud: RealCloud, *grants: tuple[str, str]) -> tuple[str, Any]:
    """The access key and an S3 client of a new key with grants (bucket, permission)."""
    body = {"name": "one", "grants": [{"bucket": bucket, "permission": permission} for bucket, permission in grants]}
    key = cloud.ok("POST", KEYS, body)["key"]
    return key["access_key"], cloud.spaces("nyc3", SpacesCredentials(key["access_key"], key["secret_key"]))


def outcome(act: Callable[[], Any]) -> Any:
    try:
        act()
    except ClientError as error:
        answer = error.response
        return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]
    return True


def reads(client: Any, bucket: str) -> Any:
    listed = outcome(lambda: client.list_objects_v2(Bucket=bucket))
    return listed if listed is not True else outcome(lambda: client.get_object(Bucket=bucket, Key="there"))


def writes(client: Any, bucket: str) -> Any:
    return outcome(lambda: client.put_object(Bucket=bucket, Key="new", Body=b"new"))


def deletes(client: Any, bucket: str) -> Any:
    return outcome(lambda: client.delete_object(Bucket=bucket, Key="new"))


def configures(client: Any, bucket: str) -> Any:
    return outcome(lambda: client.put_bucket_acl(Bucket=bucket, ACL="private"))


GRANTS = {
    "a reader reads its bucket, and that alone": ("read", (True, REFUSED, REFUSED, REFUSED), (REFUSED,) * 4),
    "a writer also writes and deletes, and changes no setting": ("readwrite", (True, True, True, REFUSED), (REFUSED,) * 4),
    "full access is for everything": ("fullaccess", (True,) * 4, (True,) * 4),
}


@pytest.mark.parametrize(("permission", "own", "other"), GRANTS.values(), ids=GRANTS.keys())
def test_a_key_opens_exactly_what_its_grants_say(cloud: RealCloud, buckets: tuple[str, str], permission: str, own: Any, other: Any) -> None:
    _, client = with_grants(cloud, ("" if permission == "fullaccess" else buckets[0], permission))
    tries = (reads, writes, deletes, configures)
    assert tuple(act(client, buckets[0]) for act in tries) == own
    assert tuple(act(client, buckets[1]) for act in tries) == other


def test_a_key_may_have_a_grant_for_each_of_several_buckets(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    _, client = with_grants(cloud, (buckets[0], "read"), (buckets[1], "readwrite"))
    assert [reads(client, each) for each in buckets] == [True, True]
    assert [writes(client, each) for each in buckets] == [REFUSED, True]


def test_a_writer_uploads_in_parts_and_removes_old_versions(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    _, client = with_grants(cloud, (buckets[0], "readwrite"))
    upload = client.create_multipart_upload(Bucket=buckets[0], Key="big")["UploadId"]
    part = client.upload_part(Bucket=buckets[0], Key="big", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(Bucket=buckets[0], Key="big", UploadId=upload, MultipartUpload=parts)
    version = client.list_object_versions(Bucket=buckets[0], Prefix="big")["Versions"][0]["VersionId"]
    assert outcome(lambda: client.delete_object(Bucket=buckets[0], Key="big", VersionId=version)) is True


def test_a_key_without_grants_opens_nothing(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    _, client = with_grants(cloud)
    assert reads(client, buckets[0]) == REFUSED


def test_a_deleted_key_is_refused_at_once(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    access_key, client = with_grants(cloud, (buckets[0], "read"))
    assert reads(client, buckets[0]) is True
    cloud.ok("DELETE", f"{KEYS}/{access_key}")
    assert reads(client, buckets[0]) == UNKNOWN
    assert cloud.call("GET", f"{KEYS}/{access_key}").status_code == 404


def test_changed_grants_count_at_once(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    """Whether changed through the API, a name alone (nothing changes), or behind everyone's back."""
    access_key, client = with_grants(cloud, (buckets[0], "readwrite"))
    cloud.ok("PATCH", f"{KEYS}/{access_key}", {"name": "renamed"})
    assert writes(client, buckets[0]) is True
    less = [{"bucket": buckets[0], "permission": "read"}]
    changed = cloud.ok("PUT", f"{KEYS}/{access_key}", {"name": "renamed", "grants": less})["key"]
    assert (changed["name"], changed["grants"], changed["access_key"]) == ("renamed", less, access_key)
    assert (reads(client, buckets[0]), writes(client, buckets[0])) == (True, REFUSED)
    elsewhere = [{"bucket": buckets[1], "permission": "read"}]
    cloud.ok("PATCH", f"/__local__/resources{KEYS}/{access_key}", {"grants": elsewhere})
    assert [reads(client, each) for each in buckets] == [REFUSED, True]
    cloud.ok("DELETE", f"/__local__/resources{KEYS}/{access_key}")
    assert reads(client, buckets[1]) == UNKNOWN


def test_a_key_for_everything_stays_one(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    access_key, client = with_grants(cloud, ("", "fullaccess"))
    limited = {"name": "one", "grants": [{"bucket": buckets[0], "permission": "read"}]}
    assert cloud.call("PUT", f"{KEYS}/{access_key}", limited).status_code == 422
    assert writes(client, buckets[1]) is True


def test_the_secret_is_answered_once(cloud: RealCloud) -> None:
    key = cloud.ok("POST", KEYS, {"name": "one"})["key"]
    assert len(key["secret_key"]) == 43
    assert "secret_key" not in cloud.ok("GET", f"{KEYS}/{key['access_key']}")["key"]
    assert all("secret_key" not in row for row in cloud.ok("GET", KEYS)["keys"])
    assert key["secret_key"] not in json.dumps(cloud.ok("GET", "/__local__/resources"))


def test_a_reset_takes_the_keys_with_it(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    _, client = with_grants(cloud, (buckets[0], "read"))
    wipe(cloud.endpoint, cloud.token)
    assert reads(client, buckets[0]) == UNKNOWN


def test_a_rehearsed_key_works_as_the_plugins_does(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    made = cloud.provider.create(CREATED, "writer", {"name": "writer", "grants": [{"bucket": buckets[0], "permission": "readwrite"}]})
    client = cloud.spaces("nyc3", SpacesCredentials(made.outputs["accessKey"], made.outputs["secretKey"]))
    assert (writes(client, buckets[0]), writes(client, buckets[1])) == (True, REFUSED)


def test_a_policy_denies_a_writer_what_its_grant_allows(cloud: RealCloud, buckets: tuple[str, str]) -> None:
    """Deletion is denied to one key by its name, to everybody by `*`; nothing else is, and it returns with the policy's end."""
    access_key, client = with_grants(cloud, (buckets[0], "readwrite"))
    admin = cloud.spaces("nyc3")
    for principal, administrator in (({"AWS": f"arn:aws:iam::000000000000:user/{access_key}"}, True), ("*", REFUSED)):
        actions = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        denied = {"Effect": "Deny", "Principal": principal, "Action": actions, "Resource": [f"arn:aws:s3:::{buckets[0]}/*"]}
        admin.put_bucket_policy(Bucket=buckets[0], Policy=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
        version = client.put_object(Bucket=buckets[0], Key="new", Body=b"new")["VersionId"]
        assert deletes(client, buckets[0]) == REFUSED
        assert outcome(lambda made=version: client.delete_object(Bucket=buckets[0], Key="new", VersionId=made)) == REFUSED
        assert deletes(admin, buckets[0]) == administrator
        admin.delete_bucket_policy(Bucket=buckets[0])
        assert deletes(client, buckets[0]) is True


def test_no_key_makes_identities_through_spaces(cloud: RealCloud) -> None:
    """Spaces has no IAM API: what would be one is refused at its door, whoever asks."""
    import httpx

    answer = httpx.post(
        f"{cloud.endpoint}/", headers={"Host": "nyc3.spaces.test"}, data={"Action": "CreateUser", "UserName": "me"}, trust_env=False
    )
    assert answer.status_code == 405
    with pytest.raises(ClientError) as refused:
        cloud.spaces("nyc3", SpacesCredentials("nobody", "x" * 43)).list_buckets()
    assert code(refused)[0] == 403
