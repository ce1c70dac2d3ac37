"""What a tree is planted in: opened before the first actor, and shared by all of them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from actors.audit.recovery import recover
from actors.audit.relived import relive
from actors.config.calendar import trading_day
from actors.config.load import BadProfile, Loaded
from actors.config.profile import Profile
from actors.config.state import StateFolder
from actors.exchange.keys import SigningKey
from actors.feeds.recall import Recalled, recall
from actors.messages.codec import JournalCodec
from actors.messages.records import Segment
from actors.messages.recovered import Recovered, Relived
from actors.runtime import checkout
from actors.runtime.collection import Garbage
from actors.runtime.env import Env
from actors.runtime.errors import NotStopping
from actors.runtime.journal import Journal
from actors.runtime.segments import read

CODEC: Final = JournalCodec()


@attrs.frozen(kw_only=True)
class Soil:
    """What a tree is planted in: the process's own things, opened before it."""

    env: Env
    loaded: Loaded
    key: SigningKey
    journal: Journal
    recovered: Recovered
    recalled: Recalled
    speed: float
    """Match seconds in a wall second; 1 outside the simulator."""
    write: Callable[[bytes], object]
    """Writes lines for a person; may wait, for it runs off the loop."""
    on_stuck: Callable[[NotStopping], None]
    """Told when only children that ignore their cancellation are left."""
    garbage: Garbage
    """The interpreter's collector; one that does nothing where a run is seeded."""
    relived: Relived
    """What was lost, and which matches go on."""
    folder: str
    """Where the journal is."""
    entities: str
    """Folder of what a person reviews of feeds' names and ids."""


def open_soil(
    env: Env,
    loaded: Loaded,
    key: SigningKey,
    state: StateFolder,
    *,
    speed: float,
    write: Callable[[bytes], object],
    on_stuck: Callable[[NotStopping], None],
    garbage: Garbage,
    root: Path,
) -> Soil:
    """Read what the journal knows, and open it for writing.

    Args:
        env: The process's door.
        loaded: The profile.
        key: Signs our requests.
        state: Where the journal is.
        speed: Match seconds in a wall second.
        write: Writes lines for a person; may wait.
        on_stuck: Told when only children that ignore their cancellation are left.
        garbage: The interpreter's collector.
        root: Of the checkout, whose commit and lock the journal names.

    Raises:
        BadProfile: The journal is of another account or environment.
        JournalCorrupt: It is damaged in a way that no torn write explains.
        JournalFailed: The disk refused.
    """
    profile, folder = loaded.profile, str(state.journal)
    day_of = partial(trading_day, profile.run)
    recovered = recover(env.disk, folder, CODEC, day_of=day_of)
    check_account(recovered.first, profile, folder)
    relived = relive(env.disk, folder, CODEC, profile.risk.losses(), day_of=day_of)
    records = (entry.record for entry in read(env.disk, folder, CODEC))
    recalled = recall(records, env.wall_ns() - env.now_ns())
    journal = open_journal(env, loaded, state, root=root)
    return Soil(
        env=env,
        loaded=loaded,
        key=key,
        journal=journal,
        recovered=recovered,
        recalled=recalled,
        relived=relived,
        folder=folder,
        speed=speed,
        write=write,
        on_stuck=on_stuck,
        garbage=garbage,
        entities=profile.catalogue.reviews or str(state.root / "entities"),
    )


def open_journal(env: Env, loaded: Loaded, state: StateFolder, *, root: Path) -> Journal:
    """Go on with a state folder's journal in a new segment, in the name of this program.

    Raises:
        JournalCorrupt: It is damaged in a way that no torn write explains.
        JournalFailed: The disk refused.
    """
    run, commit = f"{env.wall_ns():x}", checkout.commit(root)
    lock_sha256 = checkout.file_sha256(root / "requirements.lock")
    profile = loaded.profile

    def first_record(previous_anchor: str) -> Segment:
        return Segment(
            run=run,
            account=profile.account,
            environment=profile.environment,
            mono_ns=env.now_ns(),
            wall_ns=env.wall_ns(),
            commit=commit,
            config_sha256=loaded.sha256,
            lock_sha256=lock_sha256,
            previous_anchor=previous_anchor,
        )

    anchors = str(state.anchors)
    return Journal.open(env, str(state.journal), CODEC, first_record, anchor_file=anchors)


def check_account(first: Segment | None, profile: Profile, folder: str) -> None:
    """Refuse the journal of another account or environment.

    Raises:
        BadProfile: It is.
    """
    if first is not None and (first.account, first.environment) != (
        profile.account,
        profile.environment,
    ):
        raise BadProfile(
            f"{folder}: the journal of account {first.account!r} in {first.environment}; this is "
            f"{profile.account!r} in {profile.environment}"
        )
