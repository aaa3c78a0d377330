"""Postgres lets in who is trusted, over TLS, and writes no data into its log."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from localcloud.servers.postgres import write_trusted_sources
from services.database import connect, parameters
from services.settings import Database, Settings

APPLICATION, STRANGER = "127.0.0.21", "127.0.0.99"


@pytest.fixture
def data(local: Settings) -> Iterator[Path]:
    """The cluster's data folder; afterwards only the jobs host is trusted again."""
    folder = local.database.ca_file.parent.parent / "postgres"
    yield folder
    write_trusted_sources(folder, ())


@contextmanager
def relay(port: int, source: str) -> Iterator[int]:
    """A port whose one connection reaches Postgres from another loopback address (libpq cannot choose its own)."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_relay, args=(listening, port, source), daemon=True).start()
        yield listening.getsockname()[1]


def _relay(listening: socket.socket, port: int, source: str) -> None:
    client, _ = listening.accept()
    server = socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
    with client, server:
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def lets_in(local: Settings, source: str) -> bool:
    with relay(local.database.port, source) as port:
        try:
            psycopg.connect(**{**parameters(local.database, "defaultdb"), "port": port}).close()
        except psycopg.OperationalError as error:
            if "no pg_hba.conf entry" not in str(error):
                raise
            return False
        return True


CASES = {
    "nobody is listed: only the jobs host": ((), {"127.0.0.1": True, APPLICATION: False, STRANGER: False}),
    "one address": ((APPLICATION,), {"127.0.0.1": True, APPLICATION: True, STRANGER: False}),
    "a network": (("127.0.0.16/28",), {"127.0.0.1": True, APPLICATION: True, STRANGER: False}),
    "no trusted sources: open to all": (None, {"127.0.0.1": True, APPLICATION: True, STRANGER: True}),
}


@pytest.mark.parametrize("case", CASES)
def test_trusted_sources_decide_who_gets_in_at_once(case: str, local: Settings, data: Path):
    addresses, expected = CASES[case]
    write_trusted_sources(data, addresses)
    assert {source: lets_in(local, source) for source in expected} == expected


def test_an_address_that_is_none_is_refused_and_changes_nothing(data: Path):
    before = (data / "pg_hba.conf").read_text()
    with pytest.raises(ValueError, match="all all trust"):
        write_trusted_sources(data, ["0.0.0.0/0 trust\nhost all all trust"])
    assert (data / "pg_hba.conf").read_text() == before


def test_a_connection_without_tls_is_refused(local: Settings):
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(**{**parameters(local.database, "defaultdb"), "sslmode": "disable"})


def test_tls_1_1_is_not_offered(local: Settings):
    with connect(local.database, "defaultdb") as connection:
        assert connection.execute("SHOW ssl_min_protocol_version").fetchone() == ("TLSv1.2",)


def test_the_log_holds_neither_statements_nor_messages_of_failed_ones(local: Settings, data: Path, database_settings: Database):
    with connect(database_settings, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, name text)")
        connection.execute("INSERT INTO t VALUES (1, 'Jane Roe')")
        for statement in ("INSERT INTO t VALUES (1, 'Jane Roe')", "SELECT 'Jane Roe'::int", "SELECT Jane_Roe"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
    log = (data.parent / "logs" / "postgres.log").read_text().lower()
    assert "ready to accept connections" in log
    assert "jane" not in log
