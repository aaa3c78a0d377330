"""The hosts' user data: what every host gets, what each role gets besides, and what stands in none."""

from __future__ import annotations

import ast
import configparser
import functools
import hashlib
import http.server
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import names
from infra.cloud_init import application, hardening, jobs, report, roles, vault, volume
from infra.cloud_init.document import LARGEST_BYTES, File, Part, render
from infra.config import POSTGRES_VERSIONS
from localcloud.servers import authority
from localcloud.servers.authority import Pair, Purpose
from localcloud.servers.layout import Layout
from promises.flows import HOSTS
from tests.infra.support import PLATFORMS, read

CASES = {f"{platform}, {role}": (platform, role) for platform in PLATFORMS for role in HOSTS}


def document(platform: str, role: str, number: int = 1, **changes: str | None) -> dict[str, Any]:
    text = roles.user_data(read(platform, **changes), role, number)
    parsed = yaml.safe_load(text)
    assert isinstance(parsed, dict)
    return parsed


def files(platform: str, role: str, number: int = 1, **changes: str | None) -> dict[str, str]:
    return {each["path"]: each["content"] for each in document(platform, role, number, **changes)["write_files"]}


@pytest.mark.parametrize(("platform", "role"), CASES.values(), ids=CASES.keys())
def test_every_host_takes_keys_alone_and_updates_itself(platform: str, role: str) -> None:
    parsed, written = document(platform, role), files(platform, role)
    assert parsed["ssh_pwauth"] is False
    assert parsed["package_upgrade"] is True
    assert "unattended-upgrades" in parsed["packages"]
    settings = dict(line.split(" ", 1) for line in written["/etc/ssh/sshd_config.d/10-kept.conf"].splitlines())
    assert settings["PasswordAuthentication"] == "no"
    assert settings["KbdInteractiveAuthentication"] == "no"
    assert settings["AuthenticationMethods"] == "publickey"
    assert settings["PermitRootLogin"] == "prohibit-password"
    assert 'Unattended-Upgrade "1"' in written["/etc/apt/apt.conf.d/20auto-upgrades"]
    assert parsed["chpasswd"]["users"] == [{"name": "root", "type": "hash", "password": "!"}]


@pytest.mark.parametrize(("platform", "role"), CASES.values(), ids=CASES.keys())
def test_nothing_comes_in_or_out_but_over_tls(platform: str, role: str) -> None:
    text = roles.user_data(read(platform), role, 1)
    plain = set(re.findall(r"http://[^\s\"';]+", text))
    assert plain <= {"http://127.0.0.1:8000"}
    assert "6514" in text
    assert 'StreamDriverMode="1"' in text or 'StreamDriver.Mode="1"' in text


SECRET = re.compile(r"PRIVATE KEY|dop_v1_|hvs\.|AKIA|password\s*[:=]\s*['\"]?\w{4,}|secret_access_key", re.IGNORECASE)


@pytest.mark.parametrize(("platform", "role"), CASES.values(), ids=CASES.keys())
def test_no_secret_stands_in_user_data(platform: str, role: str) -> None:
    assert not SECRET.search(roles.user_data(read(platform), role, 1))


def test_the_search_for_secrets_would_find_some() -> None:
    for secret in ("-----BEGIN PRIVATE KEY-----", "dop_v1_abc", "password = hunter22", "token: hvs.abc"):
        assert SECRET.search(secret)


@pytest.mark.parametrize(("platform", "role"), CASES.values(), ids=CASES.keys())
def test_every_script_is_one(platform: str, role: str, tmp_path: Path) -> None:
    for path, content in files(platform, role).items():
        if content.startswith("#!/bin/sh"):
            script = tmp_path / Path(path).name
            script.write_text(content)
            assert subprocess.run(["/bin/sh", "-n", script], check=False).returncode == 0, path
        if "PROGRAM" in content:
            ast.parse(content.split("<<'PROGRAM'\n")[1].split("\nPROGRAM")[0])


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="`cloud-init` is not installed: its schema cannot be asked")
@pytest.mark.parametrize(("platform", "role"), CASES.values(), ids=CASES.keys())
def test_cloud_init_takes_the_document(platform: str, role: str, tmp_path: Path) -> None:
    path = tmp_path / "user-data"
    path.write_text(roles.user_data(read(platform), role, 1))
    answer = subprocess.run(["cloud-init", "schema", "--config-file", path], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


KEYS = {
    "ssh_pwauth": bool,
    "ssh_deletekeys": bool,
    "ssh_genkeytypes": list,
    "chpasswd": dict,
    "apt": dict,
    "ntp": dict,
    "package_update": bool,
    "package_upgrade": bool,
    "packages": list,
    "write_files": list,
    "runcmd": list,
}
"""Modules of cloud-init, with the type of what they take."""


@pytest.mark.parametrize(("platform", "role"), CASES.values(), ids=CASES.keys())
def test_the_document_has_the_form_that_cloud_init_wants(platform: str, role: str) -> None:
    text = roles.user_data(read(platform), role, 1)
    assert text.startswith("#cloud-config\n")
    assert len(text.encode()) < LARGEST_BYTES
    parsed = document(platform, role)
    assert {key: type(value) for key, value in parsed.items()} == KEYS
    for each in parsed["write_files"]:
        assert set(each) - {"defer"} == {"path", "permissions", "owner", "content"}
        assert each.get("defer", True) is True
        assert re.fullmatch(r"0[0-7]{3}", each["permissions"])
        assert each["path"].startswith("/")
    assert all(isinstance(word, str) for command in parsed["runcmd"] for word in command)


WITH_VOLUMES = ("jobs", "vault", "collector")


@pytest.mark.parametrize("role", HOSTS)
def test_a_data_volume_is_encrypted_by_its_host(role: str) -> None:
    written = files("illumacom", role, 2)
    assert (volume.SCRIPT in written) == (role in WITH_VOLUMES)
    if role in WITH_VOLUMES:
        script = written[volume.SCRIPT]
        assert f"scsi-0DO_Volume_illumacom-{role}-2" in script
        assert "luksFormat" in script
        assert "--key-size 512" in script
        assert script.index("luksFormat") < script.index("mkfs.ext4")


WRITERS = {"vault": "openbao.service", "collector": "rsyslog.service"}


@pytest.mark.parametrize("role", WITH_VOLUMES)
def test_what_writes_to_the_volume_does_not_start_while_it_is_not_open(role: str) -> None:
    """Logs and raft would land on the host's own disk, unencrypted."""
    unit = configparser.ConfigParser()
    unit.read_string(files("illumacom", role)["/etc/systemd/system/kept-volume.service"])
    assert unit.get("Install", "RequiredBy", fallback=None) == WRITERS.get(role)
    assert unit.get("Unit", "Before", fallback=None) == WRITERS.get(role)
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    assert unit["Service"]["ExecStart"] == volume.SCRIPT


def test_the_collector_writes_to_its_volume_only_after_it_is_open() -> None:
    """At the first start packages come before commands: what sends rsyslog there is written last, and rsyslog is started later still."""
    assert deferred("collector") == {"/etc/rsyslog.d/10-collector.conf"}
    commands = [" ".join(each) for each in document("illumacom", "collector")["runcmd"]]
    opened = commands.index("systemctl enable --now kept-volume.service")
    assert opened < commands.index(f"install -d -m 0700 {volume.MOUNT}/log")
    assert opened < commands.index("systemctl enable --now kept-start-rsyslog.path")


def test_a_volume_that_holds_something_unencrypted_is_not_formatted() -> None:
    script = files("illumacom", "vault")[volume.SCRIPT]
    assert script.index("exit 1") < script.index("luksFormat")


def test_hosts_of_a_role_start_anew_apart_and_vault_never_by_itself() -> None:
    times = [hardening.reboot_time(number) for number in range(1, 21)]
    assert len(set(times)) == 20
    assert times[:2] == ["03:00", "03:15"]
    upgrades = "/etc/apt/apt.conf.d/52kept-upgrades"
    assert 'Automatic-Reboot "true"' in files("illumacom", "app")[upgrades]
    assert 'Automatic-Reboot "false"' in files("illumacom", "vault")[upgrades]


def test_vault_joins_its_peers_speaks_tls_and_writes_down_who_asked() -> None:
    config = files("illumacom", "vault", 2)["/etc/openbao/openbao.hcl"]
    assert 'node_id = "vault-2"' in config
    assert config.count("retry_join") == names.VAULT_NODES - 1
    assert "https://vault-1.illumacom.internal:8200" in config
    assert 'leader_api_addr     = "https://vault-2.illumacom.internal:8200"' not in config
    assert 'tls_min_version = "tls12"' in config
    assert config.count('audit "') == 2
    assert f'path    = "{volume.MOUNT}/raft"' in config
    assert "tls_disable" not in config


def test_vaults_package_is_taken_by_its_digest_alone() -> None:
    commands = document("illumacom", "vault")["runcmd"]
    config = read()
    (fetch,) = [each for each in commands if each[0] == vault.FETCH]
    assert fetch[1:3] == [config.software.vault_package, config.software.vault_package_sha256]
    script = files("illumacom", "vault")[vault.FETCH]
    assert script.index("sha256sum --check") < script.index('mv "$3.new"')


def test_the_jobs_install_their_software_by_digest_and_only_once_they_may_read_it() -> None:
    written = files("illumacom", "jobs")
    unit, script = written["/etc/systemd/system/kept-install.service"], written["/usr/local/sbin/kept-install"]
    assert f"kept-install {read().software.bundle_sha256}" in unit
    assert "ConditionPathExists=/etc/kept/credentials/wheels" in unit
    assert script.index("sha256sum --check") < script.index("tar -xf")
    assert "--require-hashes" in script
    assert "https://illumacom-wheels.nyc3.digitaloceanspaces.com" in script


def wheel(folder: Path, name: str, said: str) -> Path:
    """A wheel with one command, of its own name, that says something."""
    about, path = f"{name}-1.0.dist-info", folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"def main():\n    print({said!r})\n")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
        archive.writestr(f"{about}/RECORD", "")
    return path


def bundle(bucket: Path, folder: Path, said: str) -> str:
    """A bundle in the bucket, under its digest; `kept` of it says what is given."""
    folder.mkdir()
    needed = wheel(folder, "needed", said)
    (folder / "requirements.lock").write_text(f"needed==1.0 --hash=sha256:{hashlib.sha256(needed.read_bytes()).hexdigest()}\n")
    wheel(folder, "kept", said)
    with tarfile.open(folder / "bundle.tar", "w") as archive:
        for path in sorted(folder.iterdir()):
            if path.name != "bundle.tar":
                archive.add(path, path.name)
    digest = hashlib.sha256((folder / "bundle.tar").read_bytes()).hexdigest()
    (folder / "bundle.tar").rename(bucket / f"{digest}.tar")
    return digest


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Nothing on the console."""


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[tuple[str, Path, Path]]:
    """A folder over HTTPS: its address, the folder, the credentials with the authority that curl is to trust."""
    layout, folder, credentials = Layout(tmp_path / "authority"), tmp_path / "bucket", tmp_path / "credentials"
    layout.create()
    authority.ensure(layout, (), datetime.now(UTC))
    pair = authority.issue(layout.authority, Pair(tmp_path / "n.pem", tmp_path / "n.key"), "localhost", Purpose.SERVER, datetime.now(UTC))
    folder.mkdir()
    credentials.mkdir()
    (credentials / "wheels").write_text(f'user = "a:b"\ncacert = "{layout.ca_file}"\n')
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(pair.certificate, pair.key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        server.socket = secured.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://localhost:{server.server_port}", folder, credentials
        server.shutdown()
        thread.join()


def test_what_is_installed_runs_and_a_new_bundle_takes_its_place_in_one_step(bucket: tuple[str, Path, Path], tmp_path: Path) -> None:
    """The script itself, from a bucket over HTTPS, with its two places moved into a folder of the test's."""
    address, folder, credentials = bucket
    (text,) = (each.content for each in jobs.installed(address, "0" * 64).files if each.path.endswith("sbin/kept-install"))
    home, command, script = tmp_path / "kept", tmp_path / "command", tmp_path / "kept-install"
    script.write_text(text.replace(jobs.HOME, str(home)).replace("/usr/local/bin/kept", str(command)))

    def install(digest: str) -> int:
        environment = {"PATH": f"{sys.base_prefix}/bin:/usr/bin:/bin", "CREDENTIALS_DIRECTORY": str(credentials)}
        return subprocess.run(["/bin/sh", script, digest], env=environment, check=False, capture_output=True).returncode

    def said() -> str:
        return subprocess.run([command], check=True, capture_output=True, text=True).stdout.strip()

    first, second = bundle(folder, tmp_path / "one", "one"), bundle(folder, tmp_path / "two", "two")
    assert install(first) == 0
    assert said() == "one"
    (folder / f"{second}.tar").rename(folder / "kept-back")
    shutil.copy(folder / f"{first}.tar", folder / f"{second}.tar")
    assert install(second) != 0, "a bundle with another digest is refused"
    assert said() == "one"
    (folder / "kept-back").rename(folder / f"{second}.tar")
    assert install(second) == 0
    assert said() == "two"
    assert home.readlink() == Path(f"{home}-{second}")
    (folder / f"{second}.tar").unlink()
    assert install(second) == 0, "what is installed is not fetched again at every start"


def test_the_jobs_database_client_is_as_new_as_the_newest_server() -> None:
    """pg_dump refuses a server that is newer than itself."""
    (client,) = [each for each in document("illumacom", "jobs")["packages"] if each.startswith("postgresql-client")]
    assert client == f"postgresql-client-{max(POSTGRES_VERSIONS, key=int)}"


def test_an_application_host_answers_the_edge_alone() -> None:
    site = files("illumacom", "app")["/etc/nginx/sites-enabled/kept"]
    assert "ssl_verify_client on;" in site
    assert "ssl_reject_handshake on;" in site
    assert files("illumacom", "app")[application.ORIGIN_PULL] == read().origin_pull_certificate
    assert "$remote_addr" not in site


def deferred(role: str) -> set[str]:
    """Paths that are written after the packages."""
    return {each["path"] for each in document("illumacom", role)["write_files"] if each.get("defer")}


def test_nginx_is_installed_without_our_site_and_starts_only_with_the_key() -> None:
    """The package's own start would fail for want of the certificate, and leave the package half configured."""
    assert deferred("app") == {"/etc/nginx/sites-enabled/kept"}
    written = files("illumacom", "app")
    assert written["/etc/systemd/system/nginx.service.d/10-kept.conf"] == f"[Unit]\nConditionPathExists={application.ORIGIN_KEY}\n"
    assert f"PathExists={application.ORIGIN_KEY}\n" in written["/etc/systemd/system/kept-start-nginx.path"]


TLS = {"1.2": "TLSv1.2 TLSv1.3", "1.3": "TLSv1.3"}


@pytest.mark.parametrize(("lowest", "spoken"), TLS.items(), ids=TLS.keys())
def test_no_version_below_the_promised_one_is_spoken(lowest: str, spoken: str) -> None:
    """By any server of the socket: nginx agrees on the version with the default one, before it knows the name."""
    servers = application.site("app.shop.example", 443, lowest).split("\nserver {")[1:]
    assert len(servers) == 2
    for server in servers:
        assert f"\n  ssl_protocols {spoken};\n" in server
        assert "\n  ssl_verify_client on;\n" in server
        assert f"\n  ssl_client_certificate {application.ORIGIN_PULL};\n" in server


def test_logs_leave_for_a_collector_that_proves_who_it_is() -> None:
    send = files("illumacom", "app")["/etc/rsyslog.d/10-collector.conf"]
    assert 'target="collector-1.illumacom.internal" port="6514" protocol="tcp"' in send
    assert 'StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="collector-1.illumacom.internal"' in send
    assert "MinProtocol=TLSv1.2" in send
    receive = files("illumacom", "collector")["/etc/rsyslog.d/10-collector.conf"]
    assert "omfwd" not in receive
    assert 'input(type="imtcp" port="6514"' in receive
    assert "https://illumacom-logs.nyc3.digitaloceanspaces.com/hosts" in files("illumacom", "collector")["/usr/local/sbin/kept-ship-logs"]


def test_the_collector_names_its_files_after_the_peer_and_never_after_what_a_line_says() -> None:
    receive = files("illumacom", "collector")["/etc/rsyslog.d/10-collector.conf"]
    (name,) = re.findall(r'template\(name="hourly" type="string" string="([^"]*)"\)', receive)
    assert name.startswith(f"{volume.MOUNT}/log/%fromhost-ip%.")
    assert set(re.findall(r"%([^%]+)%", name)) == {"fromhost-ip", "$year", "$month", "$day", "$hour"}
    assert set(re.findall(r'dynaFile="(\w+)"', receive)) == {"hourly"}


@pytest.mark.parametrize("role", HOSTS)
def test_the_longest_report_is_sent_and_received_whole(role: str) -> None:
    written = files("illumacom", role)
    (size,) = re.findall(r"logger .*--size (\d+)", written["/usr/local/sbin/kept-report"])
    (largest,) = re.findall(r'maxMessageSize="(\d+)k"', written["/etc/rsyslog.d/10-collector.conf"])
    header = 1024
    assert int(size) + header <= int(largest) * 1024


@pytest.mark.parametrize("role", HOSTS)
def test_every_host_reports_daily_and_signs_what_it_says(role: str) -> None:
    written = files("luggage", role)
    assert "OnCalendar=daily" in written["/etc/systemd/system/kept-report.timer"]
    script = written["/usr/local/sbin/kept-report"]
    assert f"ssh-keygen -q -Y sign -f /etc/ssh/ssh_host_ed25519_key -n {report.NAMESPACE}" in script
    assert '"sshd", "-T"' in script


def test_a_collector_made_anew_makes_no_other_host_anew() -> None:
    """User data holds names, never addresses of machines: a changed one would replace the host."""
    for role in HOSTS:
        text = roles.user_data(read(), role, 1)
        assert not re.findall(r"\b10\.\d+\.\d+\.\d+\b", text)


def test_a_path_written_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="written twice: /etc/a"):
        render(Part(files=(File("/etc/a", "1"),)), Part(files=(File("/etc/a", "2"),)))


def test_more_than_the_cloud_takes_is_refused() -> None:
    with pytest.raises(ValueError, match="the cloud takes 65536"):
        render(Part(files=(File("/etc/a", "x" * LARGEST_BYTES),)))
