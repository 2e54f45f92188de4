"""Ports for servers of the tests: below those that the system lends to connections, which could take one meanwhile."""

import random
import socket

LOWEST, HIGHEST = 20_000, 32_000  # Linux lends 32768 to 60999


def free_port(neighbours: int = 0) -> int:
    """Find a port that nobody has, nor the next ones: `make run` takes PORT + 1 as well."""
    while True:
        port = random.randrange(LOWEST, HIGHEST)
        if all(_is_free(port + step) for step in range(neighbours + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that ended lately leaves its connections
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
