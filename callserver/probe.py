"""`python -m callserver.probe`: ask the server of this host whether it is well. Exits with 1, and says why, when not.

For images, which have no curl. It is asked often and must not cost what Django costs.
"""

import http.client
import sys

from callserver.env import Env

TIMEOUT_SECONDS = 4


def problem(port: int) -> str | None:
    """Say in a sentence what is wrong with the server at `port`; None when nothing is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"Port {port} does not answer: {error or type(error).__name__}"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"Port {port} answers {status}"


if __name__ == "__main__":
    sys.exit(problem(Env().integer("PORT", 3000, least=1, most=65535)))
