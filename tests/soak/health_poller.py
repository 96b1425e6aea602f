"""A program that asks `/health` every 20 ms, in a process of its own: `python -m soak.health_poller URL PID`.

It prints a line of JSON for every second, and for every slow or failed request. `waited_s` is the time of a
request in which the server's threads or this program waited for a processor that others used.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from contextlib import suppress

from support.processor_waits import read_waits, waited_between

POLL_S = 0.02
SLOW_S = 0.1
_TIMEOUT_S = 60.0


class Poller:
    """Asks one server over one connection, which is opened again when it breaks."""

    def __init__(self, address: str, pid: int) -> None:
        self._pid = pid
        self._connection = http.client.HTTPConnection(address, timeout=_TIMEOUT_S)

    def ask(self) -> dict[str, float | str]:
        """Ask once; `error` is set when there was no right response."""
        before, began = read_waits(self._pid), time.monotonic()
        error = ""
        try:
            self._connection.request("GET", "/health")
            response = self._connection.getresponse()
            response.read()
            error = "" if response.status == 200 else f"status {response.status}"
        except (OSError, http.client.HTTPException) as problem:
            error = repr(problem)
            self._connection.close()
        took = time.monotonic() - began
        waited = waited_between(before, read_waits(self._pid), server=self._pid)
        return {"began": began, "took_s": took, "waited_s": waited, "error": error}


def main(address: str, pid: int) -> None:
    """Poll until the reader of the lines is gone."""
    poller = Poller(address, pid)
    count, told = 0, time.monotonic()
    while True:
        result = poller.ask()
        count += 1
        is_notable = bool(result["error"]) or float(result["took_s"]) >= SLOW_S
        now = time.monotonic()
        if is_notable or now - told >= 1:
            sys.stdout.write(json.dumps(result | {"count": count}) + "\n")
            sys.stdout.flush()
            count, told = 0, now
        time.sleep(max(0.0, POLL_S - float(result["took_s"])))


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main(sys.argv[1], int(sys.argv[2]))
