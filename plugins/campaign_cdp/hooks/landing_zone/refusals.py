"""What every landing zone says when it refuses to mix up versions or to overwrite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from campaign_cdp.exceptions import FeedConfigError, FileReplacedError
from campaign_cdp.file_sets import StoredObject

_NO: Final = frozenset({"false", "0", "no", "off"})


def require_verification(connection: str, extra: Mapping[str, Any], key: str) -> None:
    """Refuse a connection that trusts whoever answers.

    :param key: of the extra, what switches the check of certificates off.
    :raises FeedConfigError: if it does.
    """
    if str(extra.get(key, "")).lower() in _NO:
        raise FeedConfigError(
            f"Connection {connection!r} switches off the check of certificates ({key} in its extra), so anybody could "
            f"pose as the storage. Nothing was read or written. Remove it, or put the path of the CA's file there."
        )


def replaced(url: str) -> FileReplacedError:
    return FileReplacedError(
        f"{url} was replaced or removed after it was found. Nothing of it was applied. "
        "A new version is a new file set: the next Dag run takes it."
    )


def taken(url: str, found: StoredObject | None, obj: StoredObject) -> FileReplacedError:
    """The key that ``obj`` should get holds something else.

    :param found: ``None`` if that is no file.
    """
    size = f"{found.size:,} bytes" if found else "no regular file"
    return FileReplacedError(
        f"{url} ({size}) is other content than {obj.key} ({obj.size:,} bytes). It was not overwritten and nothing was "
        "moved. Find out who wrote it, then remove or rename it."
    )
