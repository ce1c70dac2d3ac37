"""What is written ahead and filled in later is what would have been written at once."""

import attrs
from hypothesis import given, strategies as st

from actors.messages.codec import JournalCodec
from actors.messages.forms import intent_form
from actors.messages.records import Intent

CODEC = JournalCodec()
INT64 = st.integers(-(2**63), 2**63 - 1)
TRICKS = ["%d", "100%", "%%b", '"epoch":0,', '\\"feed":"",', '{"frame_no":0,"feed":"",']
TEXT = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(TRICKS)
OPEN: dict[str, object] = {"feed": "", "epoch": 0, "frame_no": 0, "exit_due_wall_ns": 0}
INTENTS = st.builds(
    Intent,
    **{
        field.name: st.just(OPEN[field.name])
        if field.name in OPEN
        else INT64
        if field.type is int
        else TEXT
        for field in attrs.fields(Intent)
    },
)


@given(INTENTS, TEXT, INT64, INT64, INT64)
def test_a_filled_form_is_the_record_byte_for_byte(
    intent: Intent, feed: str, epoch: int, frame_no: int, due_ns: int
) -> None:
    form = intent_form(CODEC, intent)

    whole = attrs.evolve(intent, feed=feed, epoch=epoch, frame_no=frame_no, exit_due_wall_ns=due_ns)
    body = form.filled(feed=feed, epoch=epoch, frame_no=frame_no, exit_due_wall_ns=due_ns)
    assert (form.type_no, form.version, body) == CODEC.encode(whole)
    assert CODEC.decode(form.type_no, form.version, body) == whole
