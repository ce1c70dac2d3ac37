"""Laws of the clocks' offset: what honest observations prove, and nothing beyond."""

import attrs
from hypothesis import given, strategies as st

from actors.exchange.clock import (
    DRIFT_PPM,
    HELD_NS,
    HELD_SLACK_NS,
    KEPT_NS,
    MILLI_NS,
    SECOND_NS,
    STAMPS_EVERY_NS,
    ClockOffset,
    Tolerance,
)

WALL_NS = 1_790_000_000 * SECOND_NS
"""Our wall clock when the monotonic one shows nothing."""
OFFSETS = st.integers(-3 * SECOND_NS, 3 * SECOND_NS)
WAYS = st.integers(0, SECOND_NS)
KINDS = st.sampled_from(["date", "cached", "stamp", "answer"])
HEARD = st.lists(
    st.tuples(KINDS, st.integers(0, 400 * SECOND_NS), WAYS, WAYS), min_size=1, max_size=40
)


@attrs.define
class Venue:
    """An honest venue, its clock ahead of our wall clock and drifting."""

    offset_ns: int
    ppm: int = 0

    def at_ns(self, mono_ns: int) -> int:
        return WALL_NS + mono_ns + self.offset_ns + mono_ns * self.ppm // 1_000_000

    def tell(self, clock: ClockOffset, kind: str, at_ns: int, out_ns: int, back_ns: int) -> None:
        """Let it be heard: what it wrote ``back_ns`` ago comes now."""
        received, sent = at_ns, at_ns - back_ns - out_ns
        written = self.at_ns(at_ns - back_ns)
        match kind:
            case "date":
                clock.hear_date(written // SECOND_NS, sent_ns=sent, received_ns=received)
            case "cached":
                old = self.at_ns(at_ns - back_ns - 30 * SECOND_NS)
                clock.hear_date(old // SECOND_NS, sent_ns=sent, received_ns=received, fresh=False)
            case "answer":
                clock.hear_answer(written // MILLI_NS, sent_ns=sent, received_ns=received)
            case _:
                clock.hear_stamp(written // MILLI_NS, received_ns=received)


def wall(mono_ns: int) -> int:
    return WALL_NS + mono_ns


@given(HEARD, OFFSETS, st.integers(-DRIFT_PPM, DRIFT_PPM))
def test_the_true_offset_is_never_outside_what_honest_observations_allow(
    heard: list[tuple[str, int, int, int]], offset_ns: int, ppm: int
) -> None:
    venue, clock, at_ns = Venue(offset_ns, ppm), ClockOffset(), 3 * SECOND_NS
    for kind, pause_ns, out_ns, back_ns in heard:
        at_ns += pause_ns
        venue.tell(clock, kind, at_ns, out_ns, back_ns)
        low, high = clock.bounds_ns(at_ns)
        true_ns = venue.at_ns(at_ns) - at_ns
        # The drift on the way back, of at most two seconds, is below a millisecond.
        assert low is None or low <= true_ns + 2 * MILLI_NS
        assert high is None or true_ns <= high + 2 * MILLI_NS


@given(HEARD, OFFSETS)
def test_steady_clocks_never_contradict_themselves(
    heard: list[tuple[str, int, int, int]], offset_ns: int
) -> None:
    venue, clock, at_ns = Venue(offset_ns), ClockOffset(), 3 * SECOND_NS
    for kind, pause_ns, out_ns, back_ns in heard:
        at_ns += pause_ns
        venue.tell(clock, kind, at_ns, out_ns, back_ns)

    assert clock.steps == 0


@given(st.integers(0, 60 * MILLI_NS), st.integers(0, 60 * MILLI_NS), OFFSETS)
def test_a_few_aimed_questions_find_the_offset_to_the_length_of_a_round_trip(
    out_ns: int, back_ns: int, offset_ns: int
) -> None:
    venue, clock, at_ns = Venue(offset_ns), ClockOffset(), SECOND_NS
    for _ in range(16):
        at_ns += clock.aim_ns(at_ns) + out_ns + back_ns
        venue.tell(clock, "date", at_ns, out_ns, back_ns)

    low, high = clock.bounds_ns(at_ns)
    assert low is not None
    assert high is not None
    assert low <= WALL_NS + offset_ns <= high
    assert high - low <= 2 * (out_ns + back_ns) + 10 * MILLI_NS


def test_an_acceptance_alone_finds_the_offset_to_the_length_of_its_round_trip() -> None:
    clock = ClockOffset()
    Venue(340 * MILLI_NS).tell(clock, "answer", SECOND_NS, 15 * MILLI_NS, 15 * MILLI_NS)

    word = clock.word(SECOND_NS, wall(SECOND_NS))

    assert word.low_ns is not None
    assert word.high_ns is not None
    assert word.high_ns - word.low_ns <= 31 * MILLI_NS
    assert (word.verdict, word.fits) == ("warn", True)


@given(
    st.lists(st.tuples(KINDS, st.integers(0, SECOND_NS), WAYS, WAYS), max_size=20),
    st.integers(-6 * SECOND_NS, 6 * SECOND_NS),
    st.integers(-6 * SECOND_NS, 6 * SECOND_NS),
    st.integers(0, 2 * HELD_NS),
)
def test_an_entry_is_admitted_where_the_word_fits_and_nowhere_else_but_for_a_hair(
    heard: list[tuple[str, int, int, int]], offset_ns: int, step_ns: int, later_ns: int
) -> None:
    venue, clock, at_ns = Venue(offset_ns), ClockOffset(), 3 * SECOND_NS
    for kind, pause_ns, out_ns, back_ns in heard:
        at_ns += pause_ns
        clock.admits(at_ns, wall(at_ns))
        venue.tell(clock, kind, at_ns, out_ns, back_ns)
    clock.admits(at_ns, wall(at_ns))
    at_ns += later_ns

    admitted = clock.admits(at_ns, wall(at_ns) + step_ns)
    word = clock.word(at_ns, wall(at_ns) + step_ns)
    short = 2 * HELD_SLACK_NS
    stern = attrs.evolve(
        clock.tolerance,
        halt_ns=clock.tolerance.halt_ns - short,
        signed_ns=clock.tolerance.signed_ns - short,
    )
    clock.tolerance = stern
    sternly = clock.word(at_ns, wall(at_ns) + step_ns)

    assert word.fits or word.verdict == "unknown" or not admitted
    assert admitted or not (sternly.fits or sternly.verdict == "unknown")


def test_our_wall_clock_s_step_is_seen_with_the_next_look_and_unlearns_nothing() -> None:
    clock, venue = ClockOffset(), Venue(0)
    for tenth in range(1, 100):
        venue.tell(clock, "date", tenth * SECOND_NS // 10, 0, 0)
    now_ns = 10 * SECOND_NS
    assert clock.word(now_ns, wall(now_ns)).verdict == "fine"

    stepped = clock.word(now_ns, wall(now_ns) + 5 * SECOND_NS)

    assert (stepped.verdict, stepped.fits) == ("halt", False)
    assert clock.word(now_ns, wall(now_ns)).verdict == "fine"
    assert clock.steps == 0


def test_a_venue_whose_clock_is_set_is_noticed_and_learnt_anew() -> None:
    clock = ClockOffset()
    for second in range(1, 10):
        Venue(0).tell(clock, "date", second * SECOND_NS, 0, 0)

    for second in range(10, 30):
        Venue(3 * SECOND_NS).tell(clock, "date", second * SECOND_NS, 0, 0)

    assert clock.steps == 1
    word = clock.word(30 * SECOND_NS, wall(30 * SECOND_NS))
    assert (word.verdict, word.fits) == ("halt", False)


def test_dates_and_stamps_of_two_clocks_are_no_steps_and_both_are_allowed_for() -> None:
    clock = ClockOffset()
    for second in range(1, 40):
        Venue(0).tell(clock, "date", second * SECOND_NS + second * 23 * MILLI_NS, 0, 0)
        Venue(2 * SECOND_NS).tell(clock, "stamp", second * SECOND_NS, 0, 0)

    word = clock.word(40 * SECOND_NS, wall(40 * SECOND_NS))
    assert clock.steps == 0
    assert word.low_ns is not None
    assert word.high_ns is not None
    assert word.low_ns <= 100 * MILLI_NS
    assert word.high_ns >= 1_900 * MILLI_NS


@given(OFFSETS, WAYS, WAYS)
def test_only_what_is_certain_is_held_against_the_clocks(
    offset_ns: int, out_ns: int, back_ns: int
) -> None:
    clock = ClockOffset()
    at_ns = 5 * SECOND_NS
    assert clock.word(at_ns, wall(at_ns)).verdict == "unknown"
    Venue(offset_ns).tell(clock, "date", at_ns, out_ns, back_ns)

    word = clock.word(at_ns, wall(at_ns))

    assert word.least_ns <= abs(offset_ns)
    assert word.most_ns is not None
    assert word.most_ns >= abs(offset_ns)
    rule = Tolerance()
    expected = (
        "halt"
        if word.least_ns > rule.halt_ns
        else "warn"
        if word.least_ns > rule.warn_ns
        else "fine"
    )
    assert word.verdict == expected
    assert not word.fits or word.most_ns <= rule.signed_ns


def test_what_is_not_known_does_not_fit() -> None:
    clock = ClockOffset()
    assert not clock.word(0, WALL_NS).fits
    # A stamp bounds one side only: the venue may be ahead by anything.
    Venue(0).tell(clock, "stamp", SECOND_NS, 0, 0)
    assert not clock.word(SECOND_NS, wall(SECOND_NS)).fits
    Venue(0).tell(clock, "date", 2 * SECOND_NS, 0, 0)
    assert clock.word(2 * SECOND_NS, wall(2 * SECOND_NS)).fits


def test_a_message_from_the_future_needs_no_second_witness() -> None:
    clock = ClockOffset()
    Venue(2 * SECOND_NS).tell(clock, "stamp", SECOND_NS, 0, 0)

    assert clock.word(SECOND_NS, wall(SECOND_NS)).verdict == "halt"


def test_what_is_old_is_forgotten_after_two_stretches_at_most() -> None:
    clock = ClockOffset()
    Venue(0).tell(clock, "date", SECOND_NS, 0, 0)
    assert clock.word(SECOND_NS + KEPT_NS, wall(SECOND_NS + KEPT_NS)).verdict == "fine"

    later_ns = SECOND_NS + 2 * KEPT_NS + SECOND_NS

    assert clock.word(later_ns, wall(later_ns)).verdict == "unknown"


def test_of_a_stream_only_some_stamps_are_looked_at() -> None:
    clock = ClockOffset()
    Venue(0).tell(clock, "stamp", SECOND_NS, 0, 0)
    before = clock.bounds_ns(SECOND_NS)
    Venue(SECOND_NS).tell(clock, "stamp", SECOND_NS + STAMPS_EVERY_NS // 2, 0, 0)
    assert clock.bounds_ns(SECOND_NS) == before

    Venue(SECOND_NS).tell(clock, "stamp", SECOND_NS + STAMPS_EVERY_NS, 0, 0)
    assert clock.bounds_ns(SECOND_NS) != before
