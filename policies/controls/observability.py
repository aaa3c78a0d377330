"""Logs: everything that should be logged is sent to one place, and where browsing is anonymous no line of it tells visitors apart.

`logging.central-anomaly-detection`, as far as settings go: the platform has a collector; every database's log goes to it over TLS; every
host ships its journal to it over TLS (its user data says so); the edge writes its requests and its firewall's events into our bucket
of logs, and every such job is switched on. Whether lines arrive, and whether the detector finds what was planted, are proofs of their own.
`minimisation.browsing-anonymous`: each Logpush job lists its fields, and each field is one that is known to tell nobody apart.
Without a list Cloudflare writes every field; a field that is not on our list counts as telling.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policies import userdata
from policies.controls.base import Question, control
from policies.findings import failed, has_unknown, judged, label, or_nothing, passed, same_id, unknown, value
from policies.kinds import CLUSTER, DROPLET, LOG_SINK, LOGPUSH
from policies.parties import another_platform, of_party
from policies.readers import cloudflare_account, digitalocean
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from policies.shipping import shipping_faults
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

DATASETS = ("http_requests", "firewall_events")
"""What the edge must write down: who asked for what, and what was blocked."""

ANONYMOUS: Mapping[str, tuple[str, ...]] = {
    "http_requests": (
        "CacheCacheStatus",
        "CacheResponseBytes",
        "CacheResponseStatus",
        "ClientCountry",
        "ClientDeviceClass",
        "ClientRequestBytes",
        "ClientRequestHost",
        "ClientRequestMethod",
        "ClientRequestPath",
        "ClientRequestProtocol",
        "ClientRequestScheme",
        "ClientSSLCipher",
        "ClientSSLProtocol",
        "EdgeColoCode",
        "EdgeEndTimestamp",
        "EdgePathingStatus",
        "EdgeRequestHost",
        "EdgeResponseBytes",
        "EdgeResponseContentType",
        "EdgeResponseStatus",
        "EdgeServerIP",
        "EdgeStartTimestamp",
        "EdgeTimeToFirstByteMs",
        "OriginResponseDurationMs",
        "OriginResponseStatus",
        "SecurityAction",
        "SecurityActions",
        "SecurityRuleDescription",
        "SecurityRuleID",
        "SecurityRuleIDs",
        "SecuritySources",
        "WAFAttackScore",
        "WAFRCEAttackScore",
        "WAFSQLiAttackScore",
        "WAFXSSAttackScore",
        "ZoneName",
    ),
    "firewall_events": (
        "Action",
        "ClientCountry",
        "ClientRequestHost",
        "ClientRequestMethod",
        "ClientRequestPath",
        "ClientRequestProtocol",
        "ClientRequestScheme",
        "Datetime",
        "Description",
        "EdgeColoCode",
        "EdgeResponseStatus",
        "Kind",
        "MatchIndex",
        "OriginResponseStatus",
        "Ref",
        "RuleID",
        "Source",
    ),
}
"""By dataset, the fields of Cloudflare's documents that are the same for many visitors: no address, no network, no browser, no referrer,
no query string, no ray (its id is the visitor's too)."""

EXPECTED_SINK = "its log goes to the collector over TLS"
EXPECTED_HOST = "its journal goes to the collector over TLS"
EXPECTED_FIELDS = "fields listed, each the same for many visitors"

MEND_SINK = "declare a log sink of the cluster with tls true and the collector's private address"
MEND_HOST = "let the host's user data ship its journal to the collector over TLS"
MEND_FIELDS = "list the fields in output_options, without those that tell visitors apart"


@control(
    "logging.plan",
    Surface.PLAN,
    "the collector, the databases' sinks, what hosts ship by their user data, and the edge's jobs, in the stack",
)
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    platform = question.catalog.platform
    yield from judge(stack, question)
    own = [each for each in stack.of(DROPLET) if not another_platform(each, question.catalog)]
    collectors = {each.urn for each in of_party(own, "collector", platform)}
    yield from (shipped(each) for each in own if each.urn not in collectors)


@control("logging.live", Surface.LIVE, "droplets, databases' log sinks and Logpush jobs, from both APIs")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    account = clients.settings.cloudflare.account_id
    inside = digitalocean.sources(clients.digitalocean, DROPLET, CLUSTER, LOG_SINK)
    seen = gather({**inside, **cloudflare_account.sources(clients.cloudflare, account, LOGPUSH)})
    return seen.judged(lambda stack: judge(stack, question))


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    """What both surfaces can see."""
    yield _collector(stack, question.catalog.platform)
    yield from or_nothing((_sunk(each, stack) for each in stack.of(CLUSTER)), "database", EXPECTED_SINK)
    yield from (_written(dataset, stack) for dataset in DATASETS)


def _collector(stack: Stack, platform: str) -> Observation:
    found = of_party(stack.of(DROPLET), "collector", platform)
    expected, mend = "a host that gathers the logs", f"create a host with the tag {platform}-collector"
    if not found and any(has_unknown(value(each, "tags")) for each in stack.of(DROPLET)):
        return unknown("collector", expected)
    return judged("collector", expected, [] if found else ["there is none"], f"{len(found)}: {', '.join(map(label, found))}", mend)


def _sunk(cluster: Resource, stack: Stack) -> Observation:
    """A sink of the cluster that demands TLS; where it leads is for `sharing` to judge."""
    subject, identity = f"log of {label(cluster)}", value(cluster, "id")
    sinks = stack.of(LOG_SINK)
    perhaps = [sink for sink in sinks if UNKNOWN in (value(sink, "clusterId"), identity)]
    own = [sink for sink in sinks if sink not in perhaps and same_id(value(sink, "clusterId")) == same_id(identity)]
    if any(value(sink, "tls") not in (True, UNKNOWN) for sink in own):
        return failed(subject, EXPECTED_SINK, "a sink of it does not use TLS", MEND_SINK)
    if own and all(value(sink, "tls") is True for sink in own):
        return passed(subject, EXPECTED_SINK, f"{len(own)} sinks, over TLS")
    if perhaps or any(value(sink, "tls") is UNKNOWN for sink in own):
        return unknown(subject, EXPECTED_SINK)
    return failed(subject, EXPECTED_SINK, "it has no log sink", MEND_SINK)


def shipped(host: Resource) -> Observation:
    """What one host's user data says of its journal."""
    subject, found = f"journal of {label(host)}", userdata.of(host)
    if found is None:
        return unknown(subject, EXPECTED_HOST, "its user data is not known yet")
    faults = list(shipping_faults(found))
    return judged(subject, EXPECTED_HOST, faults, "shipped over TLS", MEND_HOST)


def _written(dataset: str, stack: Stack) -> Observation:
    """A job of the edge for one dataset, switched on."""
    subject, expected = f"Logpush of {dataset}", "written into the bucket of logs"
    jobs = [job for job in stack.of(LOGPUSH) if value(job, "dataset") == dataset]
    mend = f"declare a Logpush job for {dataset} and let it be enabled"
    if any(value(job, "enabled") is True and _whole(job) for job in jobs):
        return passed(subject, expected, f"{len(jobs)} jobs")
    if any(UNKNOWN in (value(job, "dataset"), value(job, "enabled")) for job in stack.of(LOGPUSH)):
        return unknown(subject, expected)
    return failed(subject, expected, "its job is switched off, or writes a part only" if jobs else "there is no job", mend)


def _whole(job: Resource) -> bool:
    """Whether a job writes every line: no filter, no sample."""
    options = value(job, "outputOptions")
    rate = options.get("sampleRate") if isinstance(options, Mapping) else None
    return not value(job, "filter") and rate in (None, 1) and "sample=" not in str(value(job, "logpullOptions"))


@control("anonymous.plan", Surface.PLAN, "the fields of every Logpush job, in the stack")
def anonymous_plan(stack: Stack, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure
    return judge_fields(stack)


@control("anonymous.live", Surface.LIVE, "the fields of every Logpush job, from Cloudflare")
def anonymous_live(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure
    account = clients.settings.cloudflare.account_id
    return gather(cloudflare_account.sources(clients.cloudflare, account, LOGPUSH)).judged(judge_fields)


def judge_fields(stack: Stack) -> Iterator[Observation]:
    return or_nothing((fields(job) for job in stack.of(LOGPUSH)), "Logpush job", EXPECTED_FIELDS)


def one_job(job: Resource, question: Question) -> Observation:  # noqa: ARG001 - as every early check is called
    """What one job alone can tell."""
    return fields(job)


def fields(job: Resource) -> Observation:
    """One job, switched on or not: what is configured is one click away from being written."""
    subject, options, dataset = f"fields of {label(job)}", value(job, "outputOptions"), value(job, "dataset")
    old = value(job, "logpullOptions")
    if has_unknown(options) or has_unknown(dataset):
        return unknown(subject, EXPECTED_FIELDS)
    listed = _listed(options, old)
    if not listed and has_unknown(old):
        return unknown(subject, EXPECTED_FIELDS)
    if not listed:
        return failed(subject, EXPECTED_FIELDS, "no field is listed, so all of them are written", MEND_FIELDS)
    telling = [field for field in listed if field not in ANONYMOUS.get(str(dataset), ())]
    return judged(subject, EXPECTED_FIELDS, [f"writes {', '.join(telling)}"] if telling else [], f"{len(listed)} fields", MEND_FIELDS)


def _listed(options: Any, old: Any) -> list[str]:
    """The fields that a job lists: in its options, or in the older text of options (`fields=A,B&...`)."""
    if isinstance(options, Mapping) and options.get("fieldNames"):
        return [str(field) for field in options["fieldNames"]]
    parts = dict(part.partition("=")[::2] for part in old.split("&")) if isinstance(old, str) else {}
    return [field for field in parts.get("fields", "").split(",") if field]
