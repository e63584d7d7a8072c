"""Makes children cheap: what every task imports is imported once, before they are forked."""

from __future__ import annotations

import gc
from functools import cache
from importlib import import_module
from typing import Final

import boto3
from botocore.loaders import JSONFileLoader

_BY_ALL: Final = (
    "airflow.api_fastapi.auth.managers",
    "airflow.providers.common.io.assets.file",
    "airflow.providers.postgres.assets.postgres",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.sdk.execution_time.supervisor",
    "campaign_cdp.hooks.landing_zone.factory",
)
_BY_ZONE: Final = {
    "s3": ("airflow.providers.amazon.aws.hooks.s3", "campaign_cdp.hooks.landing_zone.s3"),
    "azure_blob": ("airflow.providers.microsoft.azure.hooks.wasb", "campaign_cdp.hooks.landing_zone.azure_blob"),
    "sftp": ("airflow.providers.sftp.hooks.sftp", "campaign_cdp.hooks.landing_zone.sftp"),
    "local": ("campaign_cdp.hooks.landing_zone.local",),
}


def preload(*zones: str) -> None:
    """Import what the tasks of these storages need."""
    for name in [*_BY_ALL, *(name for zone in zones for name in _BY_ZONE[zone])]:
        import_module(name)
    if "s3" in zones:
        _read_once()
    gc.collect()
    gc.freeze()  # else a child's first collection copies the memory of all these modules


def _read_once() -> None:
    """The S3 client reads megabytes of JSON in every process; here they are read before the fork."""
    load = JSONFileLoader.load_file
    by_path = cache(lambda path: load(JSONFileLoader(), path))
    JSONFileLoader.load_file = lambda self, path: by_path(path)  # type: ignore[method-assign]
    boto3.session.Session().client("s3", region_name="us-east-1")
