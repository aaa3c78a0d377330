"""Resources as the engine hands them to a policy pack, in the form that all readers share.

The policy SDK wraps properties so that touching an unknown value raises; here each becomes `UNKNOWN` instead, so that a control can
judge the rest and say what it could not. A resource policy is given inputs, a stack policy outputs (the effective values).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource, ResourceValidationArgs
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, _is_unknown

from policies.readers import state
from policies.readers.state import UNKNOWN, Resource, Stack


def stack_of(resources: Iterable[PolicyResource]) -> Stack:
    return state.stack_of(tuple(_of_policy(each) for each in resources))


def resource_of(args: ResourceValidationArgs) -> Resource:
    """The one resource of a resource policy: its checked inputs."""
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        inputs=_properties(args.props),
        outputs={},
        protect=bool(args.opts.protect),
        parent=args.opts.parent or None,
        dependencies=(),
    )


def raw_properties(args: ResourceValidationArgs) -> dict[str, Any]:
    """All inputs as the engine sent them, bookkeeping and unknown values included: what a remediation must hand back whole."""
    props: Any = args.props
    return dict(props if isinstance(props, dict) else props["__target"])


def not_known(what: str) -> UnknownValueError:
    """The error that the SDK turns into an advisory ("can't run policy ... during preview")."""
    return UnknownValueError(UNKNOWN_STRING_VALUE, [what])


def _of_policy(resource: PolicyResource) -> Resource:
    return Resource(
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        inputs={},
        outputs=_properties(resource.props),
        protect=bool(resource.opts.protect),
        parent=resource.parent.urn if resource.parent else None,
        dependencies=tuple(each.urn for each in resource.dependencies),
    )


def _properties(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in _plain(props).items() if not key.startswith("__")}


def _plain(seen: Any) -> Any:
    """The value inside the SDK's wrappers, unknown ones as `UNKNOWN`."""
    if isinstance(seen, Mapping):
        inner = seen if isinstance(seen, dict) else seen["__target"]
        return {key: _plain(each) for key, each in inner.items()}
    if isinstance(seen, Sequence) and not isinstance(seen, str | bytes):
        inner = seen if isinstance(seen, list | tuple) else seen["__target"]  # type: ignore[call-overload]
        return [_plain(each) for each in inner]
    return UNKNOWN if _is_unknown(seen) else seen
