"""`made`: an authority of the tests' own with a certificate for one name."""

from __future__ import annotations

import pytest

from tests.policies.probes.servers import Authority, make_authority


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))
