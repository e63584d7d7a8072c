"""States of runs and files. They move forward only; a trigger in the database holds manual updates to the same rule."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class RunState(StrEnum):
    """How far a run is."""

    OPEN = "open"
    APPLIED = "applied"
    PREVIEWED = "previewed"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"
    ABANDONED = "abandoned"
    RELEASED = "released"
    ENDED = "ended"


class FileState(StrEnum):
    """How far a part or a manifest is."""

    SEEN = "seen"
    LOADING = "loading"
    LOADED = "loaded"
    APPLIED = "applied"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"
    RELEASED = "released"
    HISTORISED = "historised"


#: State -> the states that it may follow. Staying in a state is always allowed.
RUN_BEFORE: Final[Mapping[RunState, frozenset[RunState]]] = MappingProxyType(
    {
        RunState.OPEN: frozenset(),
        RunState.APPLIED: frozenset({RunState.OPEN}),
        RunState.PREVIEWED: frozenset({RunState.OPEN}),
        RunState.QUARANTINED: frozenset({RunState.OPEN}),
        RunState.ABANDONED: frozenset({RunState.OPEN}),
        RunState.SUPERSEDED: frozenset({RunState.OPEN, RunState.QUARANTINED, RunState.RELEASED, RunState.ABANDONED}),
        RunState.RELEASED: frozenset({RunState.QUARANTINED}),
        RunState.ENDED: frozenset({RunState.APPLIED}),
    }
)

_AT_WORK = frozenset({FileState.SEEN, FileState.LOADING, FileState.LOADED})
FILE_BEFORE: Final[Mapping[FileState, frozenset[FileState]]] = MappingProxyType(
    {
        FileState.SEEN: frozenset(),
        FileState.LOADING: frozenset({FileState.SEEN}),
        FileState.LOADED: frozenset({FileState.SEEN, FileState.LOADING}),
        FileState.APPLIED: frozenset({FileState.SEEN, FileState.LOADED}),  # a manifest is never loaded
        FileState.QUARANTINED: _AT_WORK,
        FileState.SUPERSEDED: _AT_WORK | {FileState.QUARANTINED, FileState.RELEASED},
        FileState.RELEASED: frozenset({FileState.QUARANTINED}),
        FileState.HISTORISED: frozenset({FileState.APPLIED, FileState.QUARANTINED, FileState.SUPERSEDED}),
    }
)

#: Runs whose file set is in Campaign.
IN_CAMPAIGN: Final = frozenset({RunState.APPLIED, RunState.ENDED})
#: Runs that no task may work for any more.
LOST: Final = frozenset({RunState.ABANDONED, RunState.SUPERSEDED, RunState.QUARANTINED, RunState.RELEASED})


def before_run(state: RunState) -> list[str]:
    """States from which ``state`` can be reached, itself included, as SQL takes them."""
    return sorted({state, *RUN_BEFORE[state]})


def before_file(state: FileState) -> list[str]:
    """States from which ``state`` can be reached, itself included, as SQL takes them."""
    return sorted({state, *FILE_BEFORE[state]})
