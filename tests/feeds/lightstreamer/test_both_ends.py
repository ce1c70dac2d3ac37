"""Our half of a TLCP session against the simulated server's: nothing is lost, nothing twice."""

from hypothesis import given, strategies as st

from actors.feeds.lightstreamer.requests import Account, Wanted
from actors.feeds.lightstreamer.session import Session, Update
from actors.sim.tlcp import ServerSession

WANTED = Wanted(group="matches", schema=("key", "command", "h"), mode="COMMAND")


class Line:
    """Both halves, and the wire between them."""

    def __init__(self) -> None:
        self.client = Session(Account(), [WANTED])
        self.server = ServerSession("S1")
        self.goals, self.is_up = 0, True
        self.heard: list[int] = []
        self.client.open(0.0)
        self.server.create()
        self._carry("WSOK\r\n")
        self.settle()

    def _carry(self, text: str) -> None:
        for event in self.client.feed(text, 0.0):
            if isinstance(event, Update):
                self.heard.append(int(event.values["h"] or 0))

    def settle(self) -> None:
        """Let both say what they have to say, until they have no more."""
        while self.server.out or (asked := self.client.take()):
            out, self.server.out = self.server.out, []
            self._carry("".join(out))
            for one in [] if out else asked:
                if one.name == "control":
                    self.server.control(one, {"m": {"h": 0}})
                elif one.name == "bind_session":
                    count, self.is_up = one.get("LS_recovery_from"), True
                    assert self.server.bind(int(count) if count else None)

    def goal(self) -> None:
        self.goals += 1
        self.server.tell("m", {"h": self.goals}, "UPDATE")
        if not self.is_up:
            self.server.out.clear()

    def drop(self) -> None:
        # What was on its way is lost with the connection.
        self.server.out.clear()
        self.is_up = False
        self.client.open(0.0)
        self._carry("WSOK\r\n")


def test_what_happens_after_a_loop_is_told_once_the_stream_is_bound_anew() -> None:
    line = Line()
    line.server.loop()
    line.goal()
    line.goal()
    assert line.server.out == ["LOOP,0\r\n"]
    line.server.probe()
    assert line.server.out == ["LOOP,0\r\n"]

    line.settle()

    assert line.heard == [0, 1, 2]


@given(st.lists(st.sampled_from(["goal", "loop", "drop", "settle"]), max_size=24))
def test_whatever_is_dropped_or_looped_every_goal_is_heard_once_and_in_order(
    acts: list[str],
) -> None:
    line = Line()
    for act in [*acts, "settle"]:
        if act == "loop":
            line.settle()
            line.server.loop()
        else:
            {"goal": line.goal, "drop": line.drop, "settle": line.settle}[act]()

    assert line.heard == list(range(line.goals + 1))
