import json
import os
import re
import subprocess
import sys
from pathlib import Path

import attrs
import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from actors.audit.report import render, run_report
from actors.audit.report_orders import PRINTS_MOST
from actors.audit.report_record import FRAME_MOST
from actors.messages.records import (
    TYPES,
    ActorRow,
    BookLostRow,
    ExitHeldRow,
    Reconciled,
    TradeRow,
    TradingState,
)
from actors.messages.records_review import DoubtRow
from actors.runtime.errors import BadRecord, NewerVersion
from actors.runtime.frames import walk
from tests.audit.report_day import (
    AWAY,
    DRAW,
    HOME,
    MATCH,
    MILLI,
    SECOND_NS,
    WALL,
    Script,
    script,
    traded,
)
from tests.audit.test_report_html import Heard
from tests.runtime.journals import CODEC, FOLDER

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\u202e\x00]]>"
TAGS = frozenset(
    re.findall(
        r"\w+",
        """html head meta title style body main nav header footer section div span p a b i h1 h2 h3
        h4 ul li dl dt dd small code pre table thead tbody tr th td details summary
        svg line path rect circle text""",
    )
)
"""Everything that a page is made of."""


def files_of(made: Script) -> dict[str, str]:
    return render(made.disk(), FOLDER, CODEC)


def day() -> Script:
    """Return a journal with an event of every kind, and with all that can go wrong around one."""
    made = traded()
    made.at_ns += SECOND_NS
    made.book([(8_000, 500)], [(8_200, 500)], AWAY)
    made.goal("bravo", "2-0")
    made.passed("2-0", "no_edge")
    made.at_ns += SECOND_NS
    made.report("alpha", "3-0", "advance", reason="more than one step")
    made.at_ns += SECOND_NS
    made.order("entry-2", "4-0")
    made.order("entry-3", "4-0", ticker=AWAY, side="ask")
    made.order("entry-4", "4-0", ticker=DRAW)
    made.goal("alpha", "4-0")
    made.passed("4-0", "market_budget", DRAW)
    made.outcome("entry-2", 700)
    made.outcome("entry-3", 0, outcome="rejected", code="market_closed", status=409)
    made.fill("trade-4", "entry-2", 5_300, 300, fee_micros=52_400)
    made.fill("trade-5", "entry-2", 5_400, 400, fee_micros=69_600, model_fee_micros=69_500)
    trade(made, "trade-4", "bid")
    for number in range(PRINTS_MOST + 2):
        trade(made, f"print-{number}", "ask" if number % 2 else "bid")
    made.at_ns += 100 * MILLI
    made.report("bravo", "4-0", "echo", text="x" * (FRAME_MOST + 1))
    made.add(BookLostRow(ticker=HOME, reason="gap", received_ns=made.at_ns))
    made.at_ns += 4 * SECOND_NS
    doubt = DoubtRow(match=MATCH, generation=0, state="4-0", in_doubt=True, reason="bravo")
    made.report("bravo", "3-0", "reversal", state="4-0")
    made.add(doubt)
    made.at_ns += SECOND_NS
    made.report("alpha", "4-0", "phantom", reason="nobody else has shown it")
    made.report("alpha", "3-0", "stands", reason="generation 1", generation=1)
    made.add(attrs.evolve(doubt, in_doubt=False, reason="overturned"))
    made.add(
        ExitHeldRow(
            entry_client_order_id="entry-2",
            ticker=HOME,
            left_centi=700,
            reason="market_closed",
            held_ns=made.at_ns,
        )
    )
    made.add(
        ActorRow(actor="exits", event="failed", reason="Boom: x", restarts=0, at_ns=made.at_ns)
    )
    made.add(TradingState(state="HALTED", reason="operator", at_ns=made.at_ns))
    made.settle(HOME, 1_000_000)
    made.add(
        Reconciled(
            phase="end",
            clean=False,
            unresolved=0,
            statement_difference_micros=10_000,
            lines=["shard 0: cash differs by $0.01"],
            balance_micros=1,
        )
    )
    return made


def trade(made: Script, trade_id: str, taker_side: str) -> None:
    made.add(
        TradeRow(
            trade_id=trade_id,
            ticker=HOME,
            price_pips=5_300,
            count_centi=100,
            taker_side=taker_side,
            venue_ts_ms=(WALL + made.at_ns) // MILLI,
            received_ns=made.at_ns + 20 * MILLI,
        )
    )


def test_each_event_has_one_page_and_one_json_file_and_the_index_names_them_all() -> None:
    files = files_of(day())
    pages = sorted(name for name in files if re.match(r"\d{3}-.*\.html\Z", name))

    assert pages == [
        f"{number:03d}-KXWCGAME-26JUL01ENGCOD-{number}-0-g0.html" for number in (1, 2, 3, 4)
    ]
    assert set(files) == {"index.html", *pages, *(f"{name[:-5]}.json" for name in pages)}
    assert all(f'href="{name}"' in files["index.html"] for name in pages)


def test_a_page_says_which_part_of_its_play_a_goal_might_stake_and_why() -> None:
    made = traded()
    for score, size_pm, reason in (
        ("2-0", 1_000, ""),
        ("3-0", 125, "unconfirmed, 12.5 % of the play"),
        ("4-0", 0, ""),
    ):
        made.at_ns += SECOND_NS
        made.won("alpha", score, size_pm=size_pm)
        made.report("alpha", score, "trigger", reason=reason)
    files = files_of(made)
    of_score = {
        told["state"]: (told["size_pm"], files[f"{name[:-5]}.html"])
        for name, told in (
            (name, json.loads(text)) for name, text in files.items() if ".json" in name
        )
    }

    assert of_score["2-0"][0] == 1_000
    assert "100 % of the play" in of_score["2-0"][1]
    assert of_score["3-0"][0] == 125
    assert re.search("Staked at most.*12.5 % of the play.*unconfirmed", of_score["3-0"][1])
    # A journal of before says nothing of it.
    assert "Staked at most" not in of_score["4-0"][1]


def test_the_same_journal_gives_the_same_bytes() -> None:
    assert files_of(day()) == files_of(day())


def test_the_bytes_do_not_hang_on_how_this_python_hashes() -> None:
    program = (
        "import hashlib; from tests.audit.test_report import day, files_of;"
        "print(hashlib.sha256(repr(sorted(files_of(day()).items())).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1


def check_page(text: str, files: dict[str, str]) -> None:
    """Check that a page is whole, loads nothing, and points at nothing that is not there."""
    heard = Heard()
    heard.feed(text)
    heard.close()
    ids = [each["id"] for _, each in heard.tags if "id" in each]
    assert {name for name, _ in heard.tags} <= TAGS
    assert len(ids) == len(set(ids))
    for _, attributes in heard.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        target = attributes.get("href")
        if target is not None and target.startswith("#"):
            assert target[1:] in ids
        elif target is not None:
            assert target in files
    opened = len(re.findall(r"<(?!/|!|meta)[a-z]", text))
    assert opened == text.count("</")


def test_pages_are_whole_load_nothing_and_every_reference_leads_somewhere() -> None:
    files = files_of(day())

    for name, text in files.items():
        if name.endswith(".html"):
            check_page(text, files)


def test_nothing_that_a_provider_sends_becomes_markup() -> None:
    made = Script()
    made.start(HOSTILE)
    made.match(
        title=HOSTILE, home_name=HOSTILE, away_name=HOSTILE, tickers=[HOSTILE], roles=["home"]
    )
    made.at_ns = SECOND_NS
    made.order(HOSTILE, "1-0", body=HOSTILE, ticker=HOSTILE)
    made.goal(HOSTILE, "1-0", text=HOSTILE, reason=HOSTILE, period=HOSTILE)
    made.passed("1-0", HOSTILE, HOSTILE)
    made.outcome(HOSTILE, 0, outcome="rejected", code=HOSTILE)
    made.fill(HOSTILE, HOSTILE, 5_000, 100, ticker=HOSTILE)
    files = files_of(made)

    for name, text in files.items():
        if name.endswith(".html"):
            check_page(text, files)
            assert "<script" not in text
            assert "<img" not in text
            assert "\u202e" not in text
            assert "\x00" not in text


@settings(max_examples=30)
@given(match=st.text(min_size=1, max_size=200))
def test_no_name_of_a_match_leads_out_of_the_folder(match: str) -> None:
    made = Script()
    made.start()
    made.report("alpha", "1-0", "advance", match=match.encode(errors="replace").decode())

    for name in files_of(made):
        assert Path(name).name == name
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name)


def test_the_json_file_holds_every_record_of_its_page_as_the_journal_has_it() -> None:
    made = day()
    disk = made.disk()
    data = disk.read(f"{FOLDER}/{1:016d}.tlj")
    bodies = {frame.seq: (frame.type_no, data[frame.body : frame.end]) for frame in walk(data)}
    files = render(disk, FOLDER, CODEC)
    stems = [name[:-5] for name in files if name.endswith(".json")]

    for stem in stems:
        told = json.loads(files[f"{stem}.json"])
        on_page = {int(each) for each in re.findall(r'id="r(\d+)"', files[f"{stem}.html"])}
        assert {each["seq"] for each in told["records"]} == on_page
        for each in told["records"]:
            type_no, body = bodies[each["seq"]]
            assert TYPES[type_no][0].__name__ == each["type"]
            assert msgspec.json.decode(body) == each["record"]
    first = json.loads(files[f"{stems[0]}.json"])
    assert first["verdict"] == "filled"
    assert (
        first["money"]["profit_micros"] == 120 * 700_000 - 60 * 520_000 - 60 * 540_000 - 3_857_300
    )


def test_a_page_shows_the_frames_the_orders_and_the_reasons() -> None:
    files = files_of(day())
    bought, passed, advanced, phantom = (
        files[name] for name in sorted(files) if re.match(r"\d.*html\Z", name)
    )

    assert "Buy up to 120 England at 0.5400 or less" in bought
    assert "Sell up to 120 England at 0.5400 or more" in bought
    assert "{&quot;score&quot;:1}" in bought
    assert "no leg was worth more than it cost" in passed
    assert "The whole book of DR Congo" in passed
    assert "more than one goal at once" in advanced
    assert "The venue refused it: market_closed (HTTP 409)." in phantom
    assert "the market&#x27;s budget was used up" in phantom


def test_a_page_tells_how_an_event_ended_and_what_was_wrong_around_it() -> None:
    files = files_of(day())
    page = files["004-KXWCGAME-26JUL01ENGCOD-4-0-g0.html"]

    assert ">phantom<" in page
    assert "took its score back" in page
    assert "entries closed: bravo" in page
    assert "entries open again: overturned" in page
    assert "7 of England were kept to settlement: the market had closed." in page
    assert "$0.0695" in page, "a fee that our model does not share is shown"
    assert "1 more characters are in the JSON file" in page
    assert "others took 21 before our order was there" in page
    assert '<tr class="ours">' in page
    assert "settled" in page


def test_the_index_tells_the_day() -> None:
    index = files_of(day())["index.html"]

    assert "4 goals, 2 traded, 2 filled" in index
    assert "shard 0: cash differs by $0.01" in index
    assert ">differs<" in index
    assert "Boom: x" in index
    assert "HALTED" in index
    assert "Profit adding up over the day" in index


def test_profit_in_the_index_counts_events_that_hold_against_each_other_in_one_market() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.fill("trade-1", "entry-1", 5_000, 1_000)
    made.order("entry-2", "2-0", side="ask")
    made.fill("trade-2", "entry-2", 6_000, 1_000, side="ask")
    index = files_of(made)["index.html"]

    assert "+$1.00" in index
    assert "every position flat or settled" in index


def test_a_position_that_is_open_is_not_counted_and_is_named_so() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.fill("trade-1", "entry-1", 5_000, 1_000)

    assert "1 event still open, not counted" in files_of(made)["index.html"]


def test_an_empty_journal_still_has_an_index() -> None:
    made = Script()
    made.start()

    assert list(files_of(made)) == ["index.html"]
    assert "No score was accepted" in files_of(made)["index.html"]


def test_a_journal_that_was_cut_anywhere_gives_pages_of_what_is_there() -> None:
    data = day().disk().read(f"{FOLDER}/{1:016d}.tlj")

    for end in range(0, len(data), 997):
        disk = Script().disk()
        disk.write_whole(f"{FOLDER}/{1:016d}.tlj", data[:end])
        assert "index.html" in render(disk, FOLDER, CODEC)


def test_a_damaged_or_a_later_journal_is_refused_and_not_half_told() -> None:
    later = script()
    later.add_raw(20, 99, b"{}")
    with pytest.raises(NewerVersion):
        files_of(later)
    damaged = script()
    damaged.add_raw(20, 1, b"{}")
    with pytest.raises(BadRecord):
        files_of(damaged)


def test_the_files_are_written_and_written_again(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.mkdir()
    (journal / f"{1:016d}.tlj").write_bytes(day().disk().read(f"{FOLDER}/{1:016d}.tlj"))
    out = tmp_path / "deep" / "pages"
    first = run_report(journal, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    assert (first.events, first.pages, first.path) == (4, 5, out / "index.html")
    assert run_report(journal, out) == first
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert set(before) == set(files_of(day()))
