"""One copy through a landing zone, or through the storage's own client; runs in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from airflow.sdk import BaseHook

from campaign_cdp.feeds.zones import AnyStorage, AzureBlobStorage, LocalStorage, S3Storage, SftpStorage
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for

ROOT, KEY = "bench-zones", "out/copied.bin"
_STORAGES: dict[str, AnyStorage] = {
    "s3": S3Storage(type="s3", connection="landing_zone_s3", bucket=ROOT),
    "azure_blob": AzureBlobStorage(type="azure_blob", connection="landing_zone_azure_blob", container=ROOT),
    "sftp": SftpStorage(type="sftp", connection="landing_zone_sftp", path=ROOT),
    "local": LocalStorage(type="local", connection="landing_zone_local", path=ROOT),
}
Copy = Callable[[Path], None]


def own_up(kind: str) -> Copy:
    def copy(path: Path) -> None:
        with landing_zone_for(_STORAGES[kind]) as zone:
            zone.stage(KEY, _blocks(path))

    return copy


def own_down(kind: str) -> Copy:
    def copy(path: Path) -> None:
        with landing_zone_for(_STORAGES[kind]) as zone:
            found = zone.stat(KEY)
            if found is None:
                raise SystemExit(f"{KEY} is not there")
            with zone.open(found) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)

    return copy


def plain(kind: str, direction: str) -> Copy:
    """The client's own call for a whole file, with its defaults; SFTP without compression, as we do."""
    make: dict[str, Callable[[], Any]] = {"s3": _boto3, "azure_blob": _azure, "sftp": _paramiko, "local": _shutil}
    up, down = make[kind]()
    return up if direction == "up" else down


def _boto3() -> tuple[Copy, Copy]:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    client = S3Hook("landing_zone_s3").get_conn()
    return (
        lambda path: client.upload_file(str(path), ROOT, KEY),
        lambda path: client.download_file(ROOT, KEY, str(path)),
    )


def _azure() -> tuple[Copy, Copy]:
    from airflow.providers.microsoft.azure.hooks.wasb import WasbHook

    blob = WasbHook("landing_zone_azure_blob").get_conn().get_blob_client(ROOT, KEY)

    def up(path: Path) -> None:
        with path.open("rb") as source:
            blob.upload_blob(source, overwrite=True)

    def down(path: Path) -> None:
        with path.open("wb") as target:
            blob.download_blob().readinto(target)

    return up, down


def _paramiko() -> tuple[Copy, Copy]:
    from airflow.providers.sftp.hooks.sftp import SFTPHook

    hook = SFTPHook("landing_zone_sftp")
    hook.compress = False
    client: Any = hook.get_conn()
    return (
        lambda path: client.put(str(path), f"{ROOT}/{KEY}"),
        lambda path: client.get(f"{ROOT}/{KEY}", str(path)),
    )


def _shutil() -> tuple[Copy, Copy]:
    stored = Path(BaseHook.get_connection("landing_zone_local").extra_dejson["path"]) / ROOT / KEY
    return (lambda path: _copied(path, stored, durable=True)), (lambda path: _copied(stored, path))


def _copied(source: Path, target: Path, *, durable: bool = False) -> None:
    """Through this process, as a stream has to be; the kernel's own copy would be another thing."""
    with source.open("rb") as reading, target.open("wb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        if durable:
            writing.flush()
            os.fsync(writing)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            yield block


def main(kind: str, way: str, direction: str, file: str) -> None:
    started = time.perf_counter()  # connecting is part of every task
    copy = plain(kind, direction) if way == "plain" else {"up": own_up, "down": own_down}[direction](kind)
    copy(Path(file))
    sys.stdout.write(json.dumps({"seconds": time.perf_counter() - started}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
