"""Spaces buckets, over S3 through the gateway, in the plugin's order: create, canned ACL always, then versioning, lifecycle, CORS.

A bucket that is there already and is ours is taken over: emptying the local cloud leaves the buckets' objects where they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localcloud.kinds.compute import Create
from localcloud.kinds.session import Created, ProvisioningError, Session
from localcloud.kinds.spelling import Document, without

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DEFAULT_REGION = "nyc3"


def bucket(session: Session, inputs: Document) -> Created:
    name, region = inputs["name"], inputs.get("region") or DEFAULT_REGION
    client = session.spaces(region)
    with _told(name):
        _create(client, name, inputs.get("acl") or "private")
        client.head_bucket(Bucket=name)
        client.put_bucket_acl(Bucket=name, ACL=inputs.get("acl") or "private")
        _configure(client, name, inputs)
    return Created(name, _shown(name, region, inputs))


def _create(client: S3Client, name: str, acl: Any) -> None:
    """Create it, or take over the one that is there (the look at it afterwards fails for a stranger's)."""
    try:
        client.create_bucket(Bucket=name, ACL=acl)
    except (client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
        return


def _configure(client: S3Client, name: str, inputs: Document) -> None:
    versioned, rules, origins = (inputs.get("versioning") or {}).get("enabled"), inputs.get("lifecycleRules"), inputs.get("corsRules")
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if rules:
        sent: Any = {"Rules": [_lifecycle_sent(rule) for rule in _identified(rules)]}
        client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=sent)
    if origins:
        cors: Any = {"CORSRules": [{name[0].upper() + name[1:]: value for name, value in rule.items()} for rule in origins]}
        client.put_bucket_cors(Bucket=name, CORSConfiguration=cors)


def _identified(rules: list[Document]) -> list[Document]:
    """Every rule has an id: the program's, or one made up."""
    return [{"id": f"tf-s3-lifecycle-{number:08x}", **rule} for number, rule in enumerate(rules, 1)]


def _lifecycle_sent(rule: Document) -> Document:
    sent: Document = {
        "ID": rule["id"],
        "Status": "Enabled" if rule["enabled"] else "Disabled",
        "Filter": {"Prefix": rule.get("prefix", "")},
    }
    if expiration := rule.get("expiration"):
        sent["Expiration"] = {_S3[name]: value for name, value in expiration.items() if value}
    if old := rule.get("noncurrentVersionExpiration"):
        sent["NoncurrentVersionExpiration"] = {"NoncurrentDays": old["days"]}
    if days := rule.get("abortIncompleteMultipartUploadDays"):
        sent["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    return sent


_S3 = {"days": "Days", "date": "Date", "expiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}


def _shown(name: str, region: str, inputs: Document) -> Document:
    empty = {"date": "", "expiredObjectDeleteMarker": None}
    rules = [
        {**rule, **({"expiration": {**empty, **rule["expiration"]}} if rule.get("expiration") else {})}
        for rule in _identified(inputs.get("lifecycleRules") or [])
    ]
    return {
        "acl": inputs.get("acl") or "private",
        "bucketDomainName": f"{name}.{region}.digitaloceanspaces.com",
        "bucketUrn": f"do:space:{name}",
        "corsRules": inputs.get("corsRules") or [],
        "endpoint": f"{region}.digitaloceanspaces.com",
        "forceDestroy": bool(inputs.get("forceDestroy")),
        "lifecycleRules": rules,
        "name": name,
        "region": region,
        "versioning": inputs.get("versioning") or {"enabled": False},
    }


def policy(session: Session, inputs: Document) -> Created:
    """The policy is shown as the S3 server read it: it writes a list of one element as that element."""
    name = inputs["bucket"]
    client = session.spaces(inputs["region"])
    text = inputs["policy"] if isinstance(inputs["policy"], str) else json.dumps(inputs["policy"])
    with _told(name):
        client.put_bucket_policy(Bucket=name, Policy=text)
        read = client.get_bucket_policy(Bucket=name)["Policy"]
    return Created(name, {**without(inputs, "policy"), "policy": read})


class _told:  # noqa: N801 - reads as a word: `with _told(name):`
    """Turns the S3 client's errors into ours."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, BotoCoreError | ClientError):
            raise ProvisioningError(f"bucket {self._name}: {error}", "look at the S3 server's log") from error


KINDS: Mapping[str, Create] = {
    "digitalocean:index/spacesBucket:SpacesBucket": bucket,
    "digitalocean:index/spacesBucketPolicy:SpacesBucketPolicy": policy,
}
