"""A port is free when nobody listens on it, on whichever of this machine's addresses."""

from __future__ import annotations

import socket

import pytest

from localcloud.servers import ports


@pytest.mark.parametrize("address", ["127.0.0.1", "127.201.0.9"])
def test_a_port_in_use_on_any_address_is_not_free(address: str) -> None:
    with socket.socket() as listening:
        listening.bind((address, 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)
