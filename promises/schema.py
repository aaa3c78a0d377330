"""The JSON Schema of a catalog, generated from the tables that the loader reads by: kinds, types and units, the data map's rules.

For editors: it knows every key, every promise id with exactly its parameters, and the spelling of every figure. What needs more than
one place to judge (digests bound twice, ages, sums, anchors) only the loader says. A catalog that loads is valid here.

YAML knows dates and numbers; the loader does not. So a figure is matched as text, and where a bare number may stand both are allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from promises import datamap, flows, hygiene, units
from promises.kinds import Kind, Kinds, ParameterKind
from promises.model import Severity
from promises.observations import Surface

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DIGEST: Mapping[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1}

_ITEMS: Mapping[str, str] = {
    "regions": "^[a-z]{3}[0-9]*$",
    "ports": "^(tcp|udp)/[1-9][0-9]{0,4}$",
    "networks": "^[0-9a-fA-F.:]+/[0-9]{1,3}$",
    "identifiers": "^[0-9a-f]{32}$",
    "names": "^[a-z][a-z0-9.-]{1,60}$",
    "processors": "^[a-z][a-z0-9.-]{1,60}$",
}


def schema(table: Kinds) -> dict[str, Any]:
    """The schema of a catalog of these kinds."""
    promises = {"type": "array", "minItems": 1, "items": {"oneOf": [_promise(kind) for kind in table.by_id.values()]}}
    return {
        "$schema": DIALECT,
        "title": "Kept catalog",
        "description": "What a platform has promised, with its figures (docs/catalog.md).",
        **_object(
            {
                "platform": {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,30}$"},
                "policy": _object({"in_force": {"type": "string", "format": "date"}, "sha256": DIGEST}),
                "promises": promises,
                "binds_nobody": {"type": "array", "items": _unbinding()},
                "schedule": _object({job: {**duration(), "description": does} for job, does in table.jobs.items()}),
                "data_map": {"type": "array", "items": {"oneOf": _entries()}},
                "flows": {"type": "array", "minItems": 1, "items": {"oneOf": _flows()}},
                "domains": {"type": "array", "items": {"type": "string", "pattern": r"^([a-z0-9][a-z0-9-]*\.)+[a-z]{2,}$"}},
                "shares_account_with": _list({"type": "string", "pattern": "^[a-z][a-z0-9-]{1,30}$"}),
                "hygiene": _hygiene(),
            },
            optional={"binds_nobody", "flows", "domains", "shares_account_with", "hygiene"},
        ),
    }


def duration(unit: str | None = None) -> dict[str, Any]:
    """`<count> <unit>`, in one unit or any."""
    names = "|".join(f"{name.removesuffix('s')}s?" for name in ([unit] if unit else units.UNITS))
    return {"type": "string", "pattern": f"^[1-9][0-9]{{0,5}} ({names})$"}


def _object(properties: Mapping[str, Any], optional: Collection[str] = ()) -> dict[str, Any]:
    """A mapping with these keys, no others, and all but the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": dict(properties)}


def _promise(kind: Kind) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "id": {"const": kind.id, "description": kind.meaning},
        "section": {"type": ["string", "number"]},
        "severity": {"enum": list(Severity)},
        "parameters": _object({each.name: _parameter(each) for each in kind.parameters}),
        "clauses": {"type": "array", "minItems": 1, "items": {"oneOf": [DIGEST, _clause([each.name for each in kind.parameters])]}},
    }
    properties["proofs"] = {"type": "array", "minItems": 1, "items": {"oneOf": _proofs(kind)}}
    if not kind.parameters:
        del properties["parameters"]
    return {"title": kind.title, **_object(properties, optional={"severity", "proofs"})}


def _proofs(kind: Kind) -> list[dict[str, Any]]:
    """A proof that one platform adds to the kind's: by a control, or planned."""
    figures: list[tuple[str, dict[str, Any]]] = [("schedule", {"type": "string"})]
    if durations := [each.name for each in kind.parameters if each.type == "duration"]:
        figures.append(("parameter", {"enum": durations}))
    age = {"oneOf": [duration(), *(_shifted(figure, name) for figure, name in figures)]}
    optional = {"warn_age": age, "may_be_empty": {"type": "boolean"}, "document": {"type": "boolean"}}
    common = {"surface": {"enum": list(Surface)}, "max_age": age, **optional}
    return [_object({**common, says: TEXT}, optional=optional) for says in ("control", "planned")]


def _shifted(figure: str, name: Mapping[str, Any]) -> dict[str, Any]:
    """An age that follows a figure, shifted at most once."""
    shifts = {shift: duration() for shift in ("plus", "minus")}
    return {**_object({figure: name, **shifts}, optional=shifts), "not": {"required": list(shifts)}}


def _parameter(kind: ParameterKind) -> dict[str, Any]:
    return {**_value(kind), "description": kind.meaning}


def _value(kind: ParameterKind) -> dict[str, Any]:
    match kind.type:
        case "duration":
            return duration(kind.unit)
        case "count":
            return {"type": "string", "pattern": f"^[1-9][0-9]{{0,5}} {kind.unit}$"}
        case "flag":
            return {"type": "boolean"}
        case "tls-version":
            return {"enum": list(units.TLS_VERSIONS)}
        case "cipher":
            return {"enum": list(units.CIPHERS)}
        case _:
            return _list({"type": "string", "pattern": _ITEMS[kind.type]})


def _list(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": dict(item)}


def _clause(parameters: Collection[str]) -> dict[str, Any]:
    reasoned = _object({"number": TEXT, "reason": TEXT})
    bound = _object({"number": TEXT, "parameter": {"enum": list(parameters)}})
    return _object({"clause": DIGEST, "numbers": {"type": "array", "items": {"oneOf": [bound, reasoned] if parameters else [reasoned]}}})


def _unbinding() -> dict[str, Any]:
    numbers = {"type": "array", "items": _object({"number": TEXT, "reason": TEXT})}
    return _object({"clause": DIGEST, "reason": TEXT, "reviewer": {"type": "string"}, "numbers": numbers}, optional={"numbers"})


def _entries() -> list[dict[str, Any]]:
    """The sorts of entries of a data map."""
    name = {"type": "string", "pattern": "^[a-z][a-z0-9.-]{1,60}$"}
    sql = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"}
    category = {"type": "string", "pattern": "^(user|system)(\\.[a-z][a-z_]*)*$"}
    shared: dict[str, Any] = {
        "legal_basis": {"enum": list(datamap.BASES)},
        "processors": {"type": "array", "items": name},
        "retention": {"type": "array", "minItems": 1, "items": _retention()},
    }
    flags = {"personal": {"type": "boolean"}, "encrypted": {"type": "boolean"}}
    number = {"type": "integer", "minimum": 1, "maximum": datamap.LARGEST_ID}
    column = _object({"name": sql, "id": number, "category": category, **flags}, optional=flags)
    keys = {"table": sql, "scope": {"enum": list(datamap.SCOPES)}, "subject": TEXT, "primary_key": sql}
    table = _object({**keys, **shared, "columns": {"type": "array", "items": column}}, optional=shared)
    holdings = [
        _object({sort: name, "personal": {"type": "boolean"}, **shared}, optional={"legal_basis", "processors"})
        for sort in ("bucket", "log_stream", "export")
    ]
    party = _object({"third_party": name, "purpose": TEXT, "data": _list(category), "retention": shared["retention"]})
    copies = [_object({"copy": name, **period}) for period in _periods()]
    return [table, *holdings, party, *copies]


def _flows() -> list[dict[str, Any]]:
    """A source with whom it may reach; ports as a bare number or a range."""
    port = {"type": "integer", "minimum": 1, "maximum": flows.LARGEST_PORT}
    ports = {"oneOf": [port, {"type": "string", "pattern": "^[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?$"}]}
    carried = {"protocol": {"enum": list(flows.PROTOCOLS)}, "ports": ports, "purpose": TEXT}
    return [
        _object({"source": {"const": source}, "target": {"enum": list(targets)}, **carried}) for source, targets in flows.REACHES.items()
    ]


def _hygiene() -> dict[str, Any]:
    """Each rule switched off with a reason or, where it has figures, with some of them."""
    rules = {rule.id: {"description": rule.title, "oneOf": _rule(rule)} for rule in hygiene.rules().values()}
    return _object(rules, optional=rules)


def _rule(rule: hygiene.Rule) -> list[dict[str, Any]]:
    off = _object({"off": TEXT})
    figures = {each.kind.name: _parameter(each.kind) for each in rule.figures}
    return [off, {**_object(figures, optional=figures), "minProperties": 1}] if figures else [off]


def _periods() -> list[dict[str, Any]]:
    """A duration of its own, or a promise's parameter."""
    return [{"period": duration()}, {"promise": TEXT, "parameter": TEXT}]


def _retention() -> dict[str, Any]:
    anchor = {"type": "string", "pattern": f"^({'|'.join(event.replace('.', '[.]') for event in datamap.EVENTS)}|[a-z0-9_]+[.][a-z0-9_]+)$"}
    return {
        "oneOf": [_object({"anchor": anchor, **period, "fallback": {"type": "boolean"}}, optional={"fallback"}) for period in _periods()]
    }
