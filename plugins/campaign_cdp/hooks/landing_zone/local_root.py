"""The folder that a local landing zone is, and which keys lie in it."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.providers.standard.hooks.filesystem import FSHook
from airflow.sdk.exceptions import AirflowNotFoundException

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.hooks.landing_zone.local_errors import mapped_errors


class LocalRoot:
    """A folder below the path of an Airflow connection.

    :param path: below the connection's path; empty is that path itself.
    :param connection: Airflow connection id of type ``fs``.
    :raises FeedConfigError: if the connection does not exist or names no folder.
    """

    def __init__(self, path: str, connection: str) -> None:
        self.connection, self.folder = connection, _folder(path, connection)

    def locate(self, key: str) -> Path:
        """Return where a key lies.

        :raises FeedConfigError: if that is not below this folder, or this folder is not there.
        """
        self.require()
        if "\0" in key or {"", ".", ".."} & set(key.split("/")):
            raise FeedConfigError(
                f"{key!r} is no key below {self.folder}. Nothing was read or written. Correct the feed's landing_zone."
            )
        path = self.folder / key
        if os.path.realpath(path.parent) != str(path.parent):
            raise FeedConfigError(
                f"{path} lies behind a symbolic link, and none is followed below {self.folder}. Nothing was read or "
                "written. Put the folder itself there, or mount it."
            )
        return path

    def require(self) -> None:
        """Refuse to go on without the folder. It is never created: it may be a mount that failed.

        :raises FeedConfigError: if it is not there.
        """
        with mapped_errors(f"look for {self.folder}", self.connection):
            try:
                os.scandir(self.folder).close()
            except (FileNotFoundError, NotADirectoryError) as err:
                raise FeedConfigError(
                    f"Folder {self.folder} does not exist on this machine, so nothing was read or written. Check "
                    f"landing_zone.path of the feed, the path in the extra of connection {self.connection!r}, and that "
                    "it is mounted on every worker."
                ) from err

    def prune(self, folder: Path) -> None:
        """Remove a folder and those above it as long as they are empty; this one stays."""
        try:
            while folder != self.folder:
                folder.rmdir()
                folder = folder.parent
        except OSError:
            return


def _folder(path: str, connection: str) -> Path:
    try:
        base = Path(FSHook(fs_conn_id=connection).get_path())
    except AirflowNotFoundException as err:
        raise FeedConfigError(
            f"Airflow connection {connection!r} does not exist, so the local landing zone cannot be found. Create it "
            'with {"path": "/the/folder"} as its extra (type fs), or correct landing_zone.connection of the feed.'
        ) from err
    if not base.is_absolute():
        raise FeedConfigError(
            f"Connection {connection!r} names no absolute folder as path in its extra ({str(base)!r}). Workers start "
            "in different folders, so nothing was read or written. Enter the whole path."
        )
    folder = base / path
    if ".." in folder.parts or not folder.is_relative_to(base):
        raise FeedConfigError(
            f"landing_zone.path {path!r} is not below {base}, the path of connection {connection!r}. Nothing was read "
            "or written. Correct one of them."
        )
    return folder.resolve()
