"""`sharing.processors`, `sharing.none`, `sharing.never-sold`: nothing in the stack or the clouds hands data to anybody but the listed.

Looked at: whose packages the stack's resources belong to; Logpush destinations; log sinks; webhooks, mail addresses and chat channels
of alerts and notifications; the zone's mail exchangers, the senders that SPF names and names that lead away (CNAME); buckets that are
public or whose policy lets others in. Each leads to ourselves, to a processor of the promise's list, or to somebody nobody declared:
a failure. `sharing.never-sold` has no list of its own and takes that of the platform's `sharing.processors`.
What a destination keeps secret in the state is not known there; the live control reads it from the cloud.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policies.bucket_rules import shared_with
from policies.controls.base import Question, control
from policies.findings import failed, has_unknown, items, label, not_applicable, or_nothing, passed, unknown, value
from policies.kinds import (
    BUCKET,
    BUCKET_POLICY,
    DROPLET,
    LOG_SINK,
    LOGPUSH,
    MONITOR_ALERT,
    NOTIFICATION,
    RECORD,
    SEARCH_SINK,
    UPTIME_ALERT,
    WEBHOOK,
    ZONE,
)
from policies.readers import cloudflare, cloudflare_account, digitalocean, spaces
from policies.readers.live import Seen, gather
from policies.readers.state import REDACTED, UNKNOWN, Resource, Stack
from policies.recipients import OURSELVES, PROVIDERS, host_of, processor
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

MEND = "send it to a listed processor, or have the list changed and announced first"

LISTS = ("sharing.processors", "sharing.none")
"""The promises that hold a list of processors."""


@dataclass(frozen=True)
class Recipient:
    """One way out: what leads where. `where` is a host, `UNKNOWN`, `REDACTED` or `EVERYBODY`; `closed` says that it leads nowhere."""

    subject: str
    where: Any
    closed: bool = False


EVERYBODY = "everybody"


@control("recipients.plan", Surface.PLAN, "every package, destination, webhook, address, exchanger and public bucket, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    yield from packages(stack, question)
    yield from judge(stack, question)


@control("recipients.live", Surface.LIVE, "destinations, sinks, alerts, webhooks, records and buckets' access, from both APIs and Spaces")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    """Each source is judged by itself: what was read is told though another could not be."""
    account = clients.settings.cloudflare.account_id
    sources = {
        **digitalocean.sources(clients.digitalocean, LOG_SINK, MONITOR_ALERT, UPTIME_ALERT),
        **cloudflare.sources(clients.cloudflare, account, ZONE, RECORD),
        **cloudflare_account.sources(clients.cloudflare, account, LOGPUSH, NOTIFICATION, WEBHOOK),
        **spaces.details(clients.settings, question.once),
    }
    seen: Seen = gather(sources)
    yield from seen.judged_in_part(lambda stack: judge(stack, question))


def allowed(question: Question) -> tuple[str, ...]:
    """The list of processors: the promise's own, or the platform's."""
    if "processors" in question.parameters:
        return question.promise.texts("processors")
    listed = [each for each in question.catalog.promises if each.id in LISTS]
    return listed[0].texts("processors") if listed else ()


def packages(stack: Stack, question: Question) -> Iterator[Observation]:
    """Whose cloud the resources are made in, one observation a package."""
    found = {resource.type.removeprefix("pulumi:providers:").split(":")[0] for resource in stack.resources}
    expected = _expected(question)
    for package in sorted(found):
        party = PROVIDERS.get(package, "")
        if party == OURSELVES:
            continue
        if party in allowed(question):
            yield passed(f"package {package}", expected, party)
        else:
            yield failed(f"package {package}", expected, f"{party or 'a provider that nobody declared'}", MEND)


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    zones = [name.lower() for zone in stack.of(ZONE) if isinstance(name := value(zone, "name"), str)]
    hosts = [address for each in stack.of(DROPLET) if isinstance(address := value(each, "ipv4AddressPrivate"), str)]
    own = (*zones, *hosts, *question.catalog.domains)
    return or_nothing((_told(each, own, question) for each in _all(stack)), "way out of the platform", _expected(question))


def _expected(question: Question) -> str:
    return f"ourselves, or one of {', '.join(allowed(question))}"


def _told(recipient: Recipient, own: tuple[str, ...], question: Question) -> Observation:
    expected, where = _expected(question), recipient.where
    if recipient.closed:
        return passed(recipient.subject, expected, "nobody else")
    if where == REDACTED:
        return not_applicable(recipient.subject, expected, "the state keeps it secret; the live control reads it from the cloud")
    if where is UNKNOWN:
        return unknown(recipient.subject, expected)
    party = processor(where, own)
    if party == OURSELVES or party in allowed(question):
        return passed(recipient.subject, expected, f"{party} ({where})")
    return failed(recipient.subject, expected, f"{where or 'nobody named'}: {party or 'nobody that was declared'}", MEND)


def _all(stack: Stack) -> Iterator[Recipient]:
    for job in stack.of(LOGPUSH):
        yield from _one(job, "destinationConf")
    for sink in stack.of(LOG_SINK):
        yield from _one(sink, "server")
    for sink in stack.of(SEARCH_SINK):
        yield from _one(sink, "url")
    for hook in stack.of(WEBHOOK):
        yield from _one(hook, "url")
    for alert in stack.of(MONITOR_ALERT, UPTIME_ALERT, NOTIFICATION):
        yield from _alerted(alert)
    for record in stack.of(RECORD):
        yield from _named(record)
    policies = stack.of(BUCKET_POLICY)
    for bucket in stack.of(BUCKET):
        yield from _opened(bucket, policies)


def _one(resource: Resource, name: str) -> Iterator[Recipient]:
    """A single destination; what the state keeps secret is told apart from what is not known yet."""
    raw = resource.get(name, resource.inputs.get(name))
    if isinstance(raw, str) and raw == REDACTED:
        yield Recipient(label(resource), REDACTED)
    else:
        yield Recipient(label(resource), UNKNOWN if raw is UNKNOWN else host_of(raw) if raw else "")


def _alerted(alert: Resource) -> Iterator[Recipient]:
    """Mail by its domain, chat and pagers by their host; who is reached by another resource's id is judged there."""
    for ways in (*(items(alert, "alerts") or ()), *(items(alert, "notifications") or ()), *(items(alert, "mechanisms") or ())):
        for mail in ways.get("emails") or ():
            yield Recipient(f"mail of {label(alert)}", host_of(mail.get("id") if isinstance(mail, dict) else mail))
        for chat in ways.get("slacks") or ():
            yield Recipient(f"chat of {label(alert)}", host_of(chat.get("url") if isinstance(chat, dict) else chat))
        for _ in ways.get("pagerduties") or ():
            yield Recipient(f"pager of {label(alert)}", "pagerduty.com")
    if any(items(alert, name) is None for name in ("alerts", "notifications", "mechanisms")):
        yield Recipient(label(alert), UNKNOWN)


def _named(record: Resource) -> Iterator[Recipient]:
    """Mail exchangers, senders named by SPF, and names that lead to somebody else's."""
    kind, content = value(record, "type"), value(record, "content")
    subject = f"{label(record)} {kind}"
    if kind not in ("MX", "TXT", "CNAME"):
        return
    if has_unknown(content):
        yield Recipient(subject, UNKNOWN)
    elif kind == "TXT":
        yield from (Recipient(f"sender in {subject}", sender) for sender in _senders(str(content)))
    elif str(content).rstrip("."):
        yield Recipient(subject, host_of(content))


def _senders(text: str) -> Iterator[str]:
    """The domains and addresses that SPF lets send in our name."""
    words = text.replace('" "', "").strip('"').split()
    if not words or words[0].lower() != "v=spf1":
        return
    for word in words[1:]:
        name, separator, host = word.lstrip("+-~?").partition("=" if "=" in word else ":")
        if name.lower() in ("include", "redirect", "a", "mx", "exists", "ip4", "ip6", "ptr") and separator:
            yield host.partition("/")[0] if name.lower() in ("a", "mx") else host
        elif name.lower() == "all" and not word.startswith(("-", "~")):
            yield EVERYBODY


def _opened(bucket: Resource, policies: tuple[Resource, ...]) -> Iterator[Recipient]:
    found = list(shared_with(bucket, policies))
    if any(found):
        yield Recipient(f"access to {label(bucket)}: {'; '.join(each for each in found if each)}", EVERYBODY)
    else:
        yield Recipient(f"access to {label(bucket)}", UNKNOWN, closed=None not in found)
