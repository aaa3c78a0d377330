"""What a bucket says of itself over S3: who may read it, whether it keeps versions, what it forgets and when, and its policy.

`pulumi refresh` never reads a bucket's ACL back, so nobody else would notice a public one. The ACL is shown as `private` when its owner
alone is granted anything, as `public-read` when everybody is, else as `shared`. Properties get the names that the provider gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policies.kinds import BUCKET, BUCKET_POLICY
from policies.readers.live import resource
from policies.readers.state import Resource

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EVERYBODY = ("http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers")


def described(client: S3Client, name: str, region: str) -> Resource:
    """The bucket with its settings."""
    return resource(
        BUCKET,
        name,
        region=region,
        acl=acl(client.get_bucket_acl(Bucket=name)),
        versioning={"enabled": client.get_bucket_versioning(Bucket=name).get("Status") == "Enabled"},
        lifecycleRules=[_rule(rule) for rule in _lifecycle(client, name)],
    )


def policy(client: S3Client, name: str) -> Iterator[Resource]:
    """The bucket's policy, where it has one."""
    found = _unless(client, lambda: client.get_bucket_policy(Bucket=name), "NoSuchBucketPolicy")
    if found is not None:
        yield resource(BUCKET_POLICY, name, bucket=name, policy=found["Policy"])


def acl(answer: Mapping[str, Any]) -> str:
    """The canned ACL that the grants amount to."""
    owner = (answer.get("Owner") or {}).get("ID")
    grantees = [grant.get("Grantee") or {} for grant in answer.get("Grants") or ()]
    if any(each.get("URI") in EVERYBODY for each in grantees):
        return "public-read"
    return "private" if all(each.get("ID") == owner for each in grantees) else "shared"


def _lifecycle(client: S3Client, name: str) -> Iterable[Mapping[str, Any]]:
    found = _unless(client, lambda: client.get_bucket_lifecycle_configuration(Bucket=name), "NoSuchLifecycleConfiguration")
    return found["Rules"] if found else ()


def _unless(client: S3Client, ask: Any, absent: str) -> Any:
    """The answer; None for the one error that says there is none."""
    try:
        return ask()
    except client.exceptions.ClientError as error:
        if error.response.get("Error", {}).get("Code") == absent:
            return None
        raise


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One lifecycle rule; a rule that is narrowed by anything is narrowed here by its prefix only, which never makes it look milder."""
    expiration, old = rule.get("Expiration") or {}, rule.get("NoncurrentVersionExpiration") or {}
    shown: dict[str, Any] = {
        "id": rule.get("ID") or "",
        "enabled": rule.get("Status") == "Enabled",
        "prefix": (rule.get("Filter") or {}).get("Prefix") or rule.get("Prefix") or "",
    }
    if expiration:
        shown["expiration"] = {"days": expiration.get("Days"), "date": str(expiration.get("Date") or "")}
    if old:
        shown["noncurrentVersionExpiration"] = {"days": old.get("NoncurrentDays")}
    if days := (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"):
        shown["abortIncompleteMultipartUploadDays"] = days
    return shown
