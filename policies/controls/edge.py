"""`edge.waf-and-ddos`: every public name stands behind the edge, whose firewall and DDoS protection are in force and whole.

WAF: the zone's entry point of phase `http_request_firewall_managed` holds, for each managed ruleset of the promise, an enabled
`execute` rule with the expression `true`; no override in it only logs or switches off, and no skip rule goes round it.
A ruleset's name and the setting of the old WAF prove nothing. DDoS: overrides can only weaken, so any override is a finding.
Names: every A, AAAA and CNAME record is proxied; what a proxied record points at is one of our machines and reachable from the
edge only (`policies.ingress`, with the figures of `firewall.https-only`), else the edge can be walked round.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from policies.controls.base import Question, control
from policies.findings import failed, has_unknown, judged, label, or_nothing, unknown, value
from policies.kinds import BALANCER, DIGITALOCEAN_RECORD, DROPLET, FIREWALL, PAGE_RULE, RECORD, RULESET, ZONE
from policies.names import exposed, origins
from policies.readers import cloudflare, digitalocean
from policies.readers.live import Seen, gather
from policies.readers.state import Resource, Stack
from policies.waf import DDOS, MANAGED, SKIPPING, hollowed, runs_for_everything, skips, weakened
from policies.zones import ABSENT, View, active_rules, hedged, settled, views
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

EXPECTED_DDOS = "no override of the DDoS rulesets"

EXPECTED_WHOLE = "no rule goes round the managed firewall"


@control("edge.plan", Surface.PLAN, "each zone's rulesets and records, and the machines its names point at, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge(stack, question)


@control("edge.live", Surface.LIVE, "the zones' rulesets and records, from Cloudflare, and the machines behind them, from DigitalOcean")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    """The zones are judged though the machines could not be read; what stands behind a name is judged only from both."""
    account = clients.settings.cloudflare.account_id
    outside = gather(cloudflare.sources(clients.cloudflare, account, ZONE, RECORD, RULESET, PAGE_RULE))
    yield from outside.judged(lambda stack: or_nothing(_zones(stack, question), "zone", "a zone with the managed firewall"))
    yield from (serving(zone) for zone in outside.stack.of(ZONE))
    inside = gather(digitalocean.sources(clients.digitalocean, DROPLET, BALANCER, FIREWALL))
    both = Seen(Stack("", outside.stack.resources + inside.stack.resources, ""), inside.unread)
    yield from both.judged(lambda stack: (*exposed(stack.of(RECORD), stack), *origins(stack, question)))


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    """The zones (a stack without one has no edge), then every public name and what stands behind it."""
    yield from or_nothing(_zones(stack, question), "zone", "a zone with the managed firewall")
    yield from exposed(stack.of(RECORD, DIGITALOCEAN_RECORD), stack)
    yield from origins(stack, question)


def _zones(stack: Stack, question: Question) -> Iterator[Observation]:
    for view in views(stack):
        yield from hedged(_protected(view, question), view)


def _protected(view: View, question: Question) -> Iterator[Observation]:
    yield from (executed(view, ruleset) for ruleset in question.promise.texts("managed_rulesets"))
    yield undiminished(view)
    yield shielded(view)
    if view.zone is not None:
        paused = value(view.zone, "paused") is True
        yield judged(view.name, "not paused", ["paused: nothing is proxied"] if paused else [], "active", "resume the zone")


def serving(zone: Resource) -> Observation:
    """Live only: a zone whose names the registrar does not send to the edge protects nothing, whatever is set in it."""
    status = value(zone, "status")
    mend = "point the domain's name servers at those that Cloudflare gave the zone"
    return judged(f"status of {label(zone)}", "active", [] if status == "active" else [f"status {status}"], "active", mend)


def executed(view: View, managed: str) -> Observation:
    """One managed ruleset in the zone's own entry point."""
    subject, expected = f"managed ruleset {managed[:8]} of {view.name}", "executed for every request, with no weakening override"
    mend = "add an enabled rule to the entry point that executes it with the expression true"
    entry = [each for each in view.rulesets(MANAGED) if value(each, "kind") == "zone"]
    rules = [rule for each in entry for rule in active_rules(each) if (rule.get("actionParameters") or {}).get("id") == managed]
    running = [rule for rule in rules if runs_for_everything(rule)]
    if not running and any(has_unknown(value(each, "rules")) for each in entry):
        return unknown(subject, expected)
    if not entry:
        return failed(subject, expected, f"{ABSENT}: the zone has no entry point for managed rules", mend)
    if not running:
        seen = f"only where {rules[0].get('expression')} ({rules[0].get('action')})" if rules else f"{ABSENT}: no enabled rule executes it"
        return failed(subject, expected, seen, mend)
    faults = [fault for rule in running for fault in hollowed(rule)]
    return settled(judged(subject, expected, faults, "executed for every request", "take the override away"), entry)


def undiminished(view: View) -> Observation:
    """Skip rules and page rules that go round the managed firewall, whatever their expression."""
    faults = [fault for ruleset in view.rulesets(*SKIPPING) for fault in skips(ruleset)]
    faults += [fault for page_rule in view.of(PAGE_RULE) for fault in _page_rule(page_rule)]
    observation = judged(f"managed firewall of {view.name}", EXPECTED_WHOLE, faults, "none", "delete the rule that skips it")
    return settled(observation, (*view.rulesets(*SKIPPING), *view.of(PAGE_RULE)))


def shielded(view: View) -> Observation:
    faults = [fault for ruleset in view.rulesets(*DDOS) for fault in weakened(ruleset)]
    observation = judged(f"DDoS protection of {view.name}", EXPECTED_DDOS, faults, "no override", "delete the override")
    return settled(observation, view.rulesets(*DDOS))


def one_ruleset(ruleset: Resource, question: Question) -> Observation:  # noqa: ARG001 - as every early check is called
    """What one ruleset alone can tell: whether it weakens the firewall or the DDoS protection."""
    subject, phase = label(ruleset), value(ruleset, "phase")
    faults: list[str] = []
    if phase in SKIPPING:
        faults += skips(ruleset)
    if phase in DDOS:
        faults += weakened(ruleset)
    if phase == MANAGED:
        faults += [fault for rule in active_rules(ruleset) if rule.get("action") == "execute" for fault in _whole(rule)]
    mend = "let it execute every managed ruleset whole, for every request"
    return settled(judged(subject, EXPECTED_WHOLE, faults, "nothing weakens it", mend), [ruleset])


def _whole(rule: Any) -> Iterator[str]:
    if not runs_for_everything(rule):
        yield f"executes {str((rule.get('actionParameters') or {}).get('id'))[:8]} only where {rule.get('expression')}"
    yield from hollowed(rule)


def one_record(record: Resource, question: Question) -> Observation | None:  # noqa: ARG001 - as every early check is called
    """What one record alone can tell."""
    found = tuple(exposed((record,), Stack("", (record,), "")))
    return found[0] if found else None


def _page_rule(page_rule: Resource) -> Iterator[str]:
    actions = value(page_rule, "actions")
    if has_unknown(actions) or not actions or value(page_rule, "status") == "disabled":
        return
    if actions.get("disableSecurity") or actions.get("waf") == "off":
        yield f"a page rule switches it off on {value(page_rule, 'target')}"
