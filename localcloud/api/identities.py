"""What makes a Spaces key real: an identity in the S3 server, with exactly the grants of the key.

`IdentityServer` is what handlers ask; `LocalIdentities` does it over the IAM API that SeaweedFS serves on its S3 port, `NoIdentities` does
nothing (the APIs alone, without servers). An identity is named after its access key and is there, or gone, before the call is answered. It
outlives a restart of the server; its secret is kept there alone.

What the grants allow (the S3 server decides): `read` to list and get, `readwrite` also to put, tag and delete, versions included, both in
one bucket; `fullaccess` everything in every bucket, the buckets' own settings too. A bucket policy names an identity as
`arn:aws:iam::000000000000:user/<access key>`.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from localcloud.api.config import S3
from localcloud.api.errors import LocalCloudError

READ = (
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
)
WRITE = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:PutObject",
    "s3:PutObjectTagging",
)
ACTIONS: Mapping[str, tuple[str, ...]] = {"read": READ, "readwrite": (*READ, *WRITE), "fullaccess": ("s3:*",)}
POLICY = "grants"
VERSION = "2010-05-08"
TIMEOUT_SECONDS = 20
_CODE = re.compile(r"<Code>(\w+)</Code>")
_GONE = "NoSuchEntity"


class IdentityServer(Protocol):
    def add(self, access_key: str, secret_key: str, grants: Sequence[Mapping[str, Any]]) -> None: ...
    def grant(self, access_key: str, grants: Sequence[Mapping[str, Any]]) -> None:
        """Give an identity these grants and no others."""
        ...

    def remove(self, access_key: str) -> None: ...


class NoIdentities:
    """No S3 server behind the keys: they are handed out and open nothing."""

    def add(self, access_key: str, secret_key: str, grants: Sequence[Mapping[str, Any]]) -> None: ...
    def grant(self, access_key: str, grants: Sequence[Mapping[str, Any]]) -> None: ...
    def remove(self, access_key: str) -> None: ...


class LocalIdentities:
    """The identities of the S3 server of `kept local up`, as its administrator."""

    def __init__(self, s3: S3) -> None:
        self._s3 = s3

    def add(self, access_key: str, secret_key: str, grants: Sequence[Mapping[str, Any]]) -> None:
        """Make an identity; one that could not be made whole is not left behind."""
        self._ask("CreateUser", UserName=access_key)
        try:
            self._ask("CreateAccessKey", UserName=access_key, AccessKeyId=access_key, SecretAccessKey=secret_key)
            self.grant(access_key, grants)
        except LocalCloudError:
            self.remove(access_key)
            raise

    def grant(self, access_key: str, grants: Sequence[Mapping[str, Any]]) -> None:
        if not grants:
            self._ask("DeleteUserPolicy", may_be_gone=True, UserName=access_key, PolicyName=POLICY)
            return
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement(grant) for grant in grants]})
        self._ask("PutUserPolicy", UserName=access_key, PolicyName=POLICY, PolicyDocument=document)

    def remove(self, access_key: str) -> None:
        """Idempotent: what is gone already counts as removed."""
        self._ask("DeleteAccessKey", may_be_gone=True, UserName=access_key, AccessKeyId=access_key)
        self._ask("DeleteUserPolicy", may_be_gone=True, UserName=access_key, PolicyName=POLICY)
        self._ask("DeleteUser", may_be_gone=True, UserName=access_key)

    def _ask(self, action: str, *, may_be_gone: bool = False, **parameters: str) -> None:
        """One call; an error's text is not passed on, it may quote what was sent."""
        body = urlencode({"Action": action, "Version": VERSION, **parameters}).encode()
        try:
            answer = self._client.post("/", content=body, headers=self._signed(body))
        except httpx.HTTPError as error:
            raise self._failed(action, type(error).__name__) from None
        code = _CODE.search(answer.text) if answer.is_error else None
        if answer.is_error and not (may_be_gone and code and code[1] == _GONE):
            raise self._failed(action, code[1] if code else str(answer.status_code))

    def _signed(self, body: bytes) -> dict[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", f"{self._s3.endpoint}/", data=body, headers=headers)
        SigV4Auth(Credentials(self._s3.access_key, self._s3.secret_key), "iam", "us-east-1").add_auth(request)
        return dict(request.headers.items())

    @cached_property
    def _client(self) -> httpx.Client:
        trust = ssl.create_default_context(cafile=self._s3.ca) if self._s3.endpoint.startswith("https") else False
        return httpx.Client(base_url=self._s3.endpoint, verify=trust, trust_env=False, timeout=TIMEOUT_SECONDS)

    def _failed(self, action: str, why: str) -> LocalCloudError:
        return LocalCloudError(f"the S3 server at {self._s3.endpoint} did not do {action} ({why})", "is it running? look at its log")


def statement(grant: Mapping[str, Any]) -> dict[str, Any]:
    """One grant as an IAM statement; a grant for all buckets names none."""
    bucket = grant.get("bucket") or "*"
    return {
        "Effect": "Allow",
        "Action": list(ACTIONS[grant["permission"]]),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
