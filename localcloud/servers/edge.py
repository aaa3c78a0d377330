"""The local edge and the origins behind it: `python -m localcloud.edge`.

`edge` is the port of its status page on 127.0.0.1; `edge.tls` and `edge.plain` stand for 443 and 80 on the addresses of the edge, the
balancers and the hosts (`localcloud.edge.loopback`), so that nothing has to be bound below 1024. It reads the authority's key: the
public names come and go with the zone's records, and each needs a certificate.
"""

from __future__ import annotations

import json
import signal
import sys
import urllib.request
from dataclasses import dataclass

from localcloud.edge import loopback
from localcloud.servers import clouds, files
from localcloud.servers.authority import Certificates
from localcloud.servers.ports import HOST
from localcloud.servers.processes import Steps
from localcloud.servers.server import ENVIRONMENT, Command, Place

NAME = "edge"
TLS, PLAIN = f"{NAME}.tls", f"{NAME}.plain"
MODULE = "localcloud.edge"
ADDRESS = loopback.EDGE
STRANGER = loopback.STRANGER


@dataclass(frozen=True)
class Edge:
    name: str = NAME
    title: str = "Edge (local)"
    port_names: tuple[str, ...] = (NAME, TLS, PLAIN)
    certificates: Certificates = ()
    needs: tuple[str, ...] = (clouds.NAME,)
    ready_seconds: float = 30
    stop_steps: Steps = ((signal.SIGTERM, 5), (signal.SIGKILL, 5))

    def prepare(self, place: Place) -> Command:
        layout = place.layout
        data = files.private_folder(layout.data(NAME))
        configuration = {
            "clouds": clouds.endpoint(place),
            "token_file": str(layout.secret(clouds.TOKEN)),
            "authority": str(layout.authority),
            "certificates": str(files.private_folder(data / "certificates")),
            "status_port": place.ports[NAME],
            "tls_port": place.ports[TLS],
            "plain_port": place.ports[PLAIN],
        }
        files.secret_once(layout.secret(clouds.TOKEN))
        files.write(data / "config.json", json.dumps(configuration, indent=2) + "\n")
        environment = {**ENVIRONMENT, "HOME": str(data), "PYTHONPATH": str(clouds.ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        return Command((sys.executable, "-m", MODULE, "--config", str(data / "config.json")), environment)

    def advance(self, place: Place) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://{HOST}:{place.ports[NAME]}/", timeout=5) as answer:
                return "" if json.load(answer)["status"] == "ok" else "it is not well"
        except (OSError, ValueError, KeyError) as error:
            return str(error)

    def healthy(self, place: Place) -> bool:
        return not self.advance(place)

    def tidy(self, place: Place) -> None:
        """It leaves nothing outside its folder."""
