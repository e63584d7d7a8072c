"""How long random tests look: bounded where everybody waits for them, ``make fuzz`` multiplies it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from hypothesis import HealthCheck, settings

from campaign_cdp.exceptions import SyncError

#: Set by ``make fuzz``.
VARIABLE: Final = "FUZZ_FACTOR"
FACTOR: Final = int(os.environ.get(VARIABLE, "1"))


def effort(examples: int) -> settings:
    """Look at so many examples, or a multiple of it. Nothing is timed: other tests run beside."""
    return settings(
        max_examples=examples * FACTOR,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


def outcome(read: Callable[..., Any], *args: Any) -> tuple[Any, str]:
    """Return what ``read`` gives, or the text of its error, which has a code and can be written to a log."""
    try:
        return read(*args), ""
    except SyncError as err:
        text = str(err)
    assert text.startswith("ACR-")
    text.encode()
    return None, text
