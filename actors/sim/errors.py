"""What can go wrong around the venue: a name nobody played, data that contradicts itself."""


class WorldError(Exception):
    """The world cannot be made as asked."""


class UnknownMatchday(WorldError):
    """No match was played on the day named."""


class BadMatchData(WorldError):
    """A match's goals contradict its result, and no rule explains it."""


class BadStage(WorldError):
    """A scene or a fault plan that cannot be meant; its text is the one line a person sees."""
