"""States of export windows. They move forward only; a trigger in the database holds manual updates to the same rule."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class WindowState(StrEnum):
    """How far a window is."""

    PLANNED = "planned"
    STAGED = "staged"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    DONE = "done"
    PREVIEWED = "previewed"
    ABANDONED = "abandoned"


#: State -> the states that it may follow. Staying in a state is always allowed.
WINDOW_BEFORE: Final[Mapping[WindowState, frozenset[WindowState]]] = MappingProxyType(
    {
        WindowState.PLANNED: frozenset(),
        WindowState.STAGED: frozenset({WindowState.PLANNED}),
        WindowState.PUBLISHING: frozenset({WindowState.STAGED}),
        WindowState.PUBLISHED: frozenset({WindowState.PUBLISHING}),
        WindowState.DONE: frozenset({WindowState.PUBLISHED}),
        WindowState.PREVIEWED: frozenset({WindowState.PLANNED, WindowState.STAGED}),
        WindowState.ABANDONED: frozenset({WindowState.PLANNED, WindowState.STAGED}),
    }
)

#: Nothing of such a window is where AEP can see it, so it may be given up.
UNSEEN: Final = frozenset({WindowState.PLANNED, WindowState.STAGED})
#: AEP may have taken files of such a window, so it has to be finished.
BEING_SEEN: Final = frozenset({WindowState.PUBLISHING, WindowState.PUBLISHED})


def before_window(state: WindowState) -> list[str]:
    """States from which ``state`` can be reached, itself included, as SQL takes them."""
    return sorted({state, *WINDOW_BEFORE[state]})
