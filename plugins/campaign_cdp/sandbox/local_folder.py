"""A folder of this machine as a landing zone; nothing has to be started for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

from campaign_cdp.sandbox.storages.local import LocalStorage


class LocalFolder:
    """Holds landing zones of kind ``local``.

    :param folder: base path of the Airflow connection.
    """

    name: ClassVar[str] = "local"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def connections(self) -> dict[str, str]:
        zone = {"conn_type": "fs", "extra": {"path": str(self.folder)}}
        return {"AIRFLOW_CONN_LANDING_ZONE_LOCAL": json.dumps(zone)}

    def storage(self, root: str) -> LocalStorage:
        folder = self.folder / root
        folder.mkdir(parents=True, exist_ok=True)
        return LocalStorage(folder)
