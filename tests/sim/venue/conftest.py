"""Prints what of the published documents these tests have seen: operations and stream messages."""

import pytest

from tests.sim.venue import contract, published

KEY = "venue_answered"
FRAMES = "venue_frames"


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[KEY] = [[name, status, n] for (name, status), n in contract.ANSWERED.items()]
        output[FRAMES] = dict(published.JUDGED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    for name, status, times in getattr(node, "workeroutput", {}).get(KEY, []):
        contract.ANSWERED[name, status] += times
    published.JUDGED.update(getattr(node, "workeroutput", {}).get(FRAMES, {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if contract.ANSWERED:
        terminalreporter.section("the venue's published operations")
        for line in contract.coverage():
            terminalreporter.line(line)
    if published.JUDGED:
        terminalreporter.section("the venue's stream against the published document")
        for line in published.stream_coverage():
            terminalreporter.line(line)
