"""`made`: an authority of the tests' own with a certificate for one name. `site`: the local edge before a compliant platform."""

from __future__ import annotations

import pytest

from tests.localcloud.edge.conftest import cloud_alone, edge, site
from tests.policies.probes.servers import Authority, make_authority

__all__ = ["cloud_alone", "edge", "made", "site"]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))
