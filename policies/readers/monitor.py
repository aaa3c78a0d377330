"""The child process of a rehearsal: runs a Pulumi program in Pulumi's own test runtime and reports what it registers.

It speaks JSON lines with its parent (`policies.readers.rehearsal`): one order on stdin, then a question for each resource that is to
be created (`{"create": ...}`, answered with an id and outputs), and last `{"resources": [...]}` or `{"failure": "..."}`. The
program's own prints go to stderr. A process of its own keeps Pulumi's global state out of the caller's and makes a second
rehearsal start as clean as the first.

The monitor stands in for the engine. Unlike the one that Pulumi ships for tests it keeps the whole registration (parent,
dependencies, protect) and names resources as the engine does: the stack's type is not part of its children's URNs.
"""

from __future__ import annotations

import json
import runpy
import sys
import threading
import traceback
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Any

import pulumi
from google.protobuf import empty_pb2, json_format, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import get_root_resource, mocks, set_mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import Stack

from policies.readers.state import PLACEHOLDER, SECRET, SIGNATURE_KEY

STACK = "pulumi:pulumi:Stack"
HIDDEN = {SIGNATURE_KEY: SECRET, "ciphertext": ""}
"""How a secret is written down: marked as one, without its value."""

PLANNED = "planned:"
"""How the symbols of a plan begin: they stand for what only its creation will tell."""

ADDRESSES = {
    "digitalocean:index/loadBalancer:LoadBalancer": ("ip",),
    "digitalocean:index/droplet:Droplet": ("ipv4Address", "ipv4AddressPrivate"),
    "digitalocean:index/sshKey:SshKey": ("fingerprint",),
}
"""Outputs beside the id by which one resource points at another: symbols in a plan too."""


class Unanswerable(mocks.Mocks):
    """Provider functions and reads of existing resources need a provider; a rehearsal has none."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise RuntimeError(f"the program asks the provider ({args.token}); a rehearsal cannot answer that")

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise RuntimeError(f"the program reads the existing {args.typ} {args.name}; a rehearsal cannot answer that")


class Monitor(mocks.MockMonitor):
    """Records every registration, and creates custom resources through `parent`.

    Without one nothing is created: each id and each address is a symbol of its own, so that who refers to whom can be judged; all
    other outputs that the inputs do not give stay unknown.
    """

    def __init__(self, project: str, stack: str, parent: Parent | None) -> None:
        super().__init__(Unanswerable())
        self._prefix = f"urn:pulumi:{stack}::{project}"
        self._parent = parent
        self._lock = threading.Lock()
        self.registered: dict[str, dict[str, Any]] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        qualified = parent.split("::")[2] if parent else STACK
        chain = type_ if qualified == STACK else f"{qualified}${type_}"
        return f"{self._prefix}::{chain}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name for it
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs = values(request.object)
        with self._lock:  # the SDK registers from several threads
            if urn in self.registered:
                raise RuntimeError(f"two resources have the URN {urn}")
            id_, outputs = self._created(request, inputs)
            outputs = marked(outputs, {*request.additionalSecretOutputs, *(key for key in inputs if hidden(inputs[key]) != inputs[key])})
            shown = {**hidden(outputs), "id": id_ or PLACEHOLDER} if request.custom else {}
            self.registered[urn] = _entry(request, urn, id_, hidden(inputs), shown)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=struct(outputs))

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        with self._lock:
            if request.urn in self.registered:
                self.registered[request.urn]["outputs"] = hidden(values(request.outputs))
        return empty_pb2.Empty()

    def _created(self, request: Any, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The id and the outputs; a component has none of its own, a provider needs no creation."""
        if not request.custom:
            return "", {}
        if request.type.startswith("pulumi:providers:"):
            return "rehearsed", inputs
        if self._parent is None:
            symbols = {name: f"{PLANNED}{request.name}.{name}" for name in ADDRESSES.get(request.type, ()) if name not in inputs}
            return f"{PLANNED}{request.type}:{request.name}", {**inputs, **symbols}
        return self._parent.create(request.type, request.name, revealed(inputs))


class Parent:
    """The other end of the pipes."""

    def __init__(self, questions: IO[str], answers: IO[str]) -> None:
        self._questions, self._answers = questions, answers

    def create(self, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        self.tell({"create": {"type": type_, "name": name, "inputs": inputs}})
        answer = json.loads(self._answers.readline())
        return answer["id"], answer["outputs"]

    def tell(self, message: Mapping[str, Any]) -> None:
        self._questions.write(json.dumps(message) + "\n")
        self._questions.flush()


def values(message: struct_pb2.Struct) -> dict[str, Any]:
    """A protobuf struct as plain values; whole numbers as integers, as the engine writes them."""
    return {key: _whole(value) for key, value in json_format.MessageToDict(message).items()}


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(properties)
    return message


def hidden(value: Any) -> Any:
    """The same value with every secret replaced by its mark."""
    if isinstance(value, dict):
        return HIDDEN if value.get(SIGNATURE_KEY) == SECRET else {key: hidden(each) for key, each in value.items()}
    return [hidden(each) for each in value] if isinstance(value, list) else value


def revealed(value: Any) -> Any:
    """The same value with every secret unwrapped, for the one who creates the resource."""
    if isinstance(value, dict):
        inner = value.get("value") if value.get(SIGNATURE_KEY) == SECRET else None
        return revealed(inner) if inner is not None else {key: revealed(each) for key, each in value.items()}
    return [revealed(each) for each in value] if isinstance(value, list) else value


def marked(outputs: Mapping[str, Any], secret: Collection[str]) -> dict[str, Any]:
    """The outputs with these names marked as secrets, as the engine does for what was a secret input or is declared as one."""
    return {key: {SIGNATURE_KEY: SECRET, "value": value} if key in secret else value for key, value in outputs.items()}


def _entry(request: Any, urn: str, id_: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    """One resource as `pulumi stack export` writes it; what is empty there is left out here too."""
    needs = {name: list(of.urns) for name, of in request.propertyDependencies.items()}
    optional = {
        "id": id_,
        "outputs": outputs,
        "parent": request.parent,
        "dependencies": sorted(request.dependencies),
        "propertyDependencies": needs,
        "protect": request.protect,
        "additionalSecretOutputs": list(request.additionalSecretOutputs),
    }
    entry = {"urn": urn, "custom": request.custom, "type": request.type, "inputs": inputs}
    return entry | {key: value for key, value in optional.items() if value}


def run(order: Mapping[str, Any], parent: Parent) -> list[dict[str, Any]]:
    """Run the program under the decorator (else a failure inside `apply` would pass unseen) and return what it registered."""
    monitor = Monitor(order["project"], order["stack"], None if order["preview"] else parent)
    set_all_config(order["config"], order["secrets"])
    set_mocks(Unanswerable(), project=order["project"], stack=order["stack"], preview=order["preview"], monitor=monitor)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        runpy.run_path(order["program"], run_name="__main__")
        root = get_root_resource()
        assert isinstance(root, Stack)
        root.register_outputs(root.outputs)

    program()
    return list(monitor.registered.values())


def _failure(error: BaseException, program: str) -> str:
    """The error and the program's own line it came from."""
    own = Path(program) if Path(program).is_dir() else Path(program).parent
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if own in Path(frame.filename).parents]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def main() -> None:
    """Take the order, run, report."""
    questions, sys.stdout = sys.stdout, sys.stderr
    parent = Parent(questions, sys.stdin)
    order = json.loads(sys.stdin.readline())
    try:
        resources = run(order, parent)
    except BaseException as error:  # noqa: BLE001 - a program may fail in any way; the parent tells the user
        parent.tell({"failure": _failure(error, order["program"])})
    else:
        parent.tell({"resources": resources})


if __name__ == "__main__":
    main()
