"""Laws of when a goal's line is said."""

from collections.abc import Iterator

import attrs
from hypothesis import given, strategies as st

from actors.audit.commentary import ANSWER_NS, ECHO_NS, Commentary, goal_line
from actors.audit.tally import Event, Order, Standing
from actors.messages.catalogue import EMPTY
from actors.model.money import CentiContracts, Pips
from actors.model.score import GoalKey
from tests.audit.words import MATCH
from tests.sim.venue.hall import HOME

MS = 1_000_000
STANDINGS: dict[str, Standing] = {"sent": "sent", "filled": "filled", "unknown": "unknown"}


def event_of(number: int) -> Event:
    key = GoalKey(MATCH, 0, f"{number}-0")
    order = Order(
        key=key,
        ticker=HOME,
        side="bid",
        limit_pips=Pips(5_300),
        count_centi=CentiContracts(100),
        received_ns=0,
        sent_ns=1,
    )
    return Event(key=key, feed="alpha", received_wall_ns=0, triggered=True, orders=[order])


@attrs.define(eq=False)
class Plain:
    """The same by the plainest means: every event that waits is looked at every time."""

    waiting: dict[GoalKey, tuple[Event, int]] = attrs.field(factory=dict)
    said: dict[GoalKey, str] = attrs.field(factory=dict)

    def note(self, event: Event, now_ns: int) -> None:
        if self.said.get(event.key) != event.ended:
            self.waiting.setdefault(event.key, (event, now_ns))

    def lines(self, now_ns: int) -> Iterator[str]:
        for key, (event, since_ns) in list(self.waiting.items()):
            answered = all(order.is_done for order in event.orders)
            waited_ns = now_ns - since_ns
            complete = answered and (event.margin_ns is not None or waited_ns >= ECHO_NS)
            if complete or event.ended or waited_ns >= ANSWER_NS:
                del self.waiting[key]
                self.said[key] = event.ended
                yield goal_line(event, EMPTY)


steps = st.lists(
    st.tuples(
        st.sampled_from((0, MS, ECHO_NS // 2, ECHO_NS, ANSWER_NS)),
        st.integers(0, 3),
        st.sampled_from(("sent", "filled", "unknown", "echo", "overturned", "phantom", "time")),
    ),
    max_size=30,
)


def happen(event: Event, what: str) -> None:
    if what == "echo":
        event.margin_ns = 43 * MS
    elif what in {"overturned", "phantom"}:
        event.ended = what
    else:
        event.orders[0].standing = STANDINGS[what]


@given(steps=steps)
def test_lines_are_said_when_looking_at_everything_every_time_would_say_them(
    steps: list[tuple[int, int, str]],
) -> None:
    commentary, plain, now_ns = Commentary(), Plain(), 0
    events = [event_of(number) for number in range(4)]
    for passes_ns, number, what in steps:
        now_ns += passes_ns
        if what != "time":
            happen(events[number], what)
            commentary.note(events[number], now_ns)
            plain.note(events[number], now_ns)
        said = []
        while (line := commentary.next_line(EMPTY, now_ns)) is not None:
            said.append(line)

        assert sorted(said) == sorted(plain.lines(now_ns))
        due_ns = commentary.due_ns
        assert due_ns is None or due_ns > now_ns
        assert not plain.waiting or due_ns is not None

    left = {goal_line(event, EMPTY) for event, _ in plain.waiting.values()}
    assert set(commentary.flush(EMPTY)) == left
    assert commentary.due_ns is None


def test_a_goal_that_was_traded_for_a_part_of_its_play_says_why() -> None:
    event = event_of(1)
    event.terms = "unconfirmed, 25 % of the play"

    assert "alpha first (unconfirmed, 25 % of the play)" in goal_line(event, EMPTY)
