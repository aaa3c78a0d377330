"""`storage.servers-encrypted`, as far as we decide it: every data volume of every host holds LUKS and nothing else.

A volume is a host's when the host names it or an attachment does. The host's user data must format, open and mount it by LUKS
(`policies.volumes`); the cloud must not make a file system on it. Live, the volumes and who has them come from the cloud, the user data
from the stored state, for the cloud never tells it: a volume or a host that nobody declared has none, and fails.
What is mounted now is for the hosts' own reports, and the disks of hosts and databases for the provider's statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from policies import userdata
from policies.controls.base import Question, control
from policies.findings import failed, items, judged, label, not_applicable, or_nothing, same_id, unknown, value
from policies.kinds import DROPLET, VOLUME, VOLUME_ATTACHMENT
from policies.parties import another_platform
from policies.readers import digitalocean
from policies.readers.declared import declared
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from policies.volumes import volume_faults
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

EXPECTED = "formatted, opened and mounted by LUKS"

MEND = "let the host's user data format and open it by LUKS and mount what it opened; let the cloud make no file system"


@control("volumes.plan", Surface.PLAN, "every data volume and the user data of the host that has it, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge(stack, question)


@control("volumes.live", Surface.LIVE, "volumes and droplets from the DigitalOcean API, with the user data that the stored state declares")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    seen = gather(digitalocean.sources(clients.digitalocean, VOLUME, DROPLET))
    return seen.judged(lambda stack: judge(_told(stack, declared(clients.settings)), question))


def _told(stack: Stack, known: Stack) -> Stack:
    """The live droplets with the user data that was declared for them."""
    said = {same_id(value(each, "id")): each.inputs.get("userData") for each in known.of(DROPLET)}
    known_text: Mapping[str, object] = {identity: text for identity, text in said.items() if text is not None}
    return Stack(
        stack.name,
        tuple(
            replace(each, inputs={"userData": known_text.get(same_id(value(each, "id")), "")}) if each.type == DROPLET else each
            for each in stack.resources
        ),
        "",
    )


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    volumes = [each for each in stack.of(VOLUME) if not another_platform(each, question.catalog)]
    holders = Holders(stack)
    return or_nothing((sealed(volume, holders) for volume in volumes), "data volume", EXPECTED)


def sealed(volume: Resource, holders: Holders) -> Observation:
    """One volume and the hosts that have it."""
    hosts, certain = holders.of(volume)
    name, made = value(volume, "name"), value(volume, "initialFilesystemType") or value(volume, "filesystemType")
    if not hosts:
        told = not_applicable(label(volume), EXPECTED, "no host has it")
        return told if certain else unknown(label(volume), EXPECTED, "which host has it is not known yet")
    if name is UNKNOWN or any(userdata.of(host) is None for host in hosts):
        return unknown(label(volume), EXPECTED, "its host's user data is not known yet")
    faults = [f"the cloud makes {made} on it"] if isinstance(made, str) and made else []
    for host in hosts:
        found = userdata.of(host)
        faults += [f"{label(host)}: {fault}" for fault in volume_faults(found, str(name))] if found else []
    if faults:
        return failed(label(volume), EXPECTED, "; ".join(faults), MEND)
    return judged(label(volume), EXPECTED, [], f"by {', '.join(label(host) for host in hosts)}", MEND)


@dataclass(frozen=True)
class Holders:
    """Which hosts of a stack have which volumes, by every way to say so: the droplet's list, the volume's, an attachment."""

    stack: Stack

    @cached_property
    def _droplets(self) -> tuple[Resource, ...]:
        return self.stack.of(DROPLET)

    @cached_property
    def _by_volume(self) -> Mapping[str, tuple[int, ...]]:
        """Where the droplets stand that name a volume, by its id."""
        return _places((named, place) for place, each in enumerate(self._droplets) for named in items(each, "volumeIds") or ())

    @cached_property
    def _by_id(self) -> Mapping[str, tuple[int, ...]]:
        return _places((value(each, "id"), place) for place, each in enumerate(self._droplets))

    @cached_property
    def _attached(self) -> Mapping[str, frozenset[str]]:
        """Ids of droplets by the id of the volume that is attached to them."""
        found: dict[str, set[str]] = {}
        for attachment in self.stack.of(VOLUME_ATTACHMENT):
            ends = value(attachment, "volumeId"), value(attachment, "dropletId")
            if UNKNOWN not in ends:
                found.setdefault(same_id(ends[0]), set()).add(same_id(ends[1]))
        return {volume: frozenset(ids) for volume, ids in found.items()}

    @cached_property
    def _certain(self) -> bool:
        """Whether every droplet and every attachment says which volumes it is about."""
        attachments = self.stack.of(VOLUME_ATTACHMENT)
        told = all(UNKNOWN not in (value(each, "volumeId"), value(each, "dropletId")) for each in attachments)
        return told and all(items(each, "volumeIds") is not None for each in self._droplets)

    def of(self, volume: Resource) -> tuple[tuple[Resource, ...], bool]:
        """The hosts that have a volume, and whether these are surely all."""
        identity = value(volume, "id")
        known = identity is not UNKNOWN
        ids = {same_id(each) for each in items(volume, "dropletIds") or ()}
        places: set[int] = set()
        if known:
            ids |= self._attached.get(same_id(identity), frozenset())
            places.update(self._by_volume.get(same_id(identity), ()))
        for each in ids:
            places.update(self._by_id.get(each, ()))
        return tuple(self._droplets[place] for place in sorted(places)), known and self._certain


def _places(pairs: Iterable[tuple[Any, int]]) -> Mapping[str, tuple[int, ...]]:
    """Places by id."""
    found: dict[str, list[int]] = {}
    for identity, place in pairs:
        found.setdefault(same_id(identity), []).append(place)
    return {identity: tuple(places) for identity, places in found.items()}
