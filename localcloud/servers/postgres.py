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
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.servers import binaries, files, ports, runners
from localcloud.servers.authority import Certificates, Purpose
from localcloud.servers.errors import MissingError, ServerError
from localcloud.servers.processes import Steps
from localcloud.servers.runners import Runner
from localcloud.servers.server import ENVIRONMENT, Command, Place
from localcloud.servers.waiting import holds

NAME = "postgres"
USER = "doadmin"
DATABASE = "defaultdb"
PASSWORD = "postgres_password"  # noqa: S105 - the name of a file
JOBS_HOST = "127.0.0.1"
EVERYBODY = "0.0.0.0/0"
DONE = "kept.done"
ORPHAN_SECONDS = 15
INCLUDE = "include 'kept.conf'\n"

SETTINGS = """\
# Written at every start of the local servers.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
max_connections = 200
# a schema for each merchant: a dump locks every table of all of them in one transaction
max_locks_per_transaction = 1024
timezone = 'UTC'
log_timezone = 'UTC'
# no statement, parameter, detail or message of a failed statement in the log: they can hold personal data
log_min_messages = 'log'
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
    certificates: Certificates = ((NAME, Purpose.SERVER),)
    needs: tuple[str, ...] = ()
    ready_seconds: float = 60
    stop_steps: Steps = ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 5))

    def prepare(self, place: Place) -> Command:
        """Make the data folder on the first start; write settings and certificate on every start."""
        data = files.private_folder(place.layout.data(NAME))
        program = binaries.postgres("postgres")
        runner = runners.unprivileged(data, program)
        if not (data / DONE).exists():
            _initialise(place, runner)
        _clear_the_dead(data)
        files.write(data / "kept.conf", SETTINGS.format(port=place.ports[NAME]))
        files.write(data / "server.pem", place.layout.certificate(NAME).read_bytes())
        files.write(data / "server.key", place.layout.key(NAME).read_bytes())
        runner.own(data / "kept.conf", data / "server.pem", data / "server.key")
        return Command((*runner.prefix, program, "-D", str(data)), ENVIRONMENT)

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

    def healthy(self, place: Place) -> bool:
        return ports.answers(place.ports[NAME])

    def tidy(self, place: Place) -> None:
        """It leaves nothing outside its folder."""


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
        "sslcertmode": "disable",  # else libpq looks into a home folder that may be another account's
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
    path = data_folder / "pg_hba.conf"
    files.write(path, "\n".join(("# Written from the trusted sources.", *lines, "")))
    if os.geteuid() == 0:
        os.chown(path, data_folder.stat().st_uid, data_folder.stat().st_gid)
    _reload(data_folder)


def _reload(data_folder: Path) -> None:
    """SIGHUP to the running server: the process that its own file names, if that one works in this folder."""
    try:
        pid = int((data_folder / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return  # not running: the rules are read at the next start
    if pid in _processes_in(data_folder.resolve()):
        os.kill(pid, signal.SIGHUP)


def _initialise(place: Place, runner: Runner) -> None:
    """initdb, then our include line and the first trusted sources; an empty file, made last, says that all this is done."""
    data = place.layout.data(NAME)
    _require_version(runner.prefix)
    files.secret_once(place.layout.secret(PASSWORD))
    _empty(data)
    with tempfile.TemporaryDirectory(dir=data.parent, prefix=".initdb-") as folder:
        password = Path(folder) / "password"
        shutil.copyfile(place.layout.secret(PASSWORD), password)
        runner.own(Path(folder), password)
        words = [*runner.prefix, binaries.postgres("initdb"), "-D", str(data), "-U", USER, f"--pwfile={password}"]
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        done = subprocess.run([*words, *options], capture_output=True, check=False, text=True, env=dict(ENVIRONMENT), cwd="/")
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise ServerError(f"initdb failed:\n{last}", "mend what it names, and run `kept local up` again")
    with (data / "postgresql.conf").open("a") as file:
        file.write(INCLUDE)
    write_trusted_sources(data, ())
    (data / DONE).touch()


def _require_version(prefix: Sequence[str]) -> None:
    answer = subprocess.run([*prefix, binaries.postgres("postgres"), "--version"], capture_output=True, check=False, text=True, cwd="/")
    found = re.search(r"(\d+)(\.|devel|beta|rc)", answer.stdout)
    if found is None or int(found[1]) < binaries.OLDEST_POSTGRES:
        said = (answer.stdout + answer.stderr).strip() or "no version"
        raise MissingError(
            f"Postgres must be version {binaries.OLDEST_POSTGRES} or newer: {said}", "unset KEPT_POSTGRES_BIN, or name another"
        )


def _clear_the_dead(data: Path) -> None:
    """A killed server's children end by themselves, moments later; until then a new one would refuse to start.

    So it would while the killed process waits unburied for its parent, whose id the lock file still names: with nobody at work in
    the folder, that file speaks of the dead.
    """
    if not holds(lambda: not _processes_in(data), ORPHAN_SECONDS):
        raise ServerError(f"another Postgres works on {data}", "stop it, then start again")
    (data / "postmaster.pid").unlink(missing_ok=True)


def _processes_in(data: Path) -> tuple[int, ...]:
    """Processes whose working directory is the data folder: Postgres' own."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (each / "cwd").readlink() == data:
                found.append(int(each.name))
    return tuple(found)


def _empty(folder: Path) -> None:
    """Remove what a broken-off initdb left; only ever called before the first complete one."""
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
