"""The servers as a whole, on real ones: a fleet of its own, for these tests kill and stop servers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from localcloud.servers import fleet, objects, openbao, ports, postgres, processes
from localcloud.servers.errors import CrashedError, PortTakenError, ServerError
from localcloud.servers.layout import Layout
from localcloud.servers.server import Place

NAMES = ("openbao", "objects", "postgres", "clouds", "edge")


def quiet(_: str) -> None:
    return


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A running fleet in a folder with a space and a quote in its name."""
    top = Path(tempfile.mkdtemp(prefix="kept-"))
    chosen = top / "it's here"
    try:
        fleet.up(chosen, quiet)
        yield chosen
    finally:
        fleet.down(chosen, wipe=True)
        shutil.rmtree(top)


@pytest.fixture
def running(folder: Path) -> Path:
    """The same, all servers running again whatever the test before did."""
    fleet.up(folder, quiet)
    return folder


def place(folder: Path) -> Place:
    layout = Layout(folder)
    return Place(layout, ports.load(layout.ports_file))


def states(folder: Path) -> dict[str, str]:
    return {server.name: server.state for server in fleet.status(folder)}


def pids(folder: Path) -> dict[str, int | None]:
    return {server.name: server.pid for server in fleet.status(folder)}


def kill(folder: Path, server: str) -> None:
    process = processes.recall(Layout(folder).process_file(server))
    assert process is not None
    assert processes.stop(process, ((signal.SIGKILL, 10),))


def query(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(**postgres.connection(place(folder)), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_all_servers_run_and_say_so(running: Path):
    assert states(running) == dict.fromkeys(NAMES, "running")


def test_a_second_up_starts_nothing_and_says_nothing(running: Path):
    before, said = pids(running), []
    again = fleet.up(running, said.append)
    assert (again.started, said) == ((), [])
    assert pids(running) == before


def test_two_ups_at_once_start_each_server_once(running: Path):
    """The lock file lets one of them work; the other finds everything running."""
    fleet.down(running)
    started: list[str] = []
    threads = [threading.Thread(target=lambda: started.extend(fleet.up(running, quiet).started)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == sorted(NAMES)


def test_what_was_killed_is_named_with_its_log_and_comes_back_with_its_data(running: Path):
    """SIGKILL to every server: status tells, `up` starts them again, and what they had acknowledged is there."""
    query(running, "CREATE TABLE IF NOT EXISTS kept_row AS SELECT 7 AS value")
    client = objects.admin_client(place(running))
    client.create_bucket(Bucket="kept-bucket")
    client.put_object(Bucket="kept-bucket", Key="a", Body=b"seven")
    for name in NAMES:
        kill(running, name)
    found = {server.name: server for server in fleet.status(running)}
    assert {server.state for server in found.values()} == {"crashed"}
    assert "OpenBao server started" in found["openbao"].detail
    assert set(fleet.up(running, quiet).started) == set(NAMES)
    assert query(running, "SELECT value FROM kept_row") == [(7,)]
    assert objects.admin_client(place(running)).get_object(Bucket="kept-bucket", Key="a")["Body"].read() == b"seven"


def test_a_sealed_vault_is_unsealed_by_up_without_a_restart(running: Path):
    before = pids(running)
    token = Layout(running).secret(openbao.ROOT_TOKEN).read_text().strip()
    openbao.call(place(running), "PUT", "seal", {}, token)
    assert states(running)["openbao"] == "unusable"
    assert fleet.up(running, quiet).started == ("openbao",)
    assert states(running)["openbao"] == "running"
    assert pids(running) == before


def test_down_stops_all_keeps_the_data_and_may_be_repeated(running: Path):
    query(running, "CREATE TABLE IF NOT EXISTS kept_row AS SELECT 7 AS value")
    assert set(fleet.down(running)) == set(NAMES)
    assert states(running) == dict.fromkeys(NAMES, "stopped")
    assert fleet.down(running) == ()
    assert not [each for each in objects.SOCKETS.glob("seaweedfs-*.sock") if objects.is_ours(each, place(running))]
    fleet.up(running, quiet)
    assert query(running, "SELECT value FROM kept_row") == [(7,)]


def test_a_port_taken_by_a_stranger_is_named_and_others_can_be_chosen(running: Path):
    """The error names server, port and file; without the ports' lines others are chosen, and the data are still there."""
    query(running, "CREATE TABLE IF NOT EXISTS kept_row AS SELECT 7 AS value")
    fleet.down(running)
    layout = Layout(running)
    chosen = ports.load(layout.ports_file)
    with ExitStack() as stack:
        for name in NAMES:
            stranger = stack.enter_context(socket.socket())
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stranger.bind(("127.0.0.1", chosen[name]))
            stranger.listen()
        with pytest.raises(PortTakenError, match=f"OpenBao.*{chosen['openbao']}") as refused:
            fleet.up(running, quiet)
        assert str(layout.ports_file) in refused.value.hint
        assert states(running) == dict.fromkeys(NAMES, "stopped")
        assert ports.load(layout.ports_file) == chosen
        layout.ports_file.write_text(json.dumps({name: port for name, port in chosen.items() if name not in NAMES}))
        fleet.up(running, quiet)
    assert states(running) == dict.fromkeys(NAMES, "running")
    assert not {place(running).ports[name] for name in NAMES} & set(chosen.values())
    assert query(running, "SELECT value FROM kept_row") == [(7,)]


def test_a_server_that_ends_while_starting_is_told_with_the_end_of_its_log(running: Path):
    fleet.down(running)
    settings = Layout(running).data("postgres") / "postgresql.conf"
    whole = settings.read_text()
    settings.write_text(whole + "work_mem = 'nonsense'\n")
    with pytest.raises(CrashedError, match="work_mem"):
        fleet.up(running, quiet)
    assert states(running)["postgres"] == "crashed"
    settings.write_text(whole)
    fleet.up(running, quiet)
    assert states(running) == dict.fromkeys(NAMES, "running")


def test_a_remembered_process_that_is_another_by_now_is_never_signalled(running: Path):
    """Its id is that of this very test, its start time is not: `down` must leave it alone."""
    fleet.down(running)
    us = processes.Process(os.getpid(), 1, processes.boot())
    processes.remember(Layout(running).process_file("postgres"), us)
    assert states(running)["postgres"] == "crashed"
    assert fleet.down(running) == ()


def test_a_new_authority_is_shown_by_every_server(running: Path):
    """With the old one gone, a server that merely went on running would be trusted by nobody."""
    before = pids(running)
    kill(running, "clouds")
    (Layout(running).authority / "ca.key").unlink()
    assert set(fleet.up(running, quiet).started) == set(NAMES)
    assert not set(pids(running).values()) & set(before.values())
    assert query(running, "SELECT 1") == [(1,)]


def test_after_a_restart_of_the_machine_nothing_is_called_crashed(running: Path):
    fleet.down(running)
    processes.remember(Layout(running).process_file("postgres"), processes.Process(os.getpid(), 1, "another boot"))
    status = next(server for server in fleet.status(running) if server.name == "postgres")
    assert (status.state, status.pid) == ("stopped", None)
    assert "restarted" in status.detail


def test_secrets_and_keys_are_readable_by_their_owner_alone(running: Path):
    layout = Layout(running)
    files = [*layout.secrets.iterdir(), *layout.authority.glob("*.key"), layout.data("clouds") / "config.json"]
    files += [layout.data("objects") / "identities.json", *layout.logs.iterdir()]
    assert len(files) > 10
    assert {each.name: oct(each.stat().st_mode & 0o077) for each in files if each.stat().st_mode & 0o077} == {}


def test_no_secret_stands_in_an_argument(running: Path):
    secrets = [each.read_text().strip() for each in Layout(running).secrets.iterdir()]
    for pid in pids(running).values():
        arguments = Path(f"/proc/{pid}/cmdline").read_text()
        assert not [secret for secret in secrets if secret in arguments]


def test_the_inner_ports_of_s3_answer_to_nobody(running: Path):
    """Without a token or a certificate of its own neither reads nor gRPC are served."""
    import ssl
    import urllib.error
    import urllib.request

    here = place(running)
    for path in ("master.port:/dir/assign", "filer.port:/buckets/", "filer.port:/", "volume.port:/1,00"):
        name, _, address = path.partition(":")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{here.ports[f'objects.{name}']}{address}", timeout=5)
        assert refused.value.code in (401, 404)
        refused.value.close()
    context = ssl.create_default_context(cafile=str(here.layout.ca_file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the missing certificate is then refused within the handshake
    for name in ("master", "volume", "filer", "s3"):
        plain = socket.create_connection(("127.0.0.1", here.ports[f"objects.{name}.port.grpc"]), timeout=5)
        with plain, pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_wipe_deletes_the_folder(tmp_path: Path):
    """Only what the first start made: a folder that held other things keeps them."""
    for folder, others in ((tmp_path / "made", ()), (tmp_path / "found", ("precious.txt",))):
        for name in others:
            folder.mkdir()
            (folder / name).write_text("mine")
        Layout(folder).create()
        assert fleet.down(folder, wipe=True) == ()
        assert folder.exists() == bool(others)
    assert [each.name for each in (tmp_path / "found").iterdir()] == ["precious.txt"]


def test_wipe_of_a_folder_that_is_no_local_run_deletes_nothing(tmp_path: Path):
    (tmp_path / "precious.txt").write_text("mine")
    assert fleet.down(tmp_path, wipe=True) == ()
    assert (tmp_path / "precious.txt").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerError, match="cannot write") as refused:
        fleet.up(tmp_path / "file" / "kept", quiet)
    assert "KEPT_HOME" in refused.value.hint
