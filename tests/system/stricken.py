"""The trading process with one more child in its tree: one that does what no child should.

Run as ``python tests/system/stricken.py HOW …`` with the options of ``supervisor.py``.
"""

import os
import resource
import select
import sys
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

import structlog
import trio

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import supervisor
from actors.cli.soil import Soil
from actors.runtime.child import Child
from actors.runtime.health import Bound, Health
from actors.runtime.mailbox import Mailbox
from actors.runtime.restart import RestartPolicy
from actors.runtime.secret import Secret

PLAIN: Final = RestartPolicy(max_restarts=2, pause_min_s=0.0, pause_max_s=0.0)
BOUND_S: Final = 0.3
POISONS: Final = 50
"""More than the auditor has lives."""
NEVER_S: Final = 3_600.0

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Status = trio.TaskStatus[None]
Serve = Callable[[Soil, Status], Awaitable[None]]


async def _asked(soil: Soil) -> None:
    """Wait until the test makes the file ``strike`` beside the journal, and take it away."""
    path = trio.Path(soil.recovered.folder).parent / "strike"
    while not await path.exists():  # noqa: ASYNC110 - a file is all that the test can say
        await trio.sleep(0.01)
    await path.unlink()


async def martyr(soil: Soil, task_status: Status) -> None:
    """Fail, life after life, once asked to."""
    task_status.started()
    await _asked(soil)
    await trio.Path(soil.recovered.folder).parent.joinpath("strike").touch()
    raise ValueError("no good")


async def stubborn(_soil: Soil, task_status: Status) -> None:
    """Ignore the end."""
    task_status.started()
    with trio.CancelScope(shield=True):
        await trio.sleep_forever()


async def blocking(_soil: Soil, task_status: Status) -> None:
    """Hold up the whole loop on the way out, for good."""
    task_status.started()
    try:
        await trio.sleep_forever()
    finally:
        hang_for(NEVER_S)


async def hanging(soil: Soil, task_status: Status) -> None:
    """Hold up the whole loop for a moment, each time it is asked to."""
    task_status.started()
    while True:
        await _asked(soil)
        hang_for(1.5)


def hang_for(seconds: float) -> None:
    """Do nothing, and let nobody else do anything."""
    reader, writer = os.pipe()
    try:
        # A poll on what never speaks: one system call, as a hung disk would be.
        select.select([reader], [], [], seconds)
    finally:
        os.close(reader)
        os.close(writer)


async def full(soil: Soil, task_status: Status) -> None:
    """Have the disk refuse whatever would make the journal longer, once asked to."""
    task_status.started()
    await _asked(soil)
    segments = sorted(await trio.Path(soil.recovered.folder).iterdir())
    now = (await segments[-1].stat()).st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (now, resource.RLIM_INFINITY))
    await trio.sleep_forever()


async def eio(soil: Soil, task_status: Status) -> None:
    """Have the disk fail under the journal, once asked to: memory at no address takes no byte."""
    task_status.started()
    await _asked(soil)
    await _replace_journal(soil, "/proc/self/mem", os.O_RDWR)
    await trio.sleep_forever()


async def readonly(soil: Soil, task_status: Status) -> None:
    """Have the journal be there for reading alone, once asked to."""
    task_status.started()
    await _asked(soil)
    segments = sorted(await trio.Path(soil.recovered.folder).iterdir())
    await _replace_journal(soil, str(segments[-1]), os.O_RDONLY)
    await trio.sleep_forever()


async def _replace_journal(soil: Soil, path: str, flags: int) -> None:
    """Put another open file in the place of the segment that is being written."""
    other = os.open(path, flags)
    for link in await trio.Path("/proc/self/fd").iterdir():
        try:
            name = await link.readlink()
        except OSError:
            continue  # The folder's own listing.
        if str(name).startswith(soil.recovered.folder) and int(link.name) != other:
            os.dup2(other, int(link.name), inheritable=False)
    os.close(other)


async def indiscreet(soil: Soil, tree: supervisor.Tree, task_status: Status) -> None:
    """Say in every way there is what nobody may see, each time it is asked to."""
    task_status.started()
    await _asked(soil)
    key, state = soil.key, trio.Path(soil.recovered.folder).parent
    pem = await trio.Path(soil.loaded.profile.key.pem_file).read_text()
    headers = tree.trading.desk.entry_headers.take(soil.env.now_ns())
    assert headers is not None
    held = (key, headers, Secret("swordfish-of-a-feed"))
    words = headers.data.decode("ascii")
    # For the test alone, so that it knows what to look for.
    await (state / "canary").write_text(words.split("SIGNATURE: ")[1].strip())
    try:
        _fail_with(words, pem, held)
    except ValueError as error:
        # The innermost frame's locals alone: those of ours hold the whole tree.
        inner = error.__traceback__.tb_next if error.__traceback__ is not None else None
        shown = traceback.TracebackException(type(error), error, inner, capture_locals=True)
        log.exception("indiscreet", headers=headers, words=words, pem=pem, held=held)
        log.warning("indiscreet", locals="".join(shown.format()))
        raise


def _fail_with(words: str, pem: str, held: object) -> NoReturn:
    """Quote everything in an error, as a careless library would."""
    raise ValueError(f"could not send {words} with {held}: {pem!r}: {pem}")


async def deaf(soil: Soil, box: Mailbox[int], task_status: Status) -> None:
    """Take what is in the mailbox until asked to; from then on leave it there."""
    task_status.started()
    await _asked(soil)
    box.post(1)
    await trio.sleep_forever()


async def poison(soil: Soil, box: Mailbox[object], task_status: Status) -> None:
    """Tell the auditor what no record can be made of, over and over, once asked to."""
    task_status.started()
    await _asked(soil)
    for _ in range(POISONS):
        box.post(object())
    await trio.sleep_forever()


HOWS: Final[dict[str, Serve]] = {
    "martyr": martyr,
    "stubborn": stubborn,
    "blocking": blocking,
    "hanging": hanging,
    "full": full,
    "eio": eio,
    "readonly": readonly,
}


def child(how: str, soil: Soil, tree: supervisor.Tree) -> Child:
    """Make the child."""
    if how == "deaf":
        box: Mailbox[int] = Mailbox("deaf", 8)
        bound = Bound(after_s=BOUND_S, by="backlog")
        cell = tree.roster.health.cell("deaf", bound=bound, mailboxes=(box,))
        return _child(how, partial(deaf, soil, box), cell)
    if how == "indiscreet":
        cell = tree.roster.health.cell(how)
        return _child(how, partial(indiscreet, soil, tree), cell)
    if how == "poison":
        return _child(how, partial(poison, soil, tree.auditor.inbox), Health(how))
    return _child(how, partial(HOWS[how], soil), Health(how))


def _child(how: str, serve: Callable[[Status], Awaitable[None]], cell: Health) -> Child:
    async def run(*, task_status: Status) -> None:
        await serve(task_status)

    return Child(id=how, run=run, policy=PLAIN, shutdown_s=0.5, health=cell)


def main() -> int:
    """Plant the tree with the child that was asked for, and run it as ever."""
    how = sys.argv.pop(1)
    plant = supervisor.plant

    def planted(soil: Soil) -> supervisor.Tree:
        tree = plant(soil)
        tree.root.children = [*tree.root.children, child(how, soil, tree)]
        return tree

    supervisor.plant = planted
    return supervisor.main()


if __name__ == "__main__":
    sys.exit(main())
