"""Prints what of the published documents these tests have seen: operations and stream messages.

One line each; with ``-v`` all of them, by name.
"""

import pytest

from tests.sim.venue import contract, published

KEY = "venue_answered"
FRAMES = "venue_frames"
FLOOR = "venue_floor"


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[KEY] = [[name, status, n] for (name, status), n in contract.ANSWERED.items()]
        output[FRAMES] = dict(published.JUDGED)
        output[FLOOR] = dict(contract.FLOOR)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    for name, status, times in getattr(node, "workeroutput", {}).get(KEY, []):
        contract.ANSWERED[name, status] += times
    published.JUDGED.update(getattr(node, "workeroutput", {}).get(FRAMES, {}))
    contract.FLOOR.update(getattr(node, "workeroutput", {}).get(FLOOR, {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    most = None if terminalreporter.config.get_verbosity() > 0 else 1
    if contract.ANSWERED:
        for line in contract.coverage()[:most]:
            terminalreporter.line(line)
    if contract.FLOOR:
        words = ", ".join(f"{count} {what}" for what, count in contract.FLOOR.items())
        terminalreporter.line(f"floor over sockets: {words}")
    if published.JUDGED:
        for line in published.stream_coverage()[:most]:
            terminalreporter.line(line)
