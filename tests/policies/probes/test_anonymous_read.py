"""Buckets of the real local S3 server, asked without a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from policies.controls.base import Question
from policies.controls.probes_buckets import anonymous_read, closed, listed
from policies.probes.buckets import Look
from promises.loading import load_catalog
from promises.observations import Observation, Outcome
from services.clients import Clients
from services.settings import Settings

CATALOG = load_catalog("illumacom", None)
QUESTION = Question(CATALOG.promise("objects.server-side"), CATALOG, datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
def clients(local: Settings, bucket: str) -> Clients:
    probes = local.probes.model_copy(update={"buckets": {bucket: f"{local.objects.endpoint}/{bucket}"}})
    return Clients(local.model_copy(update={"probes": probes}))


def only(observations: Iterator[Observation]) -> Observation:
    (found,) = observations
    return found


def allow(clients: Clients, bucket: str, action: str, resource: str) -> None:
    statement = {"Sid": "everybody", "Effect": "Allow", "Principal": "*", "Action": [action], "Resource": [f"arn:aws:s3:::{resource}"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    clients.objects("admin").put_bucket_policy(Bucket=bucket, Policy=policy)


def test_a_private_bucket_refuses_and_says_how_it_was_asked(clients: Clients, bucket: str):
    found = only(anonymous_read(clients, QUESTION))
    assert (found.outcome, found.observed) == (Outcome.PASS, "listing: status 403 AccessDenied")
    clients.objects("admin").put_object(Bucket=bucket, Key="a b", Body=b"1")
    found = only(anonymous_read(clients, QUESTION))
    assert (found.outcome, found.observed) == (Outcome.PASS, "listing: status 403 AccessDenied; reading: status 403 AccessDenied")


def test_a_bucket_that_lists_itself_to_everybody_is_a_failure(clients: Clients, bucket: str):
    clients.objects("admin").put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert only(anonymous_read(clients, QUESTION)).outcome is Outcome.FAIL


def test_a_bucket_that_gives_objects_away_without_listing_them_is_a_failure(clients: Clients, bucket: str):
    """What a look at the listing alone would miss."""
    clients.objects("admin").put_object(Bucket=bucket, Key="a b", Body=b"1")
    allow(clients, bucket, "s3:GetObject", f"{bucket}/*")
    found = only(anonymous_read(clients, QUESTION))
    assert (found.outcome, found.observed) == (Outcome.FAIL, "listing: status 403 AccessDenied; reading: status 200")


def test_a_bucket_that_is_not_there_proves_nothing(clients: Clients):
    """This store refuses a stranger whatever he asks for."""
    gone = clients.settings.probes.model_copy(update={"buckets": {"gone": f"{clients.settings.objects.endpoint}/gone"}})
    found = only(anonymous_read(Clients(clients.settings.model_copy(update={"probes": gone})), QUESTION))
    assert found.outcome is Outcome.UNKNOWN
    assert found.observed.startswith("listing: status 403 AccessDenied; no identity")


def test_where_no_bucket_is_declared_nothing_is_proven(clients: Clients):
    none = clients.settings.probes.model_copy(update={"buckets": {}})
    assert only(anonymous_read(Clients(clients.settings.model_copy(update={"probes": none})), QUESTION)).outcome is Outcome.UNKNOWN


def test_an_object_is_known_from_whoever_may_list(clients: Clients, bucket: str):
    assert listed(clients, bucket) == ()
    clients.objects("admin").put_object(Bucket=bucket, Key="a b", Body=b"1")
    assert listed(clients, bucket) == ("a b",)
    identities = {name: each for name, each in clients.settings.objects.identities.items() if name != "admin"}
    objects = clients.settings.objects.model_copy(update={"identities": identities})
    assert listed(Clients(clients.settings.model_copy(update={"objects": objects})), bucket) is None


OPEN, REFUSED, ODD = (
    Look(open=True, refused=False, seen=""),
    Look(open=False, refused=True, seen=""),
    Look(open=False, refused=False, seen=""),
)


@pytest.mark.parametrize(
    ("looks", "outcome"),
    [
        ((REFUSED,), Outcome.PASS),
        ((REFUSED, REFUSED), Outcome.PASS),
        ((REFUSED, OPEN), Outcome.FAIL),
        ((ODD, OPEN), Outcome.FAIL),
        ((REFUSED, ODD), Outcome.UNKNOWN),
        ((), Outcome.UNKNOWN),
    ],
)
def test_closed_means_that_every_door_is(looks: tuple[Look, ...], outcome: Outcome):
    assert closed("s", *looks, there=True).outcome is outcome
    assert closed("s", *looks, there=False).outcome is (Outcome.FAIL if outcome is Outcome.FAIL else Outcome.UNKNOWN)
