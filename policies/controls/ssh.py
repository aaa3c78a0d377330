"""`ssh.keys-from-authorised-ips`: port 22 answers the listed addresses alone, passwords are refused, and the keys are the declared ones.

Addresses: those of `firewall.https-only`. Whatever else reaches port 22 of a host, from inside too, is a failure: another tag, a private
range, a balancer that forwards to it, or no firewall at all. Keys: each host names at least one (without one the cloud mails a
password to somebody) and only keys that the stack declares; the account holds no other. Passwords: by the host's user data
(`policies.logins`). What sshd really answers is for the hosts' own reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from policies import ports, traffic, userdata
from policies.addresses import Addresses
from policies.controls.base import Question, control
from policies.findings import failed, has_unknown, items, judged, label, or_nothing, passed, same_id, unknown, value
from policies.ingress import Coverage, applies
from policies.kinds import BALANCER, DROPLET, FIREWALL, SSH_KEY
from policies.logins import public_keys, ssh_faults
from policies.parties import another_platform
from policies.readers import digitalocean
from policies.readers.declared import declared
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from policies.traffic import Permit
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

SSH = ports.parse("22")

EXPECTED_PORT = "port 22 answers the listed addresses only"
EXPECTED_LOGIN = "keys only, no password anywhere"
EXPECTED_KEYS = "the declared keys, and at least one"
EXPECTED_KEY = "a key that the stack declares"

MEND_PORT = "let one firewall rule open port 22 to the listed addresses, and no other rule cover it"
MEND_LOGIN = "say it in the host's user data: ssh_pwauth false, sshd's passwords off, no password of any user"
MEND_KEYS = "name the fingerprints of declared SSH keys as the droplet's ssh_keys"
MEND_KEY = "declare the key in the program, or delete it from the account"


@control("ssh.plan", Surface.PLAN, "each host's rules for port 22, its keys and its user data, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    hosts = _hosts(stack, question)
    yield from or_nothing(_ports(hosts, stack, question), "host", EXPECTED_PORT)
    yield from (keys(host, stack) for host in hosts)
    yield from (logins(host, _public(stack)) for host in hosts)


@control("ssh.live", Surface.LIVE, "the account's firewalls, balancers and SSH keys, from DigitalOcean, against the declared keys")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    """The keys are compared with the stored state; the ports are judged though there is none."""
    seen = gather(digitalocean.sources(clients.digitalocean, DROPLET, FIREWALL, BALANCER))
    yield from seen.judged(lambda stack: or_nothing(_ports(_hosts(stack, question), stack, question), "host", EXPECTED_PORT))
    found = gather(digitalocean.sources(clients.digitalocean, SSH_KEY))
    known = _public(declared(clients.settings))
    own = [key for key in found.stack.of(SSH_KEY) if not another_platform(key, question.catalog)]
    yield from found.judged(lambda _: or_nothing((_known(key, known) for key in own), "SSH key", EXPECTED_KEY))


def _hosts(stack: Stack, question: Question) -> tuple[Resource, ...]:
    return tuple(host for host in stack.of(DROPLET) if not another_platform(host, question.catalog))


def _ports(hosts: tuple[Resource, ...], stack: Stack, question: Question) -> Iterator[Observation]:
    listed = Addresses.parse(question.catalog.promise("firewall.https-only").texts("ssh_addresses"))
    allowed = tuple(Permit("tcp", SSH, block) for block in listed.blocks)
    forwarding = {verdict: tuple(each for each in stack.of(BALANCER) if _forwards(each) is verdict) for verdict in (True, None)}
    ways = Ways(Coverage(stack.of(FIREWALL)), forwarding[True], allowed, forwarding[None])
    yield from (port(host, ways) for host in hosts)


@dataclass(frozen=True)
class Ways:
    """What leads to port 22 anywhere in a stack: its firewalls, the balancers that forward to it (or perhaps do), and who may come."""

    firewalls: Coverage
    balancers: tuple[Resource, ...]
    allowed: tuple[Permit, ...]
    perhaps: tuple[Resource, ...]

    @cached_property
    def _rules(self) -> dict[int, traffic.Rules]:
        return {}

    def rules(self, firewall: Resource) -> traffic.Rules:
        """What one of the firewalls lets in, read once."""
        if id(firewall) not in self._rules:
            self._rules[id(firewall)] = traffic.read(value(firewall, "inboundRules"), "source")
        return self._rules[id(firewall)]


def port(host: Resource, ways: Ways) -> Observation:
    """Who reaches port 22 of one host."""
    subject, covered = f"port 22 of {label(host)}", [(each, applies(each, host)) for each in ways.firewalls.near(host)]
    seen = sum((ways.rules(each) for each, verdict in covered if verdict), traffic.Rules())
    opened = [Permit(each.protocol, each.ports - (each.ports - SSH), each.peer) for each in seen.permits if _reaches_ssh(each)]
    faults = [f"{each} may reach it" for each in traffic.excess(opened, ways.allowed)]
    faults += [f"{label(balancer)} forwards to it" for balancer in ways.balancers]
    maybe = any(verdict is None for _, verdict in covered)
    if not any(verdict for _, verdict in covered) and not maybe:
        faults.append("no firewall covers it, so everybody may reach it")
    if faults:
        return failed(subject, EXPECTED_PORT, "; ".join(faults), MEND_PORT)
    doubts = [*seen.doubts, *(f"where {label(balancer)} forwards to is not known yet" for balancer in ways.perhaps)]
    if doubts or maybe:
        return unknown(subject, EXPECTED_PORT, "; ".join(doubts) or "which firewalls cover it is not known yet")
    return passed(subject, EXPECTED_PORT, f"{len(opened)} listed addresses" if opened else "nobody reaches it")


def _reaches_ssh(permit: Permit) -> bool:
    return permit.protocol in ("tcp", "any protocol") and (not permit.ports or SSH.within(permit.ports))


def _forwards(balancer: Resource) -> bool | None:
    """Whether a rule of a balancer leads to port 22; None while a target is not known (its other values decide nothing)."""
    rules = value(balancer, "forwardingRules")
    if rules is UNKNOWN:
        return None
    each = rules if isinstance(rules, list | tuple) else ()
    targets = [rule.get("targetPort") if isinstance(rule, dict) else UNKNOWN for rule in each]
    if any(same_id(target) == "22" for target in targets):
        return True
    return None if any(map(has_unknown, targets)) else False


def keys(host: Resource, stack: Stack) -> Observation:
    """The keys that a host is made with: named, and declared in the stack by id or fingerprint."""
    subject, named = f"keys of {label(host)}", items(host, "sshKeys")
    own = stack.of(SSH_KEY)
    known = {same_id(value(key, name)) for key in own for name in ("id", "fingerprint") if not has_unknown(value(key, name))}
    if named == ():
        return failed(subject, EXPECTED_KEYS, "no key is named, so the cloud makes a password", MEND_KEYS)
    if named is None:
        return unknown(subject, EXPECTED_KEYS)
    strange = [same_id(each) for each in named if same_id(each) not in known]
    if strange and any(has_unknown(value(key, "fingerprint")) or has_unknown(value(key, "id")) for key in own):
        return unknown(subject, EXPECTED_KEYS)
    return judged(subject, EXPECTED_KEYS, [f"key {each} is not declared" for each in strange], f"{len(named)} declared", MEND_KEYS)


def logins(host: Resource, known: frozenset[tuple[str, str]]) -> Observation:
    """What one host's user data lets in."""
    subject, found = f"logins of {label(host)}", userdata.of(host)
    if found is None:
        return unknown(subject, EXPECTED_LOGIN, "its user data is not known yet")
    return judged(subject, EXPECTED_LOGIN, list(ssh_faults(found, known)), "passwords are off everywhere", MEND_LOGIN)


def one_host(host: Resource, question: Question) -> Observation | None:  # noqa: ARG001 - as every early check is called
    """What one host alone can tell: its user data (keys in it may be declared elsewhere, so they are not judged here)."""
    found = userdata.of(host)
    return judged(f"logins of {label(host)}", EXPECTED_LOGIN, list(_without_keys(found)), "", MEND_LOGIN) if found else None


def _without_keys(found: Any) -> Iterator[str]:
    anything = frozenset(key for text in (*found.texts, str(found.document)) for key in public_keys(text))
    yield from ssh_faults(found, anything)


def _public(stack: Stack) -> frozenset[tuple[str, str]]:
    texts = (value(key, "publicKey") for key in stack.of(SSH_KEY))
    return frozenset(key for text in texts if isinstance(text, str) for key in public_keys(text))


def _known(key: Resource, known: frozenset[tuple[str, str]]) -> Observation:
    own, text = label(key), value(key, "publicKey")
    if text is UNKNOWN:
        return unknown(own, EXPECTED_KEY)
    declared_ = bool(public_keys(str(text))) and public_keys(str(text)) <= known
    return judged(own, EXPECTED_KEY, [] if declared_ else ["no key of the stack is this one"], "declared", MEND_KEY)
