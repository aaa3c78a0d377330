"""Postgres: TLS only, passwords by SCRAM, and a list of trusted sources as a managed cluster has one.

Rules:
* Only `hostssl` lines are ever written to pg_hba.conf, so a connection without TLS finds no entry and is refused.
* 127.0.0.1 is the jobs host and always allowed. Every other local host has an address 127.x.y.z of its own, from which it
  connects; whether it may is decided by the trusted sources.
* No trusted sources at all means open to everybody, as it does at DigitalOcean; at the first start only 127.0.0.1 is let in.
* The server's log holds neither statements nor details of errors: both can quote a buyer's row.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.servers import binaries, files, runners
from localcloud.servers.errors import ServerError
from localcloud.servers.processes import Steps
from localcloud.servers.server import ENVIRONMENT, Command, Place

NAME = "postgres"
USER = "doadmin"
DATABASE = "defaultdb"
PASSWORD = "postgres_password"  # noqa: S105 - the name of a file
JOBS_HOST = "127.0.0.1"
EVERYBODY = "0.0.0.0/0"
INCLUDE = "include 'kept.conf'\n"

SETTINGS = """\
# Written at every start of the local servers.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
max_connections = 200
# a schema for each merchant: a dump locks every table of all of them in one transaction
max_locks_per_transaction = 1024
timezone = 'UTC'
log_timezone = 'UTC'
# no statement, parameter or detail in the log: they can hold personal data
log_statement = 'none'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
log_parameter_max_length_on_error = 0
"""


@dataclass(frozen=True)
class Postgres:
    name: str = NAME
    title: str = "Postgres"
    port_names: tuple[str, ...] = (NAME,)
    needs: tuple[str, ...] = ()
    ready_seconds: float = 60
    stop_steps: Steps = ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 5))

    def prepare(self, place: Place) -> Command:
        """Make the data folder on the first start; write the settings on every start."""
        data = place.layout.data(NAME)
        program = binaries.postgres("postgres")
        files.private_folder(data)
        prefix = runners.unprivileged(data, program)
        if not (data / "kept.conf").exists():
            self._initialise(place, prefix)
        files.write(data / "kept.conf", _settings(place))
        return Command((*prefix, program, "-D", str(data)), ENVIRONMENT)

    def advance(self, place: Place) -> str:
        """Ready when the administrator's database can be used over TLS; it is made when it is not there."""
        import psycopg

        try:
            with psycopg.connect(**connection(place, "postgres"), autocommit=True) as session:
                if not session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    session.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.Error as error:
            return str(error).strip().splitlines()[-1]
        return ""

    def _initialise(self, place: Place, prefix: Sequence[str]) -> None:
        """initdb, then our include line and the first trusted sources; `kept.conf`, written last, says that all this is done."""
        data = place.layout.data(NAME)
        files.secret_once(place.layout.secret(PASSWORD))
        _empty(data)
        words = [*prefix, binaries.postgres("initdb"), "-D", str(data), "-U", USER, f"--pwfile={place.layout.secret(PASSWORD)}"]
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        done = subprocess.run([*words, *options], capture_output=True, check=False, text=True, env=dict(ENVIRONMENT), cwd="/")
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
            raise ServerError(f"initdb failed:\n{last}", f"mend what it names, delete {data}, and run `kept local up` again")
        with (data / "postgresql.conf").open("a") as file:
            file.write(INCLUDE)
        write_trusted_sources(data, ())


def connection(place: Place, database: str = DATABASE) -> dict[str, Any]:
    """Keyword arguments for `psycopg.connect` as the administrator."""
    return {
        "host": JOBS_HOST,
        "port": place.ports[NAME],
        "user": USER,
        "password": place.layout.secret(PASSWORD).read_text().strip(),
        "dbname": database,
        "sslmode": "verify-full",
        "sslrootcert": str(place.layout.ca_file),
        "connect_timeout": 5,
    }


def write_trusted_sources(data_folder: Path, addresses: Sequence[str] | None) -> None:
    """Let these addresses or networks in, and 127.0.0.1; `None` lets everybody in (no trusted sources, as at DigitalOcean).

    The running server reloads its rules. A connection opened after this returns meets the new ones: the server handles
    signals before it accepts. Connections that are open already stay open, as they do in a managed cluster.
    """
    networks = [EVERYBODY] if addresses is None else [str(ipaddress.ip_network(each, strict=False)) for each in addresses]
    allowed = dict.fromkeys((f"{JOBS_HOST}/32", *networks))
    lines = [f"hostssl all all {network} scram-sha-256" for network in allowed]
    files.write(data_folder / "pg_hba.conf", "\n".join(("# Written from the trusted sources.", *lines, "")))
    _reload(data_folder)


def _reload(data_folder: Path) -> None:
    """SIGHUP to the running server; its own file in its data folder says which process that is."""
    try:
        pid = int((data_folder / "postmaster.pid").read_text().splitlines()[0])
        here = Path(f"/proc/{pid}/cwd").readlink()
    except (OSError, ValueError, IndexError):
        return  # not running: the rules are read at the next start
    if here == data_folder.resolve():
        os.kill(pid, signal.SIGHUP)


def _settings(place: Place) -> str:
    layout = place.layout
    quoted = {"certificate": _quoted(layout.certificate(NAME)), "key": _quoted(layout.key(NAME))}
    return SETTINGS.format(port=place.ports[NAME], **quoted)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _empty(folder: Path) -> None:
    """Remove what a broken-off initdb left; only ever called before the first complete one."""
    import shutil

    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
