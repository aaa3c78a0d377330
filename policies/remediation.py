"""What the pack may mend by itself: settings whose only right value is known and whose change loses nothing.

Pure functions from a resource's inputs to mended inputs, or None where nothing is to mend. They run only where the pack's configuration
sets a policy's enforcement level to `remediate`; by default a fault is refused and a person mends it. What is not here is not safe to
change unasked: a region or a network means a new machine, an address list decides who is shut out, a rule of the firewall may be meant.

A value that is not known is left alone, and so is a resource that says nothing wrong; what is mended is what the early check of the same
control would refuse, so that a mended resource passes it. Bucket, droplet and balancer settings are house rules beside the promises.

>>> mended("transport.plan", ZONE_SETTING, {"settingId": "ssl", "value": "full"}, question)
{'settingId': 'ssl', 'value': 'strict'}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from policies.controls.base import Question
from policies.controls.transport import STRICT, older
from policies.kinds import BALANCER, BUCKET, DROPLET, ZONE_SETTING
from policies.readers.state import UNKNOWN

Props = Mapping[str, Any]
Mend = Callable[[Props, Question], dict[str, Any]]

HOUSE = "house.settings"
"""The policy that mends what is good manners on these clouds and no promise; it refuses nothing."""


def mended(policy: str, type_: str, props: Props, question: Question) -> dict[str, Any] | None:
    """The inputs as they should be; None where this policy mends nothing here."""
    changed = changes(policy, type_, props, question)
    return {**props, **changed} if changed else None


def changes(policy: str, type_: str, props: Props, question: Question) -> dict[str, Any]:
    """The inputs that would be other ones; empty where nothing is wrong."""
    mend = MENDS.get(policy, {}).get(type_)
    return mend(props, question) if mend else {}


def zone_setting(props: Props, question: Question) -> dict[str, Any]:
    """The lowest TLS version, TLS 1.3, strict checking of the origin, and the redirect of plain HTTP."""
    setting, seen = props.get("settingId"), props.get("value")
    if seen is UNKNOWN or setting is UNKNOWN:
        return {}
    figure = question.promise.text("minimum_version").removeprefix("TLS").strip()
    wrong: Mapping[Any, tuple[bool, str]] = {
        "min_tls_version": (older(seen, figure), figure),
        "tls_1_3": (seen not in ("on", "zrt"), "on"),
        "ssl": (seen not in STRICT, "strict"),
        "always_use_https": (seen != "on", "on"),
    }
    is_wrong, right = wrong.get(setting, (False, ""))
    return {"value": right} if is_wrong else {}


def balancer(props: Props, question: Question) -> dict[str, Any]:  # noqa: ARG001 - as every mend is called
    """The strong cipher policy, and a redirect where it answers plain HTTP at all."""
    found: dict[str, Any] = {}
    if props.get("tlsCipherPolicy") is not UNKNOWN and props.get("tlsCipherPolicy") != "STRONG":
        found["tlsCipherPolicy"] = "STRONG"
    entries = props.get("forwardingRules")
    plain = isinstance(entries, list) and any(isinstance(each, Mapping) and each.get("entryProtocol") == "http" for each in entries)
    if plain and props.get("redirectHttpToHttps") not in (True, UNKNOWN):
        found["redirectHttpToHttps"] = True
    return found


def bucket(props: Props, question: Question) -> dict[str, Any]:  # noqa: ARG001 - as every mend is called
    """Private, and keeping what was overwritten or deleted."""
    found: dict[str, Any] = {}
    if props.get("acl") is not UNKNOWN and props.get("acl") != "private":
        found["acl"] = "private"
    versioning = props.get("versioning")
    known = versioning is not UNKNOWN and not (isinstance(versioning, Mapping) and versioning.get("enabled") is UNKNOWN)
    if known and not (isinstance(versioning, Mapping) and versioning.get("enabled") is True):
        found["versioning"] = {"enabled": True}
    return found


def droplet(props: Props, question: Question) -> dict[str, Any]:  # noqa: ARG001 - as every mend is called
    """Monitored: alerts stand on what the agent reports."""
    return {} if props.get("monitoring") in (True, UNKNOWN) else {"monitoring": True}


MENDS: Mapping[str, Mapping[str, Mend]] = {
    "transport.plan": {ZONE_SETTING: zone_setting, BALANCER: balancer},
    HOUSE: {BUCKET: bucket, DROPLET: droplet},
}
"""By policy (a plan control, or `HOUSE`) and type of resource."""
