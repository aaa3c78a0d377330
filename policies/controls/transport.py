"""`transport.tls`: TLS of at least the promised version on every hop that a setting decides.

Edge: the zone's lowest version, TLS 1.3, strict checking of the origin's certificate and the redirect of plain HTTP, each said
outright (Cloudflare's own defaults are TLS 1.0 and no redirect); nothing may override them for a part of the zone.
Balancer: every entry speaks TLS and so does what it forwards to; where TLS ends at the balancer, by its strong policy.
Database: the API says that connections use TLS.
A setting is no handshake: the refusal of an older version is probed apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policies.controls.base import Question, control
from policies.findings import failed, has_unknown, items, judged, label, or_nothing, passed, unknown, value
from policies.kinds import BALANCER, CLUSTER, HOSTNAME_TLS, PAGE_RULE, RULESET, ZONE, ZONE_SETTING
from policies.readers import cloudflare, digitalocean
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from policies.zones import ABSENT, View, active_rules, hedged, settled, views
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

TLS_ENTRIES = ("https", "http2", "http3")

STRICT = ("strict", "origin_pull")
"""Values of `ssl` that check the origin's certificate."""

DEFAULTS = {"min_tls_version": "1.0", "tls_1_3": "off", "ssl": "flexible", "always_use_https": "off"}
"""What Cloudflare may fall back to when a setting is not said; none is good enough to rely on."""

STRONG = "STRONG"
"""The balancer's policy that speaks no version below TLS 1.2; its default is wider, and no answer of a refresh tells it."""

MEND_ENTRIES = "use https on both sides with tls_cipher_policy STRONG, or pass TLS through"

EXPECTED_ENTRIES = "every entry speaks TLS and forwards over TLS"


@control("transport.plan", Surface.PLAN, "the TLS settings of each zone and the entries of each balancer, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge(stack, question)


@control("transport.live", Surface.LIVE, "the zones' TLS settings, the balancers' entries and the databases' connections, from both APIs")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    """Each side is judged though the other could not be read."""
    zones = (ZONE, ZONE_SETTING, RULESET, PAGE_RULE, HOSTNAME_TLS)
    edge = gather(cloudflare.sources(clients.cloudflare, clients.settings.cloudflare.account_id, *zones))
    yield from edge.judged(lambda stack: or_nothing(_zones(stack, question), "zone", f"TLS {_figure(question)} or newer"))
    inside = gather(digitalocean.sources(clients.digitalocean, BALANCER, CLUSTER))
    yield from inside.judged_in_part(lambda stack: (entries(each, question) for each in stack.of(BALANCER)))
    yield from (encrypted(each) for each in inside.stack.of(CLUSTER))


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    """The zones (a stack without one proves nothing of its public side), then the balancers, if any."""
    yield from or_nothing(_zones(stack, question), "zone", f"TLS {_figure(question)} or newer")
    yield from (entries(balancer, question) for balancer in stack.of(BALANCER))


def _zones(stack: Stack, question: Question) -> Iterator[Observation]:
    for view in views(stack):
        yield from hedged(_settings(view, question), view)
        yield from hedged([overrides(view, question)], view)


def _figure(question: Question) -> str:
    return question.promise.text("minimum_version").removeprefix("TLS").strip()


def _required(question: Question) -> Mapping[str, tuple[str, Callable[[Any], bool]]]:
    """Per setting: what is expected, in words, and how a value is judged."""
    figure = _figure(question)
    return {
        "min_tls_version": (f"min_tls_version {figure} or newer", lambda seen: not older(seen, figure)),
        "tls_1_3": ("tls_1_3 on", lambda seen: seen in ("on", "zrt")),
        "ssl": ("ssl strict", lambda seen: seen in STRICT),
        "always_use_https": ("always_use_https on", lambda seen: seen == "on"),
    }


def older(seen: object, figure: str) -> bool:
    """Whether a TLS version is older than the figure, or is none at all (versions are numbers, not texts)."""
    try:
        return _version(str(seen)) < _version(figure)
    except ValueError:
        return True


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _settings(view: View, question: Question) -> Iterator[Observation]:
    for setting, (expected, good) in _required(question).items():
        subject, found = f"{setting} of {view.name}", view.settings(setting)
        if not found:
            yield failed(subject, expected, f"{ABSENT} (it may fall back to {DEFAULTS[setting]})", f"declare {expected} in the zone")
        for seen in found:
            yield _setting(subject, seen, setting, expected, good)


def _setting(subject: str, seen: Any, setting: str, expected: str, good: Callable[[Any], bool]) -> Observation:
    if seen is UNKNOWN:
        return unknown(subject, expected)
    return judged(subject, expected, [] if good(seen) else [f"{setting} {seen}"], f"{setting} {seen}", f"set {expected} in the zone")


def one_setting(resource: Resource, question: Question) -> Observation | None:
    """What one zone setting alone can tell; None when it is not one of ours."""
    setting = value(resource, "settingId")
    if setting not in _required(question):
        return None
    expected, good = _required(question)[setting]
    return _setting(f"{setting} of its zone", value(resource, "value"), setting, expected, good)


def overrides(view: View, question: Question) -> Observation:
    """Rules that loosen the zone's settings for a part of it."""
    figure = _figure(question)
    faults = [fault for ruleset in view.rulesets("http_config_settings") for fault in _loosened(ruleset)]
    faults += [fault for page_rule in view.of(PAGE_RULE) for fault in _page_rule(page_rule)]
    faults += [
        f"min_tls_version {value(each, 'value')} for {value(each, 'hostname')}"
        for each in view.of(HOSTNAME_TLS)
        if value(each, "settingId") == "min_tls_version" and value(each, "value") is not UNKNOWN and older(value(each, "value"), figure)
    ]
    subject, expected = f"TLS exceptions of {view.name}", "no rule loosens TLS for a part of the zone"
    observation = judged(subject, expected, faults, "none", "delete the rule, or let it keep the zone's own settings")
    return settled(observation, (*view.rulesets("http_config_settings"), *view.of(PAGE_RULE), *view.of(HOSTNAME_TLS)))


def _loosened(ruleset: Resource) -> Iterator[str]:
    for rule in active_rules(ruleset):
        ssl = (rule.get("actionParameters") or {}).get("ssl")
        if ssl is not None and ssl not in STRICT:
            yield f"ssl {ssl} where {rule.get('expression')}"


def _page_rule(page_rule: Resource) -> Iterator[str]:
    actions = value(page_rule, "actions")
    if has_unknown(actions) or not actions or value(page_rule, "status") == "disabled":
        return
    if (ssl := actions.get("ssl")) is not None and ssl not in STRICT:
        yield f"ssl {ssl} on {value(page_rule, 'target')}"


def entries(balancer: Resource, question: Question) -> Observation:  # noqa: ARG001 - as every early check is called
    """A balancer's forwarding rules; none at all proves nothing."""
    subject, rules = f"entries of {label(balancer)}", items(balancer, "forwardingRules")
    if rules is None or has_unknown(rules):
        return unknown(subject, EXPECTED_ENTRIES)
    if not rules:
        return failed(subject, EXPECTED_ENTRIES, "no forwarding rule is declared", "declare an https entry")
    faults = [fault for rule in rules for fault in _entry(rule)]
    policy = value(balancer, "tlsCipherPolicy")
    if not faults and _ends_tls(rules):
        if policy is UNKNOWN:
            return unknown(subject, EXPECTED_ENTRIES)
        faults += [] if policy == STRONG else [f"TLS ends here with tls_cipher_policy {policy or 'not said'}"]
    return judged(
        subject,
        EXPECTED_ENTRIES,
        faults,
        f"{len(rules)} over TLS",
        "use https on both sides with tls_cipher_policy STRONG, or pass TLS through",
    )


def _ends_tls(rules: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the balancer itself speaks TLS for some entry; what is passed through, the hosts speak."""
    return any(rule.get("tlsPassthrough") is not True for rule in rules)


def _entry(rule: Mapping[str, Any]) -> Iterator[str]:
    entry, target = str(rule.get("entryProtocol")).lower(), str(rule.get("targetProtocol")).lower()
    port = f"{float(rule.get('entryPort') or 0):.0f}"
    if entry not in TLS_ENTRIES:
        yield f"port {port} speaks plain {entry}"
    elif rule.get("tlsPassthrough") is not True and target not in TLS_ENTRIES:
        yield f"port {port} forwards over plain {target}"


def encrypted(cluster: Resource) -> Observation:
    """A live cluster's own word on its connections."""
    subject, expected, seen = f"connections to {label(cluster)}", "TLS required", value(cluster, "ssl")
    if seen is True:
        return passed(subject, expected, "connection.ssl true")
    if seen is None:
        return unknown(subject, expected, "the answer does not say")
    return failed(subject, expected, "connection.ssl false", "require TLS for every connection of the cluster")
