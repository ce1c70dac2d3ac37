"""Journals for the report's tests, written record by record at chosen instants."""

from collections.abc import Sequence
from typing import Any

import attrs

from actors.audit.events import Day, Event
from actors.audit.report_reading import KINDS as FIRST, read_day
from actors.audit.report_scene import KINDS as SECOND, add_scenes
from actors.audit.rereading import reread
from actors.messages.records import (
    BookAt,
    BookRow,
    DeltaRow,
    Dispatched,
    FillRow,
    Intent,
    MatchRow,
    OrderOutcome,
    PassedRow,
    RawFrame,
    Report,
    Segment,
    SettlementRow,
    Triggered,
)
from actors.runtime.disk import MemoryDisk
from actors.runtime.frames import pack
from tests.runtime.journals import CODEC, FOLDER, HASH, memory_disk

MATCH = "KXWCGAME-26JUL01ENGCOD"
HOME, AWAY, DRAW = f"{MATCH}-ENG", f"{MATCH}-COD", f"{MATCH}-TIE"
MILLI = 1_000_000
SECOND_NS = 1_000_000_000
WALL = 1_795_360_802 * SECOND_NS
"""2026-11-22, 15:20:02 UTC: when the first run's clock stood at nothing."""


@attrs.define(eq=False)
class Script:
    """A journal in the making."""

    _frames: list[bytes] = attrs.field(factory=list)
    at_ns: int = 0
    """Where the run's clock stands; every record is written then."""

    def add(self, record: object) -> int:
        """Write one record; return its number."""
        seq = len(self._frames) + 1
        type_no, version, body = CODEC.encode(record)
        self._frames.append(pack(seq, self.at_ns, type_no, version, body))
        return seq

    def add_raw(self, type_no: int, version: int, body: bytes) -> int:
        seq = len(self._frames) + 1
        self._frames.append(pack(seq, self.at_ns, type_no, version, body))
        return seq

    def start(self, run: str = "run", *, wall_ns: int = WALL) -> None:
        """Begin a run, whose clock starts anew."""
        self.at_ns = 0
        self.add(
            Segment(
                run=run,
                account="trader",
                environment="sim",
                mono_ns=0,
                wall_ns=wall_ns,
                commit="c0ffee",
                config_sha256=HASH,
                lock_sha256=HASH,
                previous_anchor="",
            )
        )

    def match(
        self,
        **changes: Any,  # noqa: ANN401 - a record's own fields
    ) -> int:
        row = MatchRow(
            match=MATCH,
            series="KXWCGAME",
            title="England vs DR Congo",
            home_name="England",
            away_name="DR Congo",
            stage="LIVE",
            refusal="",
            tickers=[HOME, AWAY, DRAW],
            roles=["home", "away", "draw"],
            exchange_index=0,
            fee_type="quadratic",
            fee_multiplier_ppm=1_000_000,
        )
        return self.add(attrs.evolve(row, **changes))

    def report(
        self,
        feed: str,
        score: str,
        judgement: str,
        *,
        text: str = '{"score":1}',
        **changes: Any,  # noqa: ANN401 - a record's own fields
    ) -> int:
        """Write a frame, read now, and what the race made of it 200 microseconds later."""
        home, away = score.split("-")
        frame_no = len(self._frames)
        frame_seq = self.add(
            RawFrame(
                feed=feed,
                epoch=1,
                frame_no=frame_no,
                received_ns=self.at_ns,
                received_wall_ns=WALL + self.at_ns,
                text=text,
            )
        )
        row = Report(
            frame_seq=frame_seq,
            feed=feed,
            epoch=1,
            frame_no=frame_no,
            kind="snapshot",
            feed_match="f1",
            home=int(home),
            away=int(away),
            period="2H",
            clock_s=4_442,
            judgement=judgement,
            reason="",
            match=MATCH,
            generation=0,
            state=score,
            behind_ns=-1,
            received_ns=self.at_ns,
            decoded_ns=self.at_ns + 80_000,
            judged_ns=self.at_ns + 200_000,
        )
        return self.add(attrs.evolve(row, **changes))

    def won(self, feed: str, score: str, *, generation: int = 0, size_pm: int = 0) -> int:
        return self.add(
            Triggered(
                match=MATCH,
                generation=generation,
                state=score,
                scorer="home",
                feed=feed,
                epoch=1,
                frame_no=1,
                fresh_feeds=2,
                received_ns=self.at_ns,
                received_wall_ns=WALL + self.at_ns,
                judged_ns=self.at_ns + 200_000,
                size_pm=size_pm,
            )
        )

    def goal(
        self,
        feed: str,
        score: str,
        **changes: Any,  # noqa: ANN401 - a record's own fields
    ) -> None:
        """Write a trigger as the auditor does: that it was won, then the judgement."""
        self.won(feed, score, generation=changes.get("generation", 0))
        self.report(feed, score, "trigger", **changes)

    def passed(self, score: str, reason: str, ticker: str = "") -> int:
        return self.add(
            PassedRow(
                match=MATCH,
                generation=0,
                state=score,
                ticker=ticker,
                reason=reason,
                decided_ns=self.at_ns + 300_000,
            )
        )

    def order(
        self,
        name: str,
        score: str,
        **changes: Any,  # noqa: ANN401 - a record's own fields
    ) -> int:
        """Write an intent and its dispatch, for a frame that was read now."""
        intent = Intent(
            client_order_id=name,
            purpose="entry",
            match=MATCH,
            generation=0,
            state=score,
            ticker=HOME,
            side="bid",
            limit_pips=5_400,
            count_centi=12_000,
            exchange_index=0,
            worst_micros=66_000_000,
            feed="alpha",
            epoch=1,
            frame_no=1,
            exit_due_wall_ns=WALL + self.at_ns + 5 * SECOND_NS,
            exit_floor_pips=100,
            entry_client_order_id="",
            body='{"ticker":"x"}',
        )
        intent = attrs.evolve(intent, **changes)
        seq = self.add(intent)
        is_exit = intent.purpose == "exit"
        self.add(
            Dispatched(
                intent_seq=seq,
                client_order_id=name,
                received_ns=0 if is_exit else self.at_ns,
                decoded_ns=0 if is_exit else self.at_ns + 80_000,
                judged_ns=0 if is_exit else self.at_ns + 200_000,
                gated_ns=self.at_ns + 250_000,
                intent_ns=self.at_ns + 300_000,
                sent_ns=self.at_ns + 310_000,
                unsent_bytes=0,
            )
        )
        return seq

    def outcome(
        self,
        name: str,
        filled_centi: int,
        **changes: Any,  # noqa: ANN401 - a record's own fields
    ) -> int:
        """Write the venue's answer, 29 ms after now."""
        row = OrderOutcome(
            intent_seq=0,
            client_order_id=name,
            outcome="accepted",
            resolved=False,
            order_id=f"venue-{name}",
            fill_count_centi=filled_centi,
            average_fill_price_micros=0,
            status=0,
            code="",
            venue_ts_ms=(WALL + self.at_ns) // MILLI + 15,
            first_byte_ns=self.at_ns + 29 * MILLI,
            done_ns=self.at_ns + 29 * MILLI,
        )
        return self.add(attrs.evolve(row, **changes))

    def fill(
        self,
        trade_id: str,
        name: str,
        pips: int,
        count_centi: int,
        **changes: Any,  # noqa: ANN401 - a record's own fields
    ) -> int:
        row = FillRow(
            trade_id=trade_id,
            order_id=f"venue-{name}",
            client_order_id=name,
            ticker=HOME,
            side="bid",
            price_pips=pips,
            count_centi=count_centi,
            fee_micros=0,
            model_fee_micros=0,
            is_taker=True,
            exchange_index=0,
            venue_ts_ms=(WALL + self.at_ns) // MILLI + 15,
            received_ns=self.at_ns + 30 * MILLI,
            source="stream",
        )
        return self.add(attrs.evolve(row, **changes))

    def book_at(
        self,
        name: str,
        offset_ms: int,
        bids: Sequence[Sequence[int]],
        asks: Sequence[Sequence[int]],
    ) -> int:
        return self.add(
            BookAt(
                client_order_id=name,
                ticker=HOME,
                offset_ms=offset_ms,
                at_ns=self.at_ns + 310_000 + offset_ms * MILLI,
                bids=[list(level) for level in bids],
                asks=[list(level) for level in asks],
                whole=True,
            )
        )

    def book(
        self, bids: Sequence[Sequence[int]], asks: Sequence[Sequence[int]], ticker: str = HOME
    ) -> int:
        return self.add(
            BookRow(
                ticker=ticker,
                bids=[list(level) for level in bids],
                asks=[list(level) for level in asks],
                sid=1,
                seq=1,
                received_ns=self.at_ns,
            )
        )

    def delta(self, side: str, pips: int, change_centi: int, ticker: str = HOME) -> int:
        return self.add(
            DeltaRow(
                ticker=ticker,
                side=side,
                price_pips=pips,
                change_centi=change_centi,
                sid=1,
                seq=1,
                venue_ts_ms=0,
                received_ns=self.at_ns,
            )
        )

    def settle(self, ticker: str, value_micros: int) -> int:
        return self.add(
            SettlementRow(
                ticker=ticker,
                result="yes" if value_micros else "no",
                yes_count_centi=0,
                no_count_centi=0,
                value_micros=value_micros,
                revenue_micros=0,
                fee_micros=0,
                settled_wall_ns=WALL,
            )
        )

    def disk(self) -> MemoryDisk:
        """Return a disk that holds the journal."""
        disk = memory_disk()
        disk.make_folder(FOLDER)
        disk.write_whole(f"{FOLDER}/{1:016d}.tlj", b"".join(self._frames))
        return disk

    def day(self) -> Day:
        """Return what the report reads of it."""
        disk = self.disk()
        day = read_day(reread(disk, FOLDER, CODEC, FIRST))
        add_scenes(day, reread(disk, FOLDER, CODEC, SECOND))
        return day

    def event(self) -> Event:
        """Return its only event."""
        (event,) = self.day().events
        return event


def script() -> Script:
    """Return a journal in which one match is known and a run has gone on for a second."""
    made = Script()
    made.start()
    made.match()
    made.at_ns = SECOND_NS
    return made


def traded() -> Script:
    """Return a journal with one goal, bought in two executions and sold again in one."""
    made = script()
    made.report("alpha", "0-0", "baseline", reason="first score of the match")
    made.report("bravo", "0-0", "baseline")
    made.at_ns = 10 * SECOND_NS
    made.book([(5_000, 10_000), (4_900, 5_000)], [(5_200, 6_000), (5_400, 8_000), (5_600, 900)])
    made.at_ns += SECOND_NS
    made.order("entry-1", "1-0")
    made.goal("alpha", "1-0")
    made.book_at("entry-1", 0, [(5_000, 10_000)], [(5_200, 6_000), (5_400, 8_000)])
    made.outcome("entry-1", 12_000)
    made.fill("trade-1", "entry-1", 5_200, 6_000, fee_micros=1_050_000)
    made.fill("trade-2", "entry-1", 5_400, 6_000, fee_micros=1_043_300)
    made.at_ns += 43 * MILLI
    made.report("bravo", "1-0", "echo", behind_ns=43 * MILLI)
    made.at_ns += 5 * SECOND_NS
    made.order(
        "exit-1", "1-0", purpose="exit", side="ask", entry_client_order_id="entry-1", feed=""
    )
    made.outcome("exit-1", 12_000)
    made.fill("trade-3", "exit-1", 7_000, 12_000, side="ask", fee_micros=1_764_000)
    return made
