"""The accounts: a second factor for everybody, tokens that end and work from listed addresses only, no SSH key without a host.

Only Cloudflare's account can be asked: DigitalOcean's API has no call for members, second factors or tokens, and does not tell which
key a droplet was made with. Subjects name no person: members are counted, tokens are known by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.addresses import Addresses
from policies.findings import has_unknown, items, same_id, unknown, value
from policies.hygiene.base import Asked, checks, verdict
from policies.hygiene.certificates import moment
from policies.kinds import ACCOUNT, ACCOUNT_TOKEN, API_TOKEN, DROPLET, MEMBER, SSH_KEY
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation, Surface
from promises.wording import duration

NO_TOKEN = "no token is here"  # noqa: S105 - words


@checks("account.two-factor", ACCOUNT, MEMBER, none="the account is no part of the program: the live check asks it")
def two_factor(asked: Asked) -> Iterator[Observation]:
    """The account enforces it. Whether each member has one is told by the cloud alone: it refuses nobody who was there before."""
    for account in asked.stack.of(ACCOUNT):
        settings, expected = value(account, "settings"), "a second factor is enforced"
        enforced = settings.get("enforceTwofactor") if isinstance(settings, Mapping) else settings
        if enforced is UNKNOWN:
            yield unknown("account", expected)
        else:
            yield verdict("account", expected, "" if enforced is True else "not set" if enforced is None else "off", "enforced")
    if asked.surface is Surface.LIVE:
        yield _members(asked.stack)


def _members(stack: Stack) -> Observation:
    seen = [_has_factor(member) for member in stack.of(MEMBER)]
    expected, without = "every member has a second factor", seen.count(False)
    if without:
        return verdict("members", expected, f"{without} of {len(seen)} have none", "")
    if None in seen or not seen:
        return unknown("members", expected, f"not known of {seen.count(None)} of {len(seen)}")
    return verdict("members", expected, "", f"all {len(seen)} have one")


def _has_factor(member: Resource) -> bool | None:
    found = value(member, "secondFactor")
    return found if isinstance(found, bool) else None


def _tokens(stack: Stack) -> tuple[Resource, ...]:
    """Those that work: a token that is disabled or has ended does no harm."""
    found = stack.of(API_TOKEN, ACCOUNT_TOKEN)
    return tuple(each for each in found if has_unknown(value(each, "status")) or value(each, "status") not in ("disabled", "expired"))


@checks("account.token-expiry", API_TOKEN, ACCOUNT_TOKEN, none=NO_TOKEN, apart=True)
def token_expiry(asked: Asked) -> Iterator[Observation]:
    return (_ending(asked, token) for token in _tokens(asked.stack))


def _ending(asked: Asked, token: Resource) -> Observation:
    """From its issue or, for one that is to be issued, from now."""
    longest = asked.duration("longest")
    subject, expected, seen = f"token {token.name}", f"ends within {duration(longest)} of its issue", value(token, "expiresOn")
    if seen is None:
        return verdict(subject, expected, "not set: it never ends", "")
    end, issued = moment(seen), value(token, "issuedOn")
    start = asked.now if issued in (None, "") or issued is UNKNOWN else moment(issued)
    if end is None or start is None:
        return unknown(subject, expected)
    return verdict(subject, expected, f"ends on {end:%Y-%m-%d}" if end - start > longest else "", f"ends on {end:%Y-%m-%d}")


@checks("account.token-addresses", API_TOKEN, ACCOUNT_TOKEN, none=NO_TOKEN, apart=True)
def token_addresses(asked: Asked) -> Iterator[Observation]:
    return (_limited(token) for token in _tokens(asked.stack))


def _limited(token: Resource) -> Observation:
    """A list of addresses that are one site's each; what is listed as refused only leaves everybody else."""
    subject, expected, condition = f"token {token.name}", "a list of addresses it works from", value(token, "condition")
    if has_unknown(condition):
        return unknown(subject, expected)
    limits = condition.get("requestIp") if isinstance(condition, Mapping) else None
    listed = (limits.get("ins") or limits.get("in")) if isinstance(limits, Mapping) else None
    if not listed:
        return verdict(subject, expected, "not set: it works from everywhere", "")
    try:
        wide = Addresses.parse(listed).too_wide()
    except ValueError:
        return unknown(subject, expected, "its addresses cannot be read")
    return verdict(subject, expected, f"works from {', '.join(map(str, wide))}" if wide else "", f"{len(listed)} listed")


@checks("account.ssh-keys", SSH_KEY, DROPLET, none="no SSH key is here")
def ssh_keys(asked: Asked) -> Iterator[Observation]:
    """A droplet names a key by its id or its fingerprint."""
    used = [items(droplet, "sshKeys") for droplet in asked.stack.of(DROPLET)]
    known = {same_id(each) for keys in used for each in keys or ()}
    for key in asked.stack.of(SSH_KEY):
        subject, expected = f"SSH key {key.name}", "a host that was made with it"
        own = [value(key, name) for name in ("id", "fingerprint")]
        if {same_id(each) for each in own} & known:
            yield verdict(subject, expected, "", "in use")
        elif has_unknown(own) or None in used:
            yield unknown(subject, expected)
        else:
            yield verdict(subject, expected, "no host was made with it", "")
