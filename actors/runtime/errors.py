"""Ways in which actors, their tree and their journal can fail, as the runtime sees it.

* ``ActorError``
  - ``ActorReturned``   came back although nobody asked it to
  - ``ActorNotReady``   did not report ready in time
  - ``Escalated``       failed too often, or in a way no restart cures: the tree goes down
  - ``NotStopping``     ignored its cancellation; only the end of the process ends it
  - ``MailboxFull``     a mailbox that must never fill did
* ``JournalError``
  - ``JournalFailed``   the disk refused a record or a sync: nothing more is written
  - ``JournalCorrupt``  damage that no torn write explains
  - ``NewerVersion``    a record from a later program than this one
  - ``BadRecord``       a value that the journal cannot keep, or a body it cannot read
"""

from collections.abc import Iterator

from actors.runtime.secret import redacted


class ActorError(Exception):
    """Base of everything the runtime raises about an actor."""


class ActorReturned(ActorError):
    """A permanent actor serves until cancelled, so a plain return is a fault."""


class ActorNotReady(ActorError):
    """An actor did not report ready within its ``ready_s``."""


class Escalated(ActorError):
    """A core actor is beyond restarting; whoever runs the tree must go down with it.

    Attributes:
        actor: Id of the child that could not be kept alive.
        causes: Leaves of its last error, exception groups flattened, so that
            ``main`` can choose its exit code by their types. Also raised by a
            supervisor inside another, which passes the same error on.
    """

    def __init__(self, actor: str, why: str, causes: tuple[BaseException, ...]) -> None:
        """Say that ``actor`` is given up, because of ``why``."""
        super().__init__(f"{actor}: {why}")
        self.actor = actor
        self.causes = causes


class NotStopping(ActorError):
    """Children that were still running when their time to stop was over.

    Trio cannot kill a task, so this is where the caller ends the process.

    Attributes:
        actors: Their ids, in the order in which they were given up.
    """

    def __init__(self, actors: tuple[str, ...]) -> None:
        """Say that ``actors`` ignore their cancellation."""
        super().__init__(f"not stopping: {', '.join(actors)}")
        self.actors = actors


class MailboxFull(ActorError):
    """A mailbox whose rule is ``fail`` has no room: its reader is dead or too slow."""


class JournalError(Exception):
    """Base of everything the runtime raises about the journal."""


class JournalFailed(JournalError):
    """The disk refused a record or a sync. Fatal: a second sync would lie (exit code 74)."""


class JournalCorrupt(JournalError):
    """Damage before the end of what was certainly on the disk. Needs a human."""


class NewerVersion(JournalError):
    """A known record type in a version that this program does not know."""


class BadRecord(JournalError):
    """A value that the journal cannot keep, or a body that is not its type's."""


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors inside ``error``, exception groups flattened, in their order."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def reason(error: BaseException, limit: int = 300) -> str:
    """Return one line naming every leaf of ``error``, at most ``limit`` characters long.

    Whatever an error quotes that looks like a secret is struck out of it.
    """
    line = "; ".join(
        f"{type(leaf).__name__}: {leaf}" if str(leaf) else type(leaf).__name__
        for leaf in leaves(error)
    )
    # Struck out before line ends are lost: a header ends with its line.
    line = " ".join(redacted(line).split())
    return line if len(line) <= limit else line[: limit - 3] + "..."
