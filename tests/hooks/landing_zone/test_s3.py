from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError
from campaign_cdp.feeds.zones import S3AudienceZone
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.hooks.landing_zone.s3 import S3LandingZone
from tests.buckets import remove_bucket
from tests.hooks.landing_zone.contract import Killed, LandingZoneContract, blocks, small

if TYPE_CHECKING:
    from campaign_cdp.sandbox.s3 import S3Server


def connection(server: S3Server, **changes: str) -> str:
    extra = {
        "endpoint_url": changes.get("endpoint", server.endpoint_url),
        "region_name": "us-east-1",
        "config_kwargs": {"s3": {"addressing_style": "path"}, "retries": {"total_max_attempts": 1}},
    }
    login, password = changes.get("login", server.access_key), changes.get("secret", server.secret_key)
    return json.dumps({"conn_type": "aws", "login": login, "password": password, "extra": extra})


@pytest.fixture(scope="module")
def client(s3_server: S3Server) -> Any:
    """One client for most tests: making one takes longer than most of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_LZ_MAIN", connection(s3_server))
        return S3LandingZone("any", connection="lz_main")._s3


class TestS3LandingZone(LandingZoneContract):
    all_or_nothing = "the sandbox's S3 server knows one user, who has all rights"
    unordered = "SeaweedFS lists what is in in/a/ before in/a-1.csv; AWS lists in the order of whole keys"
    # Within the answer of each request that publishing makes.
    cuts = (0, 500, 900, 1_200, 1_500, 1_900, 2_300, 2_700)
    many = 1100

    @pytest.fixture
    def bucket(self, client: Any) -> Iterator[str]:
        name = f"lz-{uuid.uuid4().hex[:12]}"
        client.create_bucket(Bucket=name)
        yield name
        remove_bucket(client, name)

    @pytest.fixture
    def server_port(self, s3_server: S3Server) -> int:
        return int(s3_server.endpoint_url.rsplit(":", 1)[-1])

    @pytest.fixture
    def connect(
        self, bucket: str, client: Any, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[..., LandingZone]:
        def open_zone(port: int | None = None, secret: str | None = None, **options: Any) -> LandingZone:
            zone = S3LandingZone(**{"bucket": bucket, "connection": "lz_other", **options})
            if port is None and secret is None:
                zone.__dict__["_s3"] = client
            else:
                endpoint = f"http://127.0.0.1:{port}" if port else s3_server.endpoint_url
                uri = connection(s3_server, endpoint=endpoint, secret=secret or s3_server.secret_key)
                monkeypatch.setenv("AIRFLOW_CONN_LZ_OTHER", uri)
            return zone

        return open_zone

    @pytest.fixture
    def paged(self, connect: Callable[..., LandingZone]) -> LandingZone:
        return connect(page_size=50)

    @pytest.fixture
    def put_many(self, bucket: str, client: Any) -> Callable[[Iterable[str]], None]:
        def put(keys: Iterable[str]) -> None:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda key: client.put_object(Bucket=bucket, Key=key, Body=b"x"), keys))

        return put

    def test_an_object_of_several_copied_parts_keeps_its_bytes(self, connect: Callable[..., LandingZone]) -> None:
        zone = connect(copy_part_size=5 * 1024 * 1024)
        published = zone.publish(zone.stage("tmp/g.csv", blocks(12)), "out/g.csv")
        assert published.etag.endswith("-3")
        with zone.open(published) as stream:
            assert all(stream.read(len(block)) == block for block in blocks(12))

    def test_an_aborted_upload_leaves_no_hidden_parts(self, zone: LandingZone, bucket: str, client: Any) -> None:
        def failing() -> object:
            yield from blocks(20)
            raise Killed

        with pytest.raises(Killed):
            zone.stage("out/g.csv", failing())  # type: ignore[arg-type]
        assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)

    def test_publishing_a_staged_object_of_one_put_again_is_recognised_by_its_etag(
        self, zone: LandingZone, bucket: str, client: Any
    ) -> None:
        staged = zone.stage("tmp/g.csv", small("x"))
        client.put_object(Bucket=bucket, Key="out/g.csv", Body=b"x")
        assert zone.publish(staged, "out/g.csv").etag == staged.etag

    def test_an_answer_that_was_cut_off_before_its_mark_is_asked_for_again(
        self, connect: Callable[..., LandingZone], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        zone = cast("S3LandingZone", connect())
        staged = zone.stage("tmp/g.csv", small("x"))
        published = zone.publish(staged, "out/g.csv")
        copy = zone._find("out/g.csv")
        assert copy
        answers = [replace(copy, origin=None), copy]
        monkeypatch.setattr(zone, "_find", lambda key: answers.pop(0))
        assert zone.publish(staged, "out/g.csv") == published

    def test_an_unknown_access_key_is_denied(
        self, bucket: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_LZ_UNKNOWN", connection(s3_server, login="nobody"))
        with pytest.raises(AccessDeniedError, match="InvalidAccessKeyId"):
            S3LandingZone(bucket, connection="lz_unknown").stat("x")

    def test_a_missing_connection_never_falls_back_on_other_credentials(self, bucket: str) -> None:
        with pytest.raises(FeedConfigError, match="'lz_missing' does not exist"):
            S3LandingZone(bucket, connection="lz_missing").stat("x")

    def test_a_malformed_endpoint_is_a_mistake_in_the_connection(
        self, bucket: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_LZ_MALFORMED", connection(s3_server, endpoint="no url"))
        with pytest.raises(FeedConfigError, match="endpoint_url"):
            S3LandingZone(bucket, connection="lz_malformed").stat("x")

    def test_the_factory_makes_it_from_a_feed(
        self, bucket: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_LZ_FEED", connection(s3_server))
        made = landing_zone_for(S3AudienceZone(type="s3", connection="lz_feed", bucket=bucket, prefix="in/"))
        assert (type(made), made.url) == (S3LandingZone, f"s3://{bucket}")
        assert made.stat("nothing") is None
