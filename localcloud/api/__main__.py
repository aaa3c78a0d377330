"""`python -m localcloud.api --config FILE`: serve until told to stop. Exit codes: 0 stopped, 1 could not start, 2 wrong arguments."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

import uvicorn

from localcloud.api import app, config
from localcloud.api.errors import LocalCloudError

HOST = "127.0.0.1"


def server(settings: config.Config) -> tuple[uvicorn.Server, socket.socket]:
    """A server and its bound socket; h11, because it alone hands over absolute-form requests whole."""
    listening = bind(settings.port)
    try:
        application = app.build(settings)
    except LocalCloudError:
        listening.close()
        raise
    options = uvicorn.Config(application, http="h11", ws="none", lifespan="off", access_log=False, log_level="warning")
    return uvicorn.Server(options), listening


def bind(port: int) -> socket.socket:
    """Take the port before anything else, so that a taken one is named.

    The protocol is said, because asyncio switches Nagle's algorithm off only where it is: else each answer waits 40 ms.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise LocalCloudError(f"cannot listen on {HOST}:{port}: {error.strerror}", "choose another port, or stop what uses it") from error
    return listening


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m localcloud.api", description="The local DigitalOcean, Cloudflare and Spaces.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="JSON; see localcloud/api/config.py")
    chosen = parser.parse_args(arguments)
    try:
        serving, listening = server(config.load(chosen.config))
    except LocalCloudError as error:
        sys.stderr.write(f"error: {error.message}\nnext:  {error.hint}\n")
        return 1
    print(f"listening on http://{HOST}:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - the one line a starter waits for
    serving.run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
