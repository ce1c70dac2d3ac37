"""What must never be seen is not, however it is printed."""

import json
import pickle
import re
import subprocess
import sys

import pytest
from hypothesis import given, strategies as st

from actors.runtime import secret
from actors.runtime.errors import reason
from actors.runtime.secret import Secret, keep, redacted

PEM = (
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPq0aNKQ\nhIuYz1mJ3cB7w\n"
    "-----END PRIVATE KEY-----"
)
SIGNATURE = "qT3/" * 21 + "Aw=="


@pytest.fixture(autouse=True)
def _forget() -> None:
    secret._kept.clear()  # noqa: SLF001 - what one test keeps is no secret of the next


def test_a_secret_prints_as_nothing_and_is_not_copied() -> None:
    held = Secret("correct horse battery")

    for shown in (str(held), repr(held), f"{held}", f"{held:>40}", f"{[held]}"):
        assert "horse" not in shown
    with pytest.raises(TypeError):
        json.dumps(held)
    with pytest.raises(TypeError):
        pickle.dumps(held)
    assert held.reveal() == "correct horse battery"
    assert held == Secret("correct horse battery")
    assert held != Secret("correct horse")
    assert not Secret("")


@given(st.text(alphabet=st.characters(codec="ascii", min_codepoint=33), min_size=8))
def test_what_is_kept_is_struck_out_wherever_it_stands(word: str) -> None:
    keep(word)
    if not word.startswith("-----"):
        assert word not in redacted(f"could not send {word}: refused").replace("[redacted]", "")


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        PEM.replace("\n", "\\n"),
        PEM.partition("\nhI")[0],
        f"KALSHI-ACCESS-SIGNATURE: {SIGNATURE}\r\nHost: x",
        f"[('KALSHI-ACCESS-SIGNATURE', '{SIGNATURE}')]",
        f"sent {SIGNATURE}",
        f"Authorization: Bearer {SIGNATURE[:20]}",
        f"bearer {SIGNATURE[:20]}",
        f"https://feed.example/ws?access_token={SIGNATURE[:20]}&x=1",
        f"x-api-key: {SIGNATURE[:20]}",
    ],
)
def test_what_looks_like_a_secret_is_struck_out(text: str) -> None:
    shown = redacted(text)

    assert "[redacted]" in shown
    assert SIGNATURE[:20] not in shown
    assert "MC4CAQ" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "journal: 0000000000000001.tlj: record 1 at byte 0: torn",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "/a/folder/whose/name/is/so/long/that/it/might/be/taken/for/a/signature/of/somebody/else",
        "order igyefb6qfjxuwoyviw6zwpqjti of KXWCGAME-30JAN011200NEDQAT-NED: Unknown",
    ],
)
def test_what_is_innocent_stays(text: str) -> None:
    assert redacted(text) == text


def test_a_reason_strikes_out_before_it_cuts_and_joins() -> None:
    line = reason(ValueError(f"KALSHI-ACCESS-SIGNATURE: {SIGNATURE}\r\nno answer"))

    assert line == "ValueError: KALSHI-ACCESS-SIGNATURE: [redacted] no answer"


def test_no_core_is_written_and_uncaught_errors_print_without_secrets() -> None:
    program = (
        "import ctypes, resource\n"
        "from actors.runtime.secret import guard_process, keep\n"
        "guard_process(); keep('correct-horse')\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
        "raise ValueError('the word is correct-horse')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.stdout == "(0, 0) 0\n"
    assert done.returncode == 1
    assert re.search(r"ValueError: the word is \[redacted\]\n$", done.stderr)
    assert "Traceback" in done.stderr
