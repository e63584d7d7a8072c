"""Single values of a feed: durations, names, folders."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints

from campaign_cdp.feeds.rules import cron, known_attribute

_DURATION = re.compile(r"^(\d+)(s|m|h|d)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _read_duration(value: object) -> object:
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match and len(match[1]) <= 6:  # more digits overflow timedelta
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError(f"{value!r} is not a duration; write a number and a unit, like 30s, 2m, 4h or 7d")


def without_dots(path: str) -> str:
    """Refuse what would lead out of a folder."""
    if {".", ".."} & set(path.split("/")):
        raise ValueError(f"{path!r} must not hold . or .. as a folder")
    return path


def write_duration(value: timedelta) -> str:
    """Write a duration as a feed does, in its largest whole unit."""
    seconds = int(value.total_seconds())
    size, unit = next(pair for pair in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")) if seconds % pair[0] == 0)
    return f"{seconds // size}{unit}"


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration, json_schema_input_type=Annotated[str, Field(pattern=_DURATION.pattern)]),
    PlainSerializer(write_duration, return_type=str, when_used="json"),
]
_ID = r"^[a-z][a-z0-9_]{2,49}$"
_PREFIX = r"^[^/].*/$"
_LIST = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
_FUNCTION = r"^[\w.]+:\w+$"
_FOLDER = r"^[A-Za-z0-9_.-][A-Za-z0-9_./-]*/$"
_SERVER_PATH = r"^(/?[^/\x00]+(/[^/\x00]+)*|/)?$"
_INSTANCE = r"^[A-Za-z0-9_.-]{1,64}$"
_NAMESPACE = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
#: What each pattern wants, in words.
PATTERN_HINTS = {
    _ID: "3 to 50 of a-z, 0-9 and _, starting with a letter",
    _PREFIX: "a folder that does not start with / but ends in /",
    _LIST: "an internal name: letters, digits and _, starting with a letter, at most 64",
    _FUNCTION: "module:function",
    _FOLDER: "a folder of A-Z, a-z, 0-9 and . _ - that does not start with / but ends in /",
    _SERVER_PATH: "a folder that does not end in /, or nothing",
    _INSTANCE: "letters, digits and . _ -, at most 64",
    _NAMESPACE: "the code of an identity namespace: letters, digits and _, starting with a letter",
}
AttributeName = Annotated[str, AfterValidator(known_attribute)]
FeedId = Annotated[str, StringConstraints(pattern=_ID)]
Prefix = Annotated[str, StringConstraints(pattern=_PREFIX), AfterValidator(without_dots)]
SourceFolder = Annotated[str, StringConstraints(pattern=_FOLDER), AfterValidator(without_dots)]
ServerPath = Annotated[str, StringConstraints(pattern=_SERVER_PATH), AfterValidator(without_dots)]
InstanceName = Annotated[str, StringConstraints(pattern=_INSTANCE)]
Namespace = Annotated[str, StringConstraints(pattern=_NAMESPACE)]
Percent = Annotated[float, Field(ge=0, le=100)]
ListName = Annotated[str, StringConstraints(pattern=_LIST)]
FunctionPath = Annotated[str, StringConstraints(pattern=_FUNCTION)]
Cron = Annotated[str, AfterValidator(cron)]
