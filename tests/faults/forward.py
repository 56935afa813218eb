"""Passes one port of loopback on to another machine: `python forward.py PORT ADDRESS PORT`.

A run is told where to clone from, and for the sandbox GitHub that is loopback.
"""

import sys
import threading

from proxy import Proxy


def main(port: int, address: str, behind: int) -> None:
    """Forward until a signal ends the process."""
    with Proxy(behind, behind=address, port=port):
        threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
