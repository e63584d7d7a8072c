"""What every landing zone says when it refuses to mix up versions or to overwrite."""

from __future__ import annotations

from campaign_cdp.exceptions import FileReplacedError
from campaign_cdp.file_sets import StoredObject


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
