"""The benchmark's landing zone: a real S3 server that holds one export, and Airflow's connections to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from boto3.s3.transfer import TransferConfig

from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.s3 import S3Server, ensure_bucket, landing_zone_connection
from tests.benchmarks.recorded_sql import bench_feed
from tests.benchmarks.segment_file import SegmentFile

_FLOW_RUN: Final = "00000000-0000-0000-0000-000000000001"
_SCHEDULED: Final = "2026-01-02T03:00:00Z"
_WHOLE: Final = TransferConfig(multipart_threshold=1 << 40)


@dataclass(frozen=True, slots=True)
class LandingZone:
    """One bucket with one export.

    :param server: running.
    :param home: Airflow's home folder.
    """

    server: S3Server
    bucket: str
    home: Path

    def put(self, file: SegmentFile) -> None:
        """Upload the part, then its manifest, as AEP does."""
        client, prefix = self.server.client(timeout=300), bench_feed(self.bucket).landing_zone.prefix
        ensure_bucket(client, self.bucket)
        client.upload_file(str(file.part), self.bucket, prefix + file.part.name, Config=_WHOLE)
        results = [{"sinkPath": f"/{prefix}", "name": file.part.name, "size": file.part.stat().st_size}]
        manifest = {"flowRunId": _FLOW_RUN, "scheduledTime": _SCHEDULED, "exportResults": results}
        body = json.dumps(manifest).encode()
        client.put_object(Bucket=self.bucket, Key=f"{prefix}manifest-bench-{_FLOW_RUN}.json", Body=body)

    def bodies(self) -> Iterator[IO[bytes]]:
        """Yield the content of all objects; each has to be read before the next."""
        client = self.server.client(timeout=300)
        for key in self._keys():
            with TemporaryFile() as file:
                client.download_fileobj(self.bucket, key, file)
                file.seek(0)
                yield file

    def empty(self) -> None:
        """Leave a bucket without objects."""
        client = self.server.client(timeout=300)
        ensure_bucket(client, self.bucket)
        for key in self._keys():
            client.delete_object(Bucket=self.bucket, Key=key)

    def _keys(self) -> list[str]:
        found = self.server.client().list_objects_v2(Bucket=self.bucket).get("Contents", ())
        return [item["Key"] for item in found]

    def airflow_environment(self, dsn: str) -> dict[str, str]:
        """Return the environment of a task process."""
        server = self.server
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(dsn),
            "AIRFLOW_CONN_LANDING_ZONE_S3": landing_zone_connection(
                server.endpoint_url, server.access_key, server.secret_key
            ),
        }
