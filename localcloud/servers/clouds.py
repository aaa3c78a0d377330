"""The stand-in for the APIs of DigitalOcean and Cloudflare and the gateway to Spaces: `python -m localcloud.api`.

It speaks http on loopback, as the clouds' clients are told to locally. Its configuration holds its token and the S3 key, so
only its owner may read it.
"""

from __future__ import annotations

import json
import signal
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.servers import files, objects, postgres
from localcloud.servers.authority import Certificates
from localcloud.servers.ports import HOST
from localcloud.servers.processes import Steps
from localcloud.servers.server import ENVIRONMENT, Command, Place

NAME = "clouds"
TOKEN = "clouds_token"  # noqa: S105 - the name of a file
MODULE = "localcloud.api"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Clouds:
    name: str = NAME
    title: str = "DigitalOcean and Cloudflare (local)"
    port_names: tuple[str, ...] = (NAME,)
    certificates: Certificates = ()
    needs: tuple[str, ...] = (postgres.NAME, objects.NAME)
    ready_seconds: float = 30
    stop_steps: Steps = ((signal.SIGTERM, 5), (signal.SIGKILL, 5))

    def prepare(self, place: Place) -> Command:
        data = files.private_folder(place.layout.data(NAME))
        files.write(data / "config.json", json.dumps(_configuration(place), indent=2) + "\n")
        environment = {**ENVIRONMENT, "HOME": str(data), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        return Command((sys.executable, "-m", MODULE, "--config", str(data / "config.json")), environment)

    def advance(self, place: Place) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{endpoint(place)}/__local__/health", timeout=5) as answer:
                return "" if answer.status == 200 else f"it answered {answer.status}"
        except OSError as error:
            return str(error)

    def healthy(self, place: Place) -> bool:
        return not self.advance(place)

    def tidy(self, place: Place) -> None:
        """It leaves nothing outside its folder."""


def endpoint(place: Place) -> str:
    return f"http://{HOST}:{place.ports[NAME]}"


def _configuration(place: Place) -> dict[str, Any]:
    layout = place.layout
    return {
        "port": place.ports[NAME],
        "token": files.secret_once(layout.secret(TOKEN)),
        "state_file": str(layout.data(NAME) / "state.sqlite"),
        "s3": {
            "endpoint": objects.endpoint(place),
            "ca": str(layout.ca_file),
            "access_key": objects.ADMINISTRATOR.access_key,
            "secret_key": files.secret_once(layout.secret(objects.secret_name(objects.ADMIN))),
        },
        "postgres": {
            "host": HOST,
            "port": place.ports[postgres.NAME],
            "user": postgres.USER,
            "password_file": str(layout.secret(postgres.PASSWORD)),
            "database": postgres.DATABASE,
            "data_folder": str(layout.data(postgres.NAME)),
            "ca_file": str(layout.ca_file),
        },
    }
