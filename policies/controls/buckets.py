"""Buckets: the backups lie in another metropolitan area, and the logs are kept as long as was promised.

`backup.other-region`: the bucket `<platform>-backups` stands in another metropolitan area than every database and replica; the area is
the region's letters, so nyc1 and nyc3 are one.
`retention.security-logs`: no rule of `<platform>-logs` expires an object, or a version that was replaced, before the promised age (a
date would expire everything older at once), versions are kept, the bucket is private, and no policy of it lets others in.
A bucket that is not there is a failure: what should be kept is kept nowhere. How old the oldest line is, is another proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from policies.bucket_rules import shared_with
from policies.controls.base import Question, control
from policies.findings import failed, has_unknown, items, judged, label, or_nothing, passed, unknown, value
from policies.kinds import BUCKET, BUCKET_POLICY, CLUSTER, REPLICA
from policies.readers import digitalocean, spaces
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

EXPECTED_AREA = "another metropolitan area than every database"

MEND_AREA = "create the bucket in a region of another city, and copy the backups there"

MEND_LOGS = "let no rule expire logs earlier, keep versions, and let nobody in but by the keys of the logs"


@control("areas.plan", Surface.PLAN, "the region of the bucket of backups against those of the databases, in the stack")
def areas_plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge_areas(stack, f"{question.catalog.platform}-backups")


@control("areas.live", Surface.LIVE, "the region whose endpoint knows the bucket of backups, and the databases' regions from DigitalOcean")
def areas_live(clients: Clients, question: Question) -> Iterator[Observation]:
    sources = {**digitalocean.sources(clients.digitalocean, CLUSTER, REPLICA), **spaces.sources(clients.settings, question.once)}
    return gather(sources).judged(lambda stack: judge_areas(stack, clients.settings.backups.bucket))


def judge_areas(stack: Stack, backups: str) -> Iterator[Observation]:
    """One observation for each database: is the bucket elsewhere?"""
    return or_nothing((elsewhere(each, _named(stack, backups), backups) for each in stack.of(CLUSTER, REPLICA)), "database", EXPECTED_AREA)


def elsewhere(database: Resource, bucket: Resource | None, name: str) -> Observation:
    """The bucket against one database."""
    subject = f"backups of {label(database)}"
    if bucket is None:
        return failed(subject, EXPECTED_AREA, f"there is no bucket {name}", MEND_AREA)
    here, there = value(database, "region"), value(bucket, "region")
    if UNKNOWN in (here, there):
        return unknown(subject, EXPECTED_AREA)
    if not metropolis(here) or not metropolis(there):
        return failed(subject, EXPECTED_AREA, f"regions {here!r} and {there!r}: one is not named", MEND_AREA)
    faults = [f"both in {metropolis(here)}: {here} and {there}"] if metropolis(here) == metropolis(there) else []
    return judged(subject, EXPECTED_AREA, faults, f"database in {here}, {label(bucket)} in {there}", MEND_AREA)


def metropolis(region: object) -> str:
    """The letters of a region's slug; empty when it is none."""
    return region.lower().rstrip("0123456789") if isinstance(region, str) else ""


@control("logs.plan", Surface.PLAN, "the lifecycle, versions and access of the bucket of logs, in the stack")
def logs_plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge_logs(stack, question)


@control("logs.live", Surface.LIVE, "the lifecycle, versions, ACL and policy of the bucket of logs, as Spaces tells them")
def logs_live(clients: Clients, question: Question) -> Iterator[Observation]:
    return gather(spaces.details(clients.settings, question.once)).judged(lambda stack: judge_logs(stack, question))


def judge_logs(stack: Stack, question: Question) -> Iterator[Observation]:
    """Each setting of the bucket by itself."""
    name, least = f"{question.catalog.platform}-logs", question.promise.duration("no_expiry_before")
    bucket, expected = _named(stack, name), f"kept {least.days} days or longer"
    if bucket is None:
        yield failed(f"bucket {name}", expected, "there is no such bucket", "create it, and send every log there")
        return
    yield _lifecycle(bucket, least, expected)
    yield _versions(bucket)
    yield _private(bucket, stack.of(BUCKET_POLICY))


def _named(stack: Stack, name: str) -> Resource | None:
    return next((each for each in stack.of(BUCKET) if value(each, "name") == name), None)


def _lifecycle(bucket: Resource, least: timedelta, expected: str) -> Observation:
    """No rule at all keeps everything."""
    subject, rules = f"lifecycle of {label(bucket)}", items(bucket, "lifecycleRules")
    if rules is None or has_unknown(rules):
        return unknown(subject, expected)
    faults = [fault for rule in rules if rule.get("enabled") is not False for fault in _too_early(rule, least)]
    return judged(subject, expected, faults, f"{len(rules)} rules, none earlier", MEND_LOGS)


def _too_early(rule: Mapping[str, Any], least: timedelta) -> Iterator[str]:
    """What one active rule forgets too soon; a figure that is none counts as too soon."""
    where = f" under {rule['prefix']}" if rule.get("prefix") else ""
    current, old = rule.get("expiration") or {}, rule.get("noncurrentVersionExpiration") or {}
    if current.get("date"):
        yield f"expires everything{where} on a date"
    if (days := current.get("days")) and not _long_enough(days, least):
        yield f"expires objects{where} after {days} days"
    if (days := old.get("days")) and not _long_enough(days, least):
        yield f"expires replaced or deleted versions{where} after {days} days"


def _long_enough(days: object, least: timedelta) -> bool:
    """Compared as numbers: a lifecycle may say more days than a span of time can hold."""
    return isinstance(days, int | float) and days >= least / timedelta(days=1)


def _versions(bucket: Resource) -> Observation:
    subject, expected, seen = f"versions of {label(bucket)}", "every version kept", value(bucket, "versioning")
    if has_unknown(seen):
        return unknown(subject, expected)
    on = isinstance(seen, Mapping) and seen.get("enabled") is True
    return judged(subject, expected, [] if on else ["versioning is not on"], "versioning on", MEND_LOGS)


def _private(bucket: Resource, policies: tuple[Resource, ...]) -> Observation:
    subject, expected = f"access to {label(bucket)}", "private, opened by keys alone"
    found = list(shared_with(bucket, policies))
    if None in found and not any(found):
        return unknown(subject, expected)
    if faults := [each for each in found if each]:
        return failed(subject, expected, "; ".join(faults), MEND_LOGS)
    return passed(subject, expected, "private")
