"""Reserved addresses: kept when the droplet they stand for goes, and paid for while they stand for none.

The n-th IPv4 one is 127.220.0.n here, so that it means something on this machine; IPv6 ones come from the range for documentation. An
address is reserved for a region, or for a droplet (then in its region), and assigned and set free by actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from localcloud.api.calls import Answer, Call, Route
from localcloud.api.digitalocean.actions import ACTIONS, record
from localcloud.api.digitalocean.answers import listing, need, one_of, unprocessable
from localcloud.api.digitalocean.droplets import DROPLETS
from localcloud.api.digitalocean.slugs import check_region, region_document
from localcloud.api.store import Document

ADDRESSES = "/v2/reserved_ips"
ADDRESSES_V6 = "/v2/reserved_ipv6"


def _place(call: Call, named: str) -> tuple[str, Document | None]:
    """The region asked for and, where one is named, the droplet."""
    if call.body.get("droplet_id") is None:
        return check_region(call.body.get(named)), None
    droplet = need(call, DROPLETS, call.body["droplet_id"])
    return str(droplet["region"]["slug"]), droplet


def _reserve(call: Call) -> Answer:
    region, droplet = _place(call, "region")
    high, low = divmod(call.cloud.store.next_number("reserved address", 0), 254)
    address = {
        "ip": f"127.220.{high}.{low + 1}",
        "region": region_document(region),
        "droplet": droplet,
        "locked": False,
        "project_id": call.body.get("project_id") or call.cloud.default_project()["id"],
    }
    return Answer(202, {"reserved_ip": call.cloud.store.put(ADDRESSES, address["ip"], address)})


def _reserve_v6(call: Call) -> Answer:
    region, droplet = _place(call, "region_slug")
    number = call.cloud.store.next_number("reserved address of IPv6", 1)
    address = {"ip": f"2001:db8:127::{number:x}", "region_slug": region, "reserved_at": call.cloud.now(), "droplet": droplet}
    return Answer(201, {"reserved_ipv6": call.cloud.store.put(ADDRESSES_V6, address["ip"], address)})


def _act(region_of: Callable[[Document], str]) -> Callable[[Call], Answer]:
    def handle(call: Call) -> Answer:
        collection = call.collection.rsplit("/", 1)[0]
        address, kind = need(call, collection, call["ip"]), one_of(call.body, "type", ("assign", "unassign"))
        droplet = need(call, DROPLETS, call.body.get("droplet_id")) if kind == "assign" else None
        if kind == "unassign" and address["droplet"] is None:
            raise unprocessable("The address is not assigned to a Droplet")
        if droplet and droplet["region"]["slug"] != region_of(address):
            raise unprocessable("The address and the Droplet must be in one region")
        call.cloud.store.put(collection, call["ip"], address | {"droplet": droplet})
        done = record(call, f"{kind}_ip", "reserved_ip", f"{collection}/{address['ip']}", region_of(address))
        return Answer(201, {"action": done})

    return handle


def _read(key: str) -> Callable[[Call], Answer]:
    return lambda call: Answer(200, {key: need(call, call.collection, call["ip"])})


def _list(key: str) -> Callable[[Call], Answer]:
    return lambda call: listing(call, key, call.cloud.store.rows(call.path))


def _release(call: Call) -> Answer:
    need(call, call.collection, call["ip"])
    call.cloud.store.remove(call.collection, call["ip"])
    return Answer(204)


def _actions(call: Call) -> Answer:
    need(call, ADDRESSES, call["ip"])
    return listing(call, "actions", call.cloud.store.rows(call.path)[::-1])


def _action(call: Call) -> Answer:
    return Answer(200, {"action": need(call, ACTIONS, call["action"])})


def _region(address: Document) -> str:
    return str(address["region"]["slug"])


def _region_v6(address: Document) -> str:
    return str(address["region_slug"])


def routes() -> Iterable[Route]:
    yield Route("GET", f"{ADDRESSES}/{{ip}}/actions", _actions)
    yield Route("GET", f"{ADDRESSES}/{{ip}}/actions/{{action}}", _action)
    kinds = (
        (ADDRESSES, "reserved_ip", "reserved_ips", _reserve, _region),
        (ADDRESSES_V6, "reserved_ipv6", "reserved_ipv6s", _reserve_v6, _region_v6),
    )
    for path, one, many, reserve, region_of in kinds:
        yield Route("POST", path, reserve)
        yield Route("GET", path, _list(many))
        yield Route("GET", f"{path}/{{ip}}", _read(one))
        yield Route("DELETE", f"{path}/{{ip}}", _release)
        yield Route("POST", f"{path}/{{ip}}/actions", _act(region_of))
