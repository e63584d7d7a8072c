from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from campaign_cdp.sandbox.s3 import EXPORT_BUCKET, S3Server, s3_client
from tests.conftest import Bucket


def test_wrong_keys_are_refused(s3_server: S3Server) -> None:
    stranger = s3_client(s3_server.endpoint_url, s3_server.access_key, "wrong")

    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        stranger.list_buckets()


def test_a_bucket_has_to_be_created_before_it_is_written(bucket: Bucket) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        bucket.client.put_object(Bucket="nobody-made-this", Key="a", Body=b"")


def test_the_export_bucket_is_there_and_empty(s3_server: S3Server) -> None:
    assert s3_server.client().list_objects_v2(Bucket=EXPORT_BUCKET)["KeyCount"] == 0


def test_a_key_is_created_only_once_on_condition(bucket: Bucket) -> None:
    bucket.client.put_object(Bucket=bucket.name, Key="a", Body=b"1", IfNoneMatch="*")

    with pytest.raises(ClientError, match="PreconditionFailed"):
        bucket.client.put_object(Bucket=bucket.name, Key="a", Body=b"2", IfNoneMatch="*")


def test_keys_and_telemetry_are_on_no_command_line(s3_server: S3Server) -> None:
    command = s3_server.command()

    assert "-master.telemetry=false" in command
    assert not any(secret in " ".join(command) for secret in s3_server.record.secrets.values())
    assert (s3_server.folder / "identities.json").stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path) -> None:
    with S3Server(tmp_path) as server:
        ports = {port + 10_000 for port in server.record.ports.values()}

    assert not [path for path in Path("/tmp").glob("seaweedfs-*.sock") if any(str(port) in path.name for port in ports)]
