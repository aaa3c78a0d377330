"""Catalogs, read strictly and put together with the kinds: what comes out needs no further checking.

Every refusal is a `CatalogError` with file, line and what to write instead: unknown and missing keys, ids given twice, a promise
the table of kinds does not know, a missing or unknown parameter, a figure without its unit or in a wrong one, a malformed
digest, a proof whose control does not exist and is not `planned`, figures that do not add up (`promises.arithmetic`).

>>> load_catalog("illumacom", control_names()).promise("keys.rotation").duration("max_age")   # doctest: +SKIP
datetime.timedelta(days=90)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

from promises import arithmetic, claims, hygiene, units
from promises.datamap import data_map
from promises.flows import read_flows
from promises.kinds import Kind, Kinds, ProofKind, kinds, read_proof
from promises.model import Catalog, Parameter, Policy, Promise, Proof, Severity
from promises.nodes import CatalogError, Entry, nearest, parse

FOLDER = Path(__file__).with_name("catalog")


def platforms() -> tuple[str, ...]:
    """The platforms that have a catalog."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_catalog(platform: str, controls: Collection[str] | None) -> Catalog:
    """The catalog of a platform. `controls` are the names a proof may use (`policies.controls.control_names()`).

    `None` leaves them unchecked: for those below the controls, who read figures and judge nothing (the infrastructure program).
    """
    if platform not in platforms():
        raise CatalogError(f"there is no catalog for {platform!r}", f"name {nearest(platform, platforms())}")
    path = FOLDER / f"{platform}.yaml"
    catalog = read_catalog(path.read_bytes(), controls, file=f"promises/catalog/{path.name}")
    if catalog.platform != platform:
        raise CatalogError(f"promises/catalog/{path.name}:1: the file says platform {catalog.platform!r}", f"write `platform: {platform}`")
    return catalog


def read_catalog(
    source: bytes | str, controls: Collection[str] | None, *, file: str = "catalog.yaml", table: Kinds | None = None
) -> Catalog:
    """Read a catalog from its text; `file` is its name in messages, `table` the kinds if not those that ship."""
    content = source.encode() if isinstance(source, str) else source
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CatalogError(f"{file}:{line}: not UTF-8 at byte {error.start}", "save the file as UTF-8") from None
    table = table or kinds()
    root = parse(text, file).fields(
        {"platform", "policy", "promises", "schedule", "data_map"}, {"binds_nobody", "flows", "domains", "shares_account_with", "hygiene"}
    )
    schedule = _schedule(root["schedule"], table.jobs)
    promises = _promises(root["promises"], table, schedule, controls)
    stored = data_map(root["data_map"], {promise.id: promise for promise in promises})
    for entry, promise in zip(root["promises"].items(), promises, strict=True):
        kind = table.by_id[promise.id]
        arithmetic.check_deadlines(entry, promise, kind, schedule)
        arithmetic.check_horizon(entry, promise, kind, stored)
        arithmetic.check_recipients(entry, promise, kind, stored)
    return Catalog(
        platform=_platform(root["platform"]),
        policy=_policy(root["policy"]),
        promises=promises,
        data_map=stored,
        schedule=schedule,
        sha256=hashlib.sha256(content).hexdigest(),
        binds_nobody=claims.binds_nobody(root["binds_nobody"], promises) if "binds_nobody" in root else (),
        flows=read_flows(root["flows"], _public_ports(promises)) if "flows" in root else (),
        domains=_domains(root["domains"]) if "domains" in root else (),
        shares_account_with=_neighbours(root["shares_account_with"], root["platform"].text()) if "shares_account_with" in root else (),
        hygiene=hygiene.choices(root.get("hygiene")),
    )


def _public_ports(promises: Iterable[Promise]) -> tuple[str, ...] | None:
    """The ports that are promised to be the only public ones, where any are."""
    return next((each.texts("public_ports") for each in promises if each.id == "firewall.https-only"), None)


def _platform(entry: Entry) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,30}", entry.text()):
        raise entry.error(f"{entry.text()!r} is no platform name", "write lower-case letters, digits and hyphens")
    return entry.text()


def _domains(entry: Entry) -> tuple[str, ...]:
    for item in entry.items():
        if not re.fullmatch(r"([a-z0-9][a-z0-9-]*\.)+[a-z]{2,}", item.text()):
            raise item.error(f"{item.text()!r} is no domain name", "write it in lower case, like operations.example")
    return tuple(item.text() for item in entry.items())


def _neighbours(entry: Entry, platform: str) -> tuple[str, ...]:
    """Only platforms that have a catalog: what is left to another one must be judged by somebody."""
    others = tuple(each for each in platforms() if each != platform)
    for item in entry.items():
        if item.text() not in others:
            raise item.error(f"{item.text()!r} is no other platform", f"name one of {', '.join(others)}")
    return tuple(item.text() for item in entry.items())


def _policy(entry: Entry) -> Policy:
    fields = entry.fields({"in_force", "sha256"})
    try:
        in_force = date.fromisoformat(fields["in_force"].text())
    except ValueError:
        raise fields["in_force"].error(f"{fields['in_force'].text()!r} is no date", "write it as 2026-03-04") from None
    return Policy(in_force, claims.digest(fields["sha256"]))


def _schedule(entry: Entry, jobs: Mapping[str, str]) -> dict[str, timedelta]:
    found = {key.one_of(jobs, "job"): units.duration(value) for key, value in entry.pairs()}
    missing = sorted(set(jobs) - set(found))
    if missing:
        raise entry.error(f"the schedule leaves out {', '.join(missing)}", f"add `{missing[0]}: <duration>`")
    return found


def _promises(entry: Entry, table: Kinds, schedule: Mapping[str, timedelta], controls: Collection[str] | None) -> tuple[Promise, ...]:
    found: dict[str, Promise] = {}
    for item in entry.items():
        promise = _promise(item, table, schedule, controls)
        if promise.id in found:
            raise item.error(f"the promise {promise.id} is already in this catalog", "keep one of the two")
        found[promise.id] = promise
    if not found:
        raise entry.error("the catalog promises nothing", "add at least one promise")
    return tuple(found.values())


def _promise(entry: Entry, table: Kinds, schedule: Mapping[str, timedelta], controls: Collection[str] | None) -> Promise:
    fields = entry.fields({"id", "section", "clauses"}, {"parameters", "severity", "proofs"})
    kind = table.by_id[fields["id"].one_of(table.by_id, "promise")]
    parameters = _parameters(entry, fields.get("parameters"), kind)
    shapes = {each.name: (each.type, each.unit) for each in kind.parameters}
    clauses, numbers = claims.clauses(fields["clauses"], parameters, shapes)
    return Promise(
        id=kind.id,
        title=kind.title,
        section=fields["section"].text(),
        severity=Severity(fields["severity"].one_of(tuple(Severity), "severity")) if "severity" in fields else kind.severity,
        parameters=parameters,
        clauses=clauses,
        proofs=_proofs(kind, _further(fields.get("proofs"), kind, table), parameters, schedule, controls),
        numbers=numbers,
    )


def _parameters(promise: Entry, entry: Entry | None, kind: Kind) -> dict[str, Parameter]:
    """Every parameter of the kind and no other; a promise whose kind has none writes no `parameters`."""
    wanted = {each.name: each for each in kind.parameters}
    if entry is None and wanted:
        raise promise.error(f"{kind.id} needs its parameters: {', '.join(wanted)}", "add `parameters:` with each of them")
    if entry is None:
        return {}
    if not wanted:
        raise entry.error(f"{kind.id} has no parameters", "leave `parameters` out")
    given = entry.fields(wanted)
    return {name: units.read(given[name], each.type, each.unit) for name, each in wanted.items()}


def _further(entry: Entry | None, kind: Kind, table: Kinds) -> tuple[ProofKind, ...]:
    """The proofs that this platform's text asks for beside the kind's; it may add to them and take none away."""
    found = () if entry is None else tuple(read_proof(item, kind.parameters, table.jobs) for item in entry.items())
    known = {(each.surface, each.control) for each in kind.proofs if each.control is not None}
    for each in found:
        if (each.surface, each.control) in known:
            raise each.entry.error(f"{kind.id} is proven by {each.control} on every platform", "leave this proof out")
    return found


def _proofs(
    kind: Kind,
    further: tuple[ProofKind, ...],
    parameters: Mapping[str, Parameter],
    schedule: Mapping[str, timedelta],
    controls: Collection[str] | None,
) -> tuple[Proof, ...]:
    proofs = (*kind.proofs, *further)
    for each in proofs:
        if controls is not None and each.control is not None and each.control not in controls:
            problem = f"{kind.id} names the control {each.control!r}, which does not exist"
            raise each.entry.error(problem, f"write {nearest(each.control, controls)}, or `planned: <why there is none yet>`")
    return tuple(each.resolve(parameters, schedule) for each in proofs)
