"""`python -m localcloud.edge --config FILE`: serve until told to stop. Exit codes: 0 stopped, 1 could not start, 2 wrong arguments."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from localcloud.edge import config
from localcloud.edge.serving import Edge


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m localcloud.edge", description="The local edge, and the origins behind it.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="JSON; see localcloud/edge/config.py")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        edge = Edge(config.load(chosen.config))
    except (OSError, ValueError, TypeError, KeyError) as error:
        sys.stderr.write(f"error: cannot start with {chosen.config}: {error}\nnext:  mend the file, or free the port it names\n")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: edge.stop())
    signal.signal(signal.SIGINT, lambda *_: edge.stop())
    edge.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
