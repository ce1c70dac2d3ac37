"""A table of a TOML file, read field by field: every mistake is one line that says where.

Whoever reads a table asks for each field it knows and then calls ``done``, which
refuses whatever is left: a misspelt field is never silently nothing.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from actors.sim.errors import BadStage

T = TypeVar("T")

MOST_ROWS: Final = 10_000


class Table:
    """One table.

    Args:
        values: What the file says.
        where: Its name for whoever made the mistake; empty for the whole file.

    Raises:
        BadStage: It is no table.
    """

    def __init__(self, values: object, where: str = "") -> None:
        if not isinstance(values, Mapping):
            raise BadStage(f"{where or 'the file'}: not a table")
        self._values = dict(values)
        self._where = where
        self._asked: dict[str, None] = {}

    def at(self, name: str) -> str:
        """Return a field's whole name."""
        return f"{self._where}.{name}" if self._where else name

    def has(self, name: str) -> bool:
        """Return whether a field is there."""
        return name in self._values

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text, which must be there unless it has a default."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise BadStage(f"{self.at(name)}: a text is wanted, not {value!r}"[:200])
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise BadStage(f"{self.at(name)}: true or false is wanted, not {value!r}"[:200])
        return value

    def integer(self, name: str, default: int | None, least: int, most: int) -> int:
        """Return a whole number from ``least`` to ``most``."""
        value = self._take(name, default)
        if type(value) is not int or not least <= value <= most:
            raise BadStage(f"{self.at(name)}: a whole number from {least} to {most} is wanted")
        return value

    def number(self, name: str, default: float | None, least: float, most: float) -> float:
        """Return a number from ``least`` to ``most``."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadStage(f"{self.at(name)}: a number is wanted, not {value!r}"[:200])
        if not least <= value <= most:
            raise BadStage(f"{self.at(name)}: {value} is not between {least:g} and {most:g}")
        return float(value)

    def read(self, name: str, default: str | None, reader: Callable[[str], T]) -> T:
        """Return what ``reader`` makes of a text.

        Raises:
            BadStage: It raised ``ValueError``, or there is no text.
        """
        text = self.text(name, default)
        try:
            return reader(text)
        except ValueError as error:
            raise BadStage(f"{self.at(name)}: {error}"[:200]) from error

    def one_of(self, name: str, default: str | None, known: Mapping[str, T]) -> T:
        """Return the value that one of the known words stands for."""
        word = self.text(name, default)
        if word not in known:
            raise BadStage(f"{self.at(name)}: {word!r} is none of {', '.join(known)}"[:300])
        return known[word]

    def table(self, name: str) -> "Table":
        """Return a table inside; an empty one if it is not there."""
        return Table(self._take(name, {}), self.at(name))

    def tables(self, name: str) -> "list[Table]":
        """Return the rows of an array of tables."""
        return [Table(each, f"{self.at(name)}[{n}]") for n, each in enumerate(self.rows(name))]

    def rows(self, name: str) -> list[object]:
        """Return the values of an array."""
        value = self._take(name, [])
        if not isinstance(value, list) or len(value) > MOST_ROWS:
            raise BadStage(f"{self.at(name)}: at most {MOST_ROWS} rows in brackets are wanted")
        return value

    def names(self) -> tuple[str, ...]:
        """Return the names of all fields, for a table whose names are data."""
        return tuple(self._values)

    def done(self) -> None:
        """Refuse fields that nobody asked for.

        Raises:
            BadStage: There are some.
        """
        left = [name for name in self._values if name not in self._asked]
        if left:
            known = ", ".join(sorted(self._asked))
            raise BadStage(f"{self.at(left[0])}: no such field; known here: {known}"[:300])

    def _take(self, name: str, default: object) -> object:
        self._asked[name] = None
        if name in self._values:
            return self._values[name]
        if default is None:
            raise BadStage(f"{self.at(name)}: missing")
        return default
