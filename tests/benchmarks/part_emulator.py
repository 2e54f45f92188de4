"""The local Vonage: many calls in one process, on one core; and what a scripted call costs at full speed."""

import json
import socket
import subprocess
import sys
import time

from tests.benchmarks.rounds import Options
from tests.benchmarks.table import Line, Report, at_least, at_most

PROGRAM = (sys.executable, "-m", "tests.benchmarks.emulator_calls")
SECONDS = 180


def measure(options: Options, report: Report) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    application = subprocess.Popen([*PROGRAM, "application", port])
    try:
        wait_for(int(port))
        ended = subprocess.run([*PROGRAM, port], capture_output=True, text=True, check=True, timeout=SECONDS)
    finally:
        application.terminate()
        application.wait()
    figures = json.loads(ended.stdout)
    print(figures)
    report.add(
        Line("local Vonage: calls at once, 50 begun a second", [figures["at_once"]], "", at_least(200, "")),
        Line("its memory then", [figures["megabytes"]], " MB", at_most(250, " MB")),
        Line("its timers' lateness then, p99", [figures["late_p99"] * 1000], " ms", at_most(100, " ms")),
        Line("its share of the core while 50 begin a second", [figures["spent"] * 50 * 100], " %", at_most(100, " %")),
        Line("its own time for a scripted call", [figures["scripted"] * 1000], " ms", at_most(20, " ms")),
        Line("faults found in the application", [figures["findings"]], "", at_most(0, "")),
    )


def wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("The application of the benchmark does not listen.")
