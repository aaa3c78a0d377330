"""`site`: the local cloud with a zone, a balancer and a host, and a local edge before them, both in this process."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from localcloud.edge.config import Config
from localcloud.edge.serving import Edge
from localcloud.servers import authority, ports
from localcloud.servers.layout import Layout
from tests.localcloud.api.conftest import TOKEN, LocalCloud
from tests.localcloud.edge.site import Site


@pytest.fixture(scope="session")
def cloud_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    from localcloud.api.config import Config as CloudConfig

    server = LocalCloud(CloudConfig(port=0, token=TOKEN, state_file=tmp_path_factory.mktemp("cloud") / "state.sqlite"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def edge(cloud_alone: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    layout = Layout(folder)
    layout.create()
    authority.ensure(layout, (), datetime.now(UTC))
    layout.secret("token").write_text(TOKEN)
    certificates = folder / "edge/certificates"
    status, tls, plain = (free_port() for _ in range(3))
    running = Edge(Config(cloud_alone.endpoint, layout.secret("token"), layout.authority, certificates, status, tls, plain))
    thread = threading.Thread(target=running.run)
    thread.start()
    yield running
    running.stop()
    thread.join(10)
    assert not thread.is_alive()


def free_port() -> int:
    """A port below those that the kernel gives to outgoing connections, as `kept local up` draws them."""
    while True:
        port = random.SystemRandom().randrange(ports.LOWEST, ports.HIGHEST)
        if ports.is_free(port):
            return port


@pytest.fixture
def site(cloud_alone: LocalCloud, edge: Edge) -> Site:
    cloud_alone.ok("POST", "/__local__/reset", {})
    made = Site(cloud_alone, edge)
    made.build()
    return made
