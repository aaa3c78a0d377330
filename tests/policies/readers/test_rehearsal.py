"""Rehearsals against what the real engine wrote for the same programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policies.readers import rehearsal, state
from policies.readers.rehearsal import Program, ProgramError
from services.errors import UsageError

ENGINE = Path(__file__).resolve().parents[2] / "data" / "engine"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
PLANNED = "planned:"


def recorded(cloud: str) -> dict[str, dict[str, Any]]:
    document = json.loads((ENGINE / f"{cloud}.state.json").read_text())
    resources = document["deployment"]["resources"]
    return {each["urn"]: each for each in resources if not each["type"].startswith("pulumi:providers:")}


def program(cloud: str) -> Program:
    return Program(ENGINE / f"{cloud}.program.v1.py", "kept", "illumacom", {})


def open_secrets(value: Any) -> Any:
    """A recorded secret has no readable value: any will do, for nothing in the programs depends on one."""
    if isinstance(value, dict):
        return "secret" if value.get(state.SIGNATURE_KEY) == state.SECRET else {key: open_secrets(each) for key, each in value.items()}
    return [open_secrets(each) for each in value] if isinstance(value, list) else value


def as_recorded(cloud: str) -> rehearsal.Create:
    """Answers each creation with the recorded id and outputs."""
    known = {(each["type"], each["urn"].split("::")[-1]): each for each in recorded(cloud).values()}

    def create(type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        entry = known[type_, name]
        return entry["id"], {key: value for key, value in open_secrets(entry["outputs"]).items() if not key.startswith("__")}

    return create


def without_defaults(inputs: Any, said: Any) -> Any:
    """The engine's inputs without what the provider filled in: names that the program did not say."""
    if isinstance(inputs, dict) and isinstance(said, dict):
        return {key: without_defaults(value, said.get(key)) for key, value in inputs.items() if key in said}
    if isinstance(inputs, list) and isinstance(said, list) and len(inputs) == len(said):
        return [without_defaults(value, other) for value, other in zip(inputs, said, strict=True)]
    return inputs


@pytest.mark.parametrize("cloud", ["digitalocean", "cloudflare"])
def test_a_rehearsal_registers_what_the_engine_registered(cloud: str) -> None:
    document = rehearsal.rehearse(program(cloud), now=NOW, create=as_recorded(cloud))
    rehearsed = {each["urn"]: each for each in document["deployment"]["resources"]}
    real = recorded(cloud)
    assert set(rehearsed) == set(real)
    for urn, entry in rehearsed.items():
        for field in ("type", "custom", "parent", "id", "protect"):
            assert entry.get(field) == real[urn].get(field), (urn, field)
        for field in ("dependencies", "additionalSecretOutputs"):
            assert sorted(entry.get(field, [])) == sorted(real[urn].get(field, [])), (urn, field)
        assert state.plain(entry["inputs"]) == without_defaults(state.plain(real[urn].get("inputs", {})), state.plain(entry["inputs"])), urn


@pytest.mark.parametrize("cloud", ["digitalocean", "cloudflare"])
def test_a_plan_creates_nothing_and_gives_each_resource_a_symbol(cloud: str) -> None:
    stack = state.read(rehearsal.rehearse(program(cloud), now=NOW))
    assert {each.urn for each in stack.resources} == set(recorded(cloud))
    created = [each for each in stack.resources if not each.type.startswith("pulumi:")]
    symbols = {each.get("id") for each in created}
    assert len(symbols) == len(created)
    assert all(str(symbol).startswith("planned:") for symbol in symbols)


def test_a_plan_is_unknown_or_a_symbol_where_the_engines_preview_is_unknown() -> None:
    steps = json.loads((ENGINE / "digitalocean.preview.json").read_text())["steps"]
    previewed = {each["newState"]["urn"].split("::", 2)[2]: state.resource(each["newState"]) for each in steps}
    planned = state.read(rehearsal.rehearse(program("digitalocean"), now=NOW))
    for resource in planned.resources[1:]:  # the first is the stack itself, whose name differs
        other = previewed[resource.urn.split("::", 2)[2]].inputs
        for name, value in resource.inputs.items():
            open_ = value is state.UNKNOWN or str(value).startswith("planned:")
            assert open_ == (other[name] is state.UNKNOWN), (resource.urn, name)


def test_a_second_rehearsal_in_the_same_process_gives_the_same() -> None:
    before = "pulumi" in sys.modules  # another test may have needed it
    first, second = (state.read(rehearsal.rehearse(program("cloudflare"), now=NOW)) for _ in range(2))
    assert first.digest == second.digest
    assert ("pulumi" in sys.modules) is before


def test_the_program_receives_what_creation_answers(tmp_path: Path) -> None:
    path = write(tmp_path, "key = do.SpacesKey('k', name='k')\npulumi.export('key', key.access_key)\n")
    document = rehearsal.rehearse(Program(path, "p", "s", {}), now=NOW, create=lambda *_: ("id-1", {"accessKey": "AK", "secretKey": "SK"}))
    root, key = document["deployment"]["resources"]
    assert root["outputs"] == {"key": "AK"}
    assert key["outputs"]["accessKey"] == "AK"


def test_what_is_secret_is_marked_and_its_value_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "user = do.DatabaseUser('u', cluster_id='c', name=pulumi.Output.secret('in'))\npulumi.export('password', user.password)\n",
    )
    given: list[Mapping[str, Any]] = []

    def create(type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        given.append(inputs)
        return "id-1", {"password": "out", **inputs}

    document = rehearsal.rehearse(Program(path, "p", "s", {}), now=NOW, create=create)
    (user,) = state.read(document).of("digitalocean:index/databaseUser:DatabaseUser")
    assert given == [{"clusterId": "c", "name": "in"}]
    assert user.get("password") == state.REDACTED
    assert user.inputs["name"] == state.REDACTED
    assert '"in"' not in json.dumps(document)
    assert '"out"' not in json.dumps(document)


def test_children_of_components_have_the_whole_chain_of_types_in_their_urns(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "class C(pulumi.ComponentResource): pass\n"
        "outer = C('a:b:Outer', 'outer')\ninner = C('a:b:Inner', 'inner', opts=pulumi.ResourceOptions(parent=outer))\n"
        "do.Tag('t', name='t', opts=pulumi.ResourceOptions(parent=inner, protect=True))\n",
    )
    stack = state.read(rehearsal.rehearse(Program(path, "p", "s", {}), now=NOW))
    (tag,) = stack.of("digitalocean:index/tag:Tag")
    assert tag.urn == "urn:pulumi:s::p::a:b:Outer$a:b:Inner$digitalocean:index/tag:Tag::t"
    assert tag.parent == "urn:pulumi:s::p::a:b:Outer$a:b:Inner::inner"
    assert tag.protect


def write(folder: Path, body: str) -> Path:
    path = folder / "program.py"
    path.write_text("import pulumi, pulumi_digitalocean as do\n" + body)
    return path


FAILING = {
    "an exception": ("raise ValueError('no such size')", r"ValueError: no such size \(program.py, line 2\)"),
    "a missing property": ("do.Droplet('web')", "Missing required property 'image'"),
    "a failed assertion inside apply": (
        "def check(value):\n    assert value == 'b', 'not b'\ndo.Tag('t', name='a').name.apply(check)",
        "AssertionError: not b",
    ),
    "a provider function": ("do.get_regions()", "asks the provider"),
    "a resource that exists": ("do.Tag.get('t', id='t')", "reads the existing"),
    "one name twice": ("do.Tag('t', name='a')\ndo.Tag('t', name='b')", "two resources have the URN"),
    "an exit": ("import os\nos._exit(7)", "ended without a result"),
    "no module of that name": ("import nothing_of_this_name", "ModuleNotFoundError"),
}


@pytest.mark.parametrize(("body", "message"), FAILING.values(), ids=FAILING.keys())
def test_a_program_that_fails_is_told_of(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        rehearsal.rehearse(Program(write(tmp_path, body), "p", "s", {}), now=NOW)


def test_what_the_program_prints_does_not_disturb(tmp_path: Path) -> None:
    path = write(tmp_path, "print('{\"resources\": []}')\ndo.Tag('t', name='t')\n")
    assert len(state.read(rehearsal.rehearse(Program(path, "p", "s", {}), now=NOW)).resources) == 2


def test_a_resource_that_could_not_be_created_is_named(tmp_path: Path) -> None:
    def create(type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        raise OSError("422: no such size")

    with pytest.raises(ProgramError, match=r"t \(digitalocean:index/tag:Tag\) was not created: 422"):
        rehearsal.rehearse(Program(write(tmp_path, "do.Tag('t', name='t')"), "p", "s", {}), now=NOW, create=create)


def project(folder: Path, stack_file: str | None, main: str = "program.py") -> Path:
    write(folder, "pulumi.export('size', pulumi.Config().get('size'))\npulumi.export('deep', pulumi.Config().get_object('deep'))\n")
    (folder / "Pulumi.yaml").write_text(f"name: p\nruntime: python\nmain: {main}\n")
    if stack_file is not None:
        (folder / "Pulumi.s.yaml").write_text(stack_file)
    return folder


def test_the_stack_file_is_the_programs_configuration(tmp_path: Path) -> None:
    folder = project(tmp_path, "config:\n  p:size: 3\n  p:deep: {a: [1]}\n  p:hidden: {secure: v1:abc}\n")
    (root,) = state.read(rehearsal.rehearse_project(folder, "s", now=NOW)).resources
    assert root.outputs == {"size": "3", "deep": {"a": [1]}}
    (root,) = state.read(rehearsal.rehearse_project(folder, "s", now=NOW, config={"p:size": "4"})).resources
    assert root.get("size") == "4"


SECRETS = {
    "declared, and not there": "config: {}\n",
    "encrypted": "config:\n  p:token: {secure: v1:abc}\n",
}


def with_secret(tmp_path: Path, stack_file: str) -> Path:
    folder = project(tmp_path, stack_file)
    path = write(folder, "do.DatabaseUser('u', cluster_id='c', name=pulumi.Config().require_secret('token'))\n")
    (folder / "Pulumi.yaml").write_text(f"name: p\nruntime: python\nmain: {path.name}\nconfig:\n  token: {{type: string, secret: true}}\n")
    return folder


@pytest.mark.parametrize("stack_file", SECRETS.values(), ids=SECRETS.keys())
def test_a_plan_needs_no_secret_and_marks_where_one_goes(tmp_path: Path, stack_file: str) -> None:
    (user,) = state.read(rehearsal.rehearse_project(with_secret(tmp_path, stack_file), "s", now=NOW)).of(
        "digitalocean:index/databaseUser:DatabaseUser"
    )
    assert user.inputs["name"] == state.REDACTED


@pytest.mark.parametrize("stack_file", SECRETS.values(), ids=SECRETS.keys())
def test_a_creation_needs_its_secrets_and_hands_them_over_unseen(tmp_path: Path, stack_file: str) -> None:
    folder, given = with_secret(tmp_path, stack_file), []

    def create(type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        given.append(inputs["name"])
        return "id-1", inputs

    with pytest.raises(ProgramError, match="token"):
        rehearsal.rehearse_project(folder, "s", now=NOW, create=create)
    assert given == []
    document = rehearsal.rehearse_project(folder, "s", now=NOW, create=create, config={"p:token": "opensesame"})
    assert given == ["opensesame"]
    assert "opensesame" not in json.dumps(document)


BAD_FILES = {"none": None, "no YAML": "config: [", "a word": "config"}


@pytest.mark.parametrize("stack_file", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_stack_file_that_cannot_be_read_is_named(tmp_path: Path, stack_file: str | None) -> None:
    with pytest.raises(UsageError, match=r"Pulumi\.s\.yaml"):
        rehearsal.rehearse_project(project(tmp_path, stack_file), "s", now=NOW)
