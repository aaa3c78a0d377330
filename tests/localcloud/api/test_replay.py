"""The recorded exchanges of the real plugins, replayed: same statuses, and at least the recorded fields with the same values.

Ids are handed out anew here, so each recorded id is mapped to the one given in its place: where a recorded answer and ours hold different
ids at the same spot, later requests are sent with ours. Spaces calls need an S3 server and are replayed in `test_real_servers.py`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "data/engine"

IDS = {"id", "uuid", "urn", "owner_uuid", "fingerprint", "sha1_fingerprint", "access_key", "secret_key", "password", "uri", "href", "ref"}
IDS |= {"cluster_uuid", "project_id", "sink_id", "private_network_uuid", "vpc_uuid", "resource_id", "certificate_id"}
TIMES = re.compile(r".*_(at|on)|last_updated|not_after")

CHOSEN_OTHERWISE = {
    "addresses and hosts are of this machine": {"ip_address", "ip", "gateway", "netmask", "host", "connection", "private_connection"},
    "a size decides what a droplet has and costs": {"memory", "vcpus", "disk", "price_hourly", "price_monthly"},
    "TXT and CAA records cannot be proxied": {"proxiable"},
    "an example of a real key": {"digest", "ds", "public_key"},
    "names for people": {"name@region", "name@account", "distribution"},
    "counted by meaning: an unchanged rule keeps its version": {"version"},
    "the recorded server merged what the plugin left out": {"owner"},
}
SKIPPED = set().union(*CHOSEN_OTHERWISE.values())


def exchanges(provider: str, phase: str) -> list[dict[str, Any]]:
    found, current = [], ""
    for line in (ENGINE / f"{provider}.exchanges.jsonl").read_text().splitlines():
        entry = json.loads(line)
        current = entry.get("step", current)
        if current == phase and "method" in entry and "host" not in entry:
            found.append(entry)
    return found


class Replay:
    """Sends recorded requests with our ids, and compares answers."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self._ids: dict[str, str] = {}

    def phase(self, provider: str, phase: str) -> None:
        for exchange in exchanges(provider, phase):
            self._exchange(exchange)

    def _exchange(self, recorded: dict[str, Any]) -> None:
        query = dict(pair.split("=", 1) for pair in recorded.get("query", "").split("&") if pair)
        path, body = self._ours(recorded["path"]), self._ours(_as_sent(recorded["body"]))
        answer = self._cloud.call(recorded["method"], path, body, **query)
        where = f"{recorded['method']} {recorded['path']}"
        assert answer.status_code == recorded["status"], f"{where}: {answer.status_code} {answer.text}"
        if recorded.get("answer") and answer.is_success:
            self._compare(recorded["answer"], answer.json(), where)

    def _compare(self, recorded: Any, ours: Any, where: str) -> None:
        if isinstance(recorded, dict):
            for name, value in recorded.items():
                self._field(name, value, ours, where)
        elif isinstance(recorded, list):
            assert len(recorded) == len(ours), f"{where}: {recorded} but {ours}"
            for one, other in zip(recorded, ours, strict=True):
                self._compare(one, other, where)
        else:
            assert self._ours(recorded) == ours, f"{where}: recorded {recorded!r}, answered {ours!r}"

    def _field(self, name: str, value: Any, ours: dict[str, Any], where: str) -> None:
        spot = f"{where} .{name}"
        if name in SKIPPED or TIMES.fullmatch(name) or f"{name}@{where.rsplit('.', 1)[-1]}" in SKIPPED:
            return
        if name in IDS and isinstance(value, str | int):
            self._learn(value, ours.get(name))
        else:
            assert name in ours, f"{spot} is missing in {ours}"
            self._compare(value, ours[name], spot)

    def _learn(self, recorded: Any, ours: Any) -> None:
        if ours is not None and str(recorded) != str(ours) and len(str(recorded)) > 3:
            self._ids[str(recorded)] = str(ours)

    def _ours(self, value: Any) -> Any:
        text = json.dumps(value)
        for recorded, ours in self._ids.items():
            text = text.replace(recorded, ours)
        return json.loads(text)


def _as_sent(body: Any) -> Any:
    """The recording server wrote the ids it gave into the rules it had been sent: take them out again."""
    if isinstance(body, dict) and isinstance(body.get("rules"), list) and "phase" in body:
        stamps = ("id", "version", "last_updated")
        return {**body, "rules": [{name: value for name, value in rule.items() if name not in stamps} for rule in body["rules"]]}
    return body


PHASES = ("up", "refresh", "update", "refresh2", "destroy")


@pytest.mark.parametrize("provider", ["digitalocean", "cloudflare"])
def test_the_plugins_exchanges_replay_phase_by_phase(cloud, provider: str) -> None:
    """A whole life: create, refresh without a change, update, refresh, destroy."""
    replay = Replay(cloud)
    for phase in PHASES:
        replay.phase(provider, phase)
    left = [row["collection"] for row in cloud.everything()["resources"]]
    kept = {"/v2/projects", "/v2/tags", "/v2/actions", "/client/v4/accounts"}  # the default one, a tag nobody declared, what was done
    assert {each for each in left if not each.endswith("/resources")} <= kept


@pytest.mark.parametrize("provider", ["digitalocean", "cloudflare"])
def test_a_refresh_after_a_restart_reads_the_same(cloud, provider: str) -> None:
    """State survives: the refresh's reads are answered as before."""
    replay = Replay(cloud)
    replay.phase(provider, "up")
    before = cloud.everything()
    cloud.restart()
    assert cloud.everything() == before
    replay.phase(provider, "refresh")
