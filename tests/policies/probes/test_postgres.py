"""The handshake against servers that answer strangely; the refusal and the welcome of a real Postgres are in test_live."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from policies.probes.postgres import SSL_REQUEST, Door, error_fields, knock, startup
from services.settings import Database, Settings
from tests.policies.probes.servers import dripping


@contextmanager
def server(*answers: bytes) -> Iterator[int]:
    """Answers each message with the next bytes, then closes; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for answer in answers:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=10)


def database(port: int, ca_file: Path = Path("/nowhere")) -> Database:
    return Database(host="127.0.0.1", port=port, name="shop", user="probe", password_file=Path("/nowhere"), ca_file=ca_file)


def error(**fields: str) -> bytes:
    body = b"".join(code.encode() + text.encode() + b"\0" for code, text in fields.items()) + b"\0"
    return b"E" + struct.pack("!i", len(body) + 4) + body


PROMPT = b"R" + struct.pack("!iii", 12, 10, 0)
NOTE = b"v" + struct.pack("!iii", 12, 0, 0)

ANSWERS: dict[str, tuple[tuple[bytes, ...], Door]] = {
    "it refuses the address": ((b"N", error(C="28000", M='no pg_hba.conf entry for host "x"')), Door.REFUSED),
    "it asks for a password": ((b"N", PROMPT), Door.OPEN),
    "it asks for none": ((b"N", b"R" + struct.pack("!ii", 8, 0)), Door.OPEN),
    "it notes the protocol first": ((b"N", NOTE + PROMPT), Door.OPEN),
    "it is full": ((b"N", error(C="53300", M="too many connections")), Door.UNCLEAR),
    "it refuses the role, not the address": ((b"N", error(C="28000", M="role is not permitted to log in")), Door.UNCLEAR),
    "it says something else": ((b"N", b"Z" + struct.pack("!i", 4)), Door.UNCLEAR),
    "it names an impossible length": ((b"N", b"E" + struct.pack("!i", 1 << 30)), Door.UNCLEAR),
    "it breaks off": ((b"N", b"E\0\0"), Door.UNCLEAR),
    "it is no Postgres": ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), Door.UNCLEAR),
    "it hangs up": ((b"",), Door.UNCLEAR),
    "it promises TLS and speaks nonsense": ((b"S", b"nonsense"), Door.UNCLEAR),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_reads_the_first_answer(case: str, local_authority: Path) -> None:
    answers, door = ANSWERS[case]
    with server(*answers) as port:
        found = knock(database(port, local_authority))
    assert found.door is door
    assert found.seen


def test_a_dripping_server_is_given_up(monkeypatch: pytest.MonkeyPatch, local_authority: Path) -> None:
    monkeypatch.setattr("policies.probes.postgres.TIMEOUT_SECONDS", 0.5)
    with dripping(b"N", b"E" + struct.pack("!i", 60_000)) as port:
        found = knock(database(port, local_authority))
    assert found.door is Door.UNCLEAR
    assert "no answer within" in found.seen


def test_an_answer_under_another_authority_proves_nothing(local: Settings, tmp_path: Path) -> None:
    """Whoever stands between us and the server could answer with a refusal."""
    other = tmp_path / "other.pem"
    other.write_text(certificate("somebody else"))
    found = knock(local.database.model_copy(update={"ca_file": other}))
    assert found.door is Door.UNCLEAR
    assert "TLS failed" in found.seen


def test_the_messages_are_those_of_the_protocol() -> None:
    assert SSL_REQUEST.hex() == "0000000804d2162f"
    hello = startup("u", "d")
    assert hello[:8] == struct.pack("!ii", len(hello), 196608)
    assert hello[8:] == b"user\0u\0database\0d\0application_name\0kept-probe\0\0"
    assert error_fields(b"SFATAL\0C28000\0Mno\0\0") == {"S": "FATAL", "C": "28000", "M": "no"}


@pytest.fixture
def local_authority(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    path.write_text(certificate("an authority"))
    return path


def certificate(name: str) -> str:
    """A self-signed certificate that nothing else is signed by."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_where_nobody_was_asked_nothing_is_proven(host: str, local_authority: Path) -> None:
    """A closed port and a name nobody knows: the database may be down, or somewhere else."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = knock(database(port, local_authority).model_copy(update={"host": host}))
    assert found.door is Door.UNCLEAR
