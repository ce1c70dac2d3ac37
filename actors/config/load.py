"""Reading a profile: a TOML file, whole or not at all, with every fault in one go.

``extends`` names the profile that one builds on. ``${world.rest}`` and the like
stand for what the simulated world said in its handshake; only a profile knows
that there is a world at all. ``${credentials}`` and ``${credential.NAME}`` stand for
what must not be in a profile (``credentials.py``).
"""

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo

import attrs
import cattrs

from actors.config.credentials import BadCredential, one_line
from actors.config.profile import Profile
from actors.config.sheet import Sheet
from actors.model.money import BadAmount, MicroDollars, Pips, parse_micros, parse_pips
from actors.runtime.env import BadEndpoint, Endpoint

Table = Mapping[str, Any]
T = TypeVar("T")


VENUES: Final[Mapping[str, str]] = {
    "external-api.kalshi.com": "prod",
    "external-api-ws.kalshi.com": "prod",
    "api.elections.kalshi.com": "prod",
    "external-api.demo.kalshi.co": "demo",
    "external-api-ws.demo.kalshi.co": "demo",
    "demo-api.kalshi.co": "demo",
}
"""The venue's own hosts (reference ``kalshi.md`` section 2), and whose they are: keys are per
environment, and a profile that mixes them up is refused."""


class BadProfile(Exception):
    """A profile that cannot be used, with one line a fault."""


@attrs.frozen(kw_only=True)
class Loaded:
    """A profile with what identifies it in the journal."""

    profile: Profile
    sheets: Mapping[str, Sheet]
    sha256: str
    """Over the profile after ``extends`` and before the world's addresses."""


def load(name_or_path: str, world: Table | None = None, credentials: Path | None = None) -> Loaded:
    """Read a profile by name (``"sim"``, shipped with us) or by path (``"/etc/x.toml"``).

    Args:
        name_or_path: A shipped profile's name or a file.
        world: The simulated world's handshake, for ``${world.…}``; ``None`` where
            there is no world.
        credentials: The folder for ``${credentials}``; ``None`` where there is none.

    Raises:
        BadProfile: The file is missing, is not TOML, or does not fit ``Profile``;
            one line for every fault in it.
    """
    merged, folders = _merged(name_or_path, seen=())
    digest = hashlib.sha256(repr(sorted(_flat(merged))).encode()).hexdigest()
    label = Path(name_or_path).name.removesuffix(".toml")
    faults: list[str] = []
    filled = _filled(merged, _Given(world, credentials, faults), f"{label}.toml")
    profile = _structured({"name": label, **filled}, Profile, f"{label}.toml", faults)
    if profile is not None and not faults:
        faults += _unusable(profile, f"{label}.toml")
    if faults or profile is None:
        raise BadProfile("\n".join(faults))
    return Loaded(profile=profile, sheets=_sheets(folders), sha256=digest)


def world_names(name_or_path: str) -> list[str]:
    """Return every ``${world.…}`` of a profile, sorted: whether it needs a world at all.

    Raises:
        BadProfile: The file is missing or is not TOML.
    """
    merged, _ = _merged(name_or_path, seen=())
    return sorted({name for _, value in _flat(merged) for name in _REFERENCE.findall(str(value))})


def structured(table: Table, cls: type[T], place: str, faults: list[str]) -> T | None:
    """Return ``table`` as a ``cls``; what is wrong with it goes to ``faults``, one line each.

    Args:
        table: As TOML has it.
        cls: One of our classes; a key that it has not got is a fault.
        place: Where the table stands, for the lines: ``"reviewed.toml.joins[2]"``.
        faults: Grows by what is wrong.
    """
    return _structured(table, cls, place, faults)


_REFERENCE = re.compile(r"\$\{(world\.[a-z0-9_.]+)\}")
_CREDENTIAL = re.compile(r"\$\{(credentials|credential\.[a-z0-9-]+)\}")


@attrs.frozen
class _Given:
    """What stands behind a profile's references."""

    world: Table | None
    credentials: Path | None
    faults: list[str]
    """Grows by what nothing stands behind."""

    def from_world(self, name: str, path: str) -> str:
        """Return what the world said."""
        here: Any = self.world
        for part in name.split(".")[1:]:
            here = here.get(part) if isinstance(here, Mapping) else None
        if isinstance(here, str):
            return here
        why = "there is no world" if self.world is None else "the world did not name it"
        self.faults.append(f"${{{name}}}: {why} @ {path}")
        return ""

    def from_credentials(self, name: str, path: str) -> str:
        """Return the folder, or what a file in it holds."""
        if self.credentials is None:
            self.faults.append(f"${{{name}}}: there are no credentials @ {path}")
            return ""
        if name == "credentials":
            return str(self.credentials)
        try:
            return one_line(self.credentials, name.partition(".")[2])
        except BadCredential as error:
            self.faults.append(f"{error} @ {path}")
            return ""


def _merged(name_or_path: str, seen: tuple[str, ...]) -> tuple[dict[str, Any], tuple[Path, ...]]:
    if name_or_path in seen:
        raise BadProfile(f"{name_or_path}: extends itself through {' > '.join(seen)}")
    shipped = Path(str(resources.files("actors"))) / "profiles" / f"{name_or_path}.toml"
    source = shipped if "/" not in name_or_path and shipped.is_file() else Path(name_or_path)
    try:
        own = tomllib.loads(source.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadProfile(f"{name_or_path}: {_plainly(error, shipped.parent)}") from error
    base = own.pop("extends", None)
    if base is None:
        return own, (source.parent,)
    if not isinstance(base, str):
        raise BadProfile(f"{name_or_path}: extends: expected a profile's name, got {base!r}")
    beside = source.parent / f"{base}.toml"
    below, folders = _merged(str(beside) if beside.is_file() else base, (*seen, name_or_path))
    return _overlaid(below, own), (*folders, source.parent)


def _plainly(error: Exception, shipped: Path) -> str:
    if isinstance(error, FileNotFoundError):
        names = ", ".join(sorted(path.stem for path in shipped.glob("*.toml")))
        return f"no such profile (shipped: {names}; or give a file)"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _overlaid(below: Table, above: Table) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        under = below.get(key)
        both = isinstance(value, dict) and isinstance(under, dict)
        result[key] = _overlaid(under, value) if both else value  # type: ignore[arg-type]  # narrowed by both
    return result


def _flat(value: object, path: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [row for key, inner in value.items() for row in _flat(inner, f"{path}.{key}")]
    if isinstance(value, list):
        return [row for i, inner in enumerate(value) for row in _flat(inner, f"{path}[{i}]")]
    return [(path, value)]


def _filled(value: Any, given: _Given, path: str) -> Any:  # noqa: ANN401 - TOML
    if isinstance(value, dict):
        return {k: _filled(v, given, f"{path}.{k}") for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, given, f"{path}[{i}]") for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    text = _REFERENCE.sub(lambda found: given.from_world(found[1], path), value)
    return _CREDENTIAL.sub(lambda found: given.from_credentials(found[1], path), text)


def _unusable(profile: Profile, path: str) -> Iterator[str]:
    """Yield a line for every text that is of the right type and still names nothing."""
    venue = profile.venue
    places = [("venue.rest", venue.rest), ("venue.ws", venue.ws)]
    places += [("venue.orders", venue.orders)] if venue.orders else []
    places += [(f"feeds[{i}].url", feed.url) for i, feed in enumerate(profile.feeds)]
    for place, url in places:
        try:
            host = Endpoint.parse(url).host
        except BadEndpoint as error:
            yield f"{error} @ {path}.{place}"
            continue
        whose = VENUES.get(host)
        # Who trades on paper reads what the real venue shows.
        mine = {profile.environment, "prod" if profile.environment == "paper" else ""}
        if whose is not None and whose not in mine and place.startswith("venue."):
            yield (
                f"{host} is the venue's {whose} host, and the environment is"
                f" {profile.environment!r} @ {path}.{place}"
            )
    zone = profile.run.day_zone
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        yield f"not a time zone: {zone!r} @ {path}.run.day_zone"


def _sheets(folders: tuple[Path, ...]) -> dict[str, Sheet]:
    """Read the sheets beside each profile of the chain; one further up replaces one below."""
    sheets: dict[str, Sheet] = {}
    faults: list[str] = []
    for path in [path for folder in folders for path in sorted(folder.glob("sheets/*.toml"))]:
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadProfile(f"sheets/{path.name}: {error}") from error
        sheet = _structured(table, Sheet, f"sheets/{path.name}", faults)
        if sheet is not None:
            sheets[sheet.series] = sheet
    if faults:
        raise BadProfile("\n".join(faults))
    return sheets


def _structured(table: Table, cls: type[T], path: str, faults: list[str]) -> T | None:
    try:
        return _CONVERTER.structure(table, cls)
    except cattrs.BaseValidationError as error:
        faults.extend(_lines(error, path))
        return None


def _lines(error: Exception, path: str) -> Iterator[str]:
    """Yield one line per leaf of cattrs' tree of faults, each with its path."""
    if isinstance(error, cattrs.IterableValidationError):
        indexed, bare = error.group_exceptions()
        for inner, place in indexed:
            yield from _lines(inner, f"{path}[{place.index}]")
        for inner in bare:
            yield from _lines(inner, path)
    elif isinstance(error, cattrs.ClassValidationError):
        with_notes, without = error.group_exceptions()
        for inner, note in with_notes:
            yield from _lines(inner, f"{path}.{note.name}")
        for inner in without:
            yield from _lines(inner, path)
    elif isinstance(error, cattrs.ForbiddenExtraKeysError):
        known = [field.name for field in attrs.fields(error.cl)]
        for key in sorted(error.extra_fields):
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            yield f"unknown key {key!r}{hint} @ {path}"
    else:
        yield _leaf(error, path)


def _leaf(error: Exception, path: str) -> str:
    if isinstance(error, KeyError):
        return f"missing required key {error.args[0]!r} @ {path.rpartition('.')[0] or path}"
    if isinstance(error, AttributeError):
        # cattrs asks whatever stands there for its keys; only a table has some.
        return f"expected a table @ {path}"
    return f"{' '.join(str(error).split())} @ {path}"


def _exactly(cls: type[T]) -> Any:  # noqa: ANN401 - cattrs' own hook type
    def hook(value: object, _: object) -> T:
        if type(value) is not cls:
            raise TypeError(f"expected {cls.__name__}, got {type(value).__name__} {value!r}")
        return value

    return hook


def _number(value: object, _: object) -> float:
    if type(value) not in {int, float}:
        raise TypeError(f"expected a number, got {type(value).__name__} {value!r}")
    return float(value)  # type: ignore[arg-type]  # the line above settled it


def _dollars(value: object, _: object) -> MicroDollars:
    return parse_micros(_dollar_text(value))


def _price(value: object, _: object) -> Pips:
    return parse_pips(_dollar_text(value))


def _dollar_text(value: object) -> str:
    # A TOML float has already lost what was written; a string keeps every digit.
    if not isinstance(value, str):
        raise BadAmount(f"expected dollars in quotes, got {type(value).__name__} {value!r}")
    return value


def _one_of(value: object, cls: Any) -> Any:  # noqa: ANN401 - any Literal
    allowed = get_args(cls)
    if value not in allowed:
        raise ValueError(f"expected one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def _is_literal(cls: object) -> bool:
    return str(get_origin(cls)) == str(Literal)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for plain in (str, int, bool):
        converter.register_structure_hook(plain, _exactly(plain))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(MicroDollars, _dollars)
    converter.register_structure_hook(Pips, _price)
    converter.register_structure_hook_func(_is_literal, _one_of)
    return converter


_CONVERTER: Final = _converter()
