"""The house itself: imports run one way, there is no cycle, and nothing heavy is loaded at the door."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent

MAY_IMPORT = {
    "promises": {"services"},  # the base of our errors, nothing else
    "services": set(),
    "evidence": {"promises", "services"},
    "keyrotation": {"promises", "services", "evidence"},
    "backups": {"promises", "services", "evidence", "keyrotation"},
    "retention": {"promises", "services", "evidence", "keyrotation"},
    "duties": {"promises", "services", "evidence", "keyrotation"},
    "policies": {"promises", "services", "evidence", "keyrotation", "backups", "retention", "duties"},
    "infra": {"promises"},
    "localcloud": set(),
    "samples": {"promises", "keyrotation", "services"},
    "kept": {
        "promises",
        "services",
        "evidence",
        "keyrotation",
        "backups",
        "retention",
        "duties",
        "policies",
        "infra",
        "localcloud",
        "samples",
    },
}


def modules() -> dict[str, Path]:
    found = {}
    for folder in MAY_IMPORT:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            parts = path.relative_to(PROJECT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of ours that a file names at run time (imports for type checking alone build no cycle)."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    named = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named |= {f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in known else node.module for alias in node.names}
    return named & set(known)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_each_folder_imports_only_what_lies_below_it(folder: str) -> None:
    known = modules()
    for name, path in known.items():
        if name.split(".")[0] == folder:
            foreign = {each.split(".")[0] for each in imports(path, known)} - {folder}
            assert foreign <= MAY_IMPORT[folder], f"{path.relative_to(PROJECT)} imports {sorted(foreign - MAY_IMPORT[folder])}"


def test_there_is_no_import_cycle() -> None:
    known = modules()
    graph = {name: imports(path, known) - {name} for name, path in known.items()}
    tuple(graphlib.TopologicalSorter(graph).static_order())


HEAVY = ("boto3", "hvac", "pulumi", "pulumi_cloudflare", "pydo", "cloudflare", "psycopg", "rich", "jinja2", "pydantic")


@pytest.mark.parametrize("noun", ["", *(path.stem for path in sorted((PROJECT / "kept/commands").glob("[a-z]*.py")))])
def test_help_loads_nothing_heavy(noun: str) -> None:
    """`kept NOUN --help` imports no provider and no client: start-up stays short."""
    program = (
        "import sys; sys.argv = ['kept', *sys.argv[1:]]\n"
        "from kept.__main__ import root\n"
        "try:\n    root.main(standalone_mode=False)\n"
        f"finally:\n    print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    arguments = [noun, "--help"] if noun else ["--help"]
    answer = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert answer.stdout.strip().endswith("LOADED"), answer.stdout.splitlines()[-1]
