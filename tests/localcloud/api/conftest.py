"""`cloud`: the local cloud alone (no S3, no Postgres), served in this process on a free loopback port, emptied for every test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from localcloud.api import __main__ as program
from localcloud.api.config import S3, Config, Postgres

TOKEN = "t" * 40
ACCOUNT = "0123456789abcdef0123456789abcdef"
START_SECONDS = 20
NOBODY = 9
"""A port on which nothing listens."""


class LocalCloud:
    """A server that can be stopped and started again on the same state."""

    token = TOKEN
    account = ACCOUNT

    def __init__(self, config: Config) -> None:
        self._config = config
        self._server: uvicorn.Server | None = None
        self._client = httpx.Client(trust_env=False, timeout=30)
        self.start()

    def start(self) -> None:
        self._server, listening = program.server(self._config)
        self.endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            assert self._thread.is_alive(), "the local cloud stopped"
            assert time.monotonic() < deadline, "the local cloud did not start in time"
            self._thread.join(0.01)

    def stop(self) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        assert not self._thread.is_alive()
        self._server.config.app.cloud.store.close()

    def close(self) -> None:
        self.stop()
        self._client.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def call(self, method: str, path: str, body: Any = None, /, token: str = TOKEN, **query: str) -> httpx.Response:
        """One request with the token ("": without one)."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._client.request(method, self.endpoint + path, json=body, params=query or None, headers=headers)

    def raw(self, method: str, path: str, content: bytes, host: str | None = None) -> httpx.Response:
        """Bytes as they are, to another host if one is named."""
        headers = {"Authorization": f"Bearer {TOKEN}", **({"Host": host} if host else {})}
        return self._client.request(method, self.endpoint + path, content=content, headers=headers)

    def ok(self, method: str, path: str, body: Any = None, /, **query: str) -> Any:
        """One request that must succeed; its JSON."""
        answer = self.call(method, path, body, **query)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def cf(self, method: str, path: str, body: Any = None, /, **query: str) -> Any:
        """Cloudflare's result of a request that must succeed."""
        return self.ok(method, f"/client/v4{path}", body, **query)["result"]

    def everything(self) -> Any:
        """All that is kept: to see that a refused call changed nothing."""
        return self.ok("GET", "/__local__/resources")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    server = LocalCloud(Config(port=0, token=TOKEN, state_file=tmp_path_factory.mktemp("cloud") / "state.sqlite"))
    yield server
    server.close()


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud whose Postgres and S3 are not there."""
    for name in ("password", "ca.pem"):
        (tmp_path / name).write_text("x")
    certificate = str(tmp_path / "ca.pem")
    postgres = Postgres("127.0.0.1", NOBODY, "doadmin", str(tmp_path / "password"), "defaultdb", str(tmp_path), certificate)
    s3 = S3(f"http://127.0.0.1:{NOBODY}", certificate, "key", "secret")
    server = LocalCloud(Config(port=0, token=TOKEN, state_file=tmp_path / "state.sqlite", s3=s3, postgres=postgres))
    yield server
    server.close()


@pytest.fixture
def cloud(served: LocalCloud) -> LocalCloud:
    served.ok("POST", "/__local__/reset", {})
    served.ok("DELETE", "/__local__/calls")
    return served
