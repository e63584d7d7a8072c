from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import psutil
import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import ContainerClient, ContainerSasPermissions, ContentSettings, generate_container_sas

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, FileReplacedError, RetriableSyncError
from campaign_cdp.feeds.zones import AzureBlobAudienceZone
from campaign_cdp.hooks.landing_zone import azure_upload
from campaign_cdp.hooks.landing_zone.azure_blob import AzureBlobLandingZone
from campaign_cdp.hooks.landing_zone.azure_errors import mapped_errors
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from tests.hooks.landing_zone.contract import Killed, LandingZoneContract, blocks, small
from tests.hooks.landing_zone.proxy import CuttingProxy

if TYPE_CHECKING:
    from campaign_cdp.sandbox.azurite import AzuriteServer

_MIB = 1024 * 1024
_WRONG_KEY = base64.b64encode(b"wrong").decode()


def connection(server: AzuriteServer, **changes: Any) -> str:
    fields = {"login": "sandbox", "password": server.account_key, "host": server.account_url, **changes}
    extra = {"retry_total": 0, **fields.pop("extra", {})}
    return json.dumps({"conn_type": "wasb", **fields, "extra": extra})


def sas(server: AzuriteServer, container: str, permission: str = "rcwdl", *, hours: int = 1) -> str:
    return generate_container_sas(
        "sandbox",
        container,
        account_key=server.account_key,
        permission=ContainerSasPermissions.from_string(permission),
        expiry=datetime.now(UTC) + timedelta(hours=hours),
    )


@pytest.fixture
def container(azure_server: AzuriteServer) -> Iterator[ContainerClient]:
    with azure_server.client() as service:
        client = service.create_container(f"lz-{uuid.uuid4().hex[:12]}")
        yield client
        client.delete_container()


@pytest.fixture
def connect(
    azure_server: AzuriteServer, container: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., AzureBlobLandingZone]]:
    opened: list[AzureBlobLandingZone] = []

    def open_zone(
        port: int | None = None, secret: str | None = None, bucket: str | None = None, **options: Any
    ) -> AzureBlobLandingZone:
        name = f"lz_{len(opened)}"
        changes = {"host": f"http://127.0.0.1:{port}/sandbox"} if port else {}
        if secret:
            changes["password"] = base64.b64encode(secret.encode()).decode()
        changes |= options.pop("changes", {})
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", connection(azure_server, **changes))
        opened.append(AzureBlobLandingZone(bucket or container.container_name, connection=name, **options))
        return opened[-1]

    yield open_zone
    for zone in opened:
        zone.close()


class TestAzureBlobLandingZone(LandingZoneContract):
    root_key: ClassVar[str] = r"landing_zone\.container"
    many: ClassVar[int] = 600

    @pytest.fixture
    def server_port(self, azure_server: AzuriteServer) -> int:
        return azure_server.record.ports["blob"]

    @pytest.fixture
    def connect(self, connect: Callable[..., LandingZone]) -> Callable[..., LandingZone]:
        return connect

    @pytest.fixture
    def put_many(self, container: ContainerClient) -> Callable[[Iterable[str]], None]:
        def put(keys: Iterable[str]) -> None:
            for key in keys:
                container.upload_blob(key, b"x")

        return put

    @pytest.fixture
    def paged(self, connect: Callable[..., LandingZone]) -> LandingZone:
        return connect(page_size=50)


# -- Blocks ------------------------------------------------------------------------------------------------------------


def test_nothing_shows_before_the_blocks_are_committed(
    connect: Callable[..., AzureBlobLandingZone], container: ContainerClient
) -> None:
    zone = connect(block_size=_MIB)
    seen: list[object] = []

    def watched() -> Iterator[bytes]:
        for block in blocks(5):
            seen.extend((zone.stat("out/g.csv"), [obj for page in zone.iter_pages("out/") for obj in page]))
            yield block

    assert zone.stage("out/g.csv", watched()).size == 5 * _MIB
    assert seen == [None, []] * 5


def test_an_aborted_upload_shows_nothing_and_the_next_one_is_whole(
    connect: Callable[..., AzureBlobLandingZone],
) -> None:
    zone = connect(block_size=_MIB)

    def failing() -> Iterator[bytes]:
        yield from blocks(3)
        raise Killed

    with pytest.raises(Killed):
        zone.stage("out/g.csv", failing())
    assert [page for page in zone.iter_pages("") if page] == []
    assert zone.stage("out/g.csv", blocks(2)).size == 2 * _MIB


def test_two_writers_of_one_key_never_mix_their_blocks(connect: Callable[..., AzureBlobLandingZone]) -> None:
    zone, other = connect(block_size=_MIB), connect(block_size=_MIB)

    def overtaken() -> Iterator[bytes]:
        yield b"a" * _MIB
        other.stage("out/g.csv", iter([b"b" * _MIB, b"b" * _MIB]))
        yield b"a" * _MIB

    with pytest.raises(RetriableSyncError, match="InvalidBlockList"):
        zone.stage("out/g.csv", overtaken())
    found = zone.stat("out/g.csv")
    assert found
    assert zone.read_small(found) == b"b" * 2 * _MIB


def test_a_copy_of_several_blocks_keeps_its_bytes(connect: Callable[..., AzureBlobLandingZone]) -> None:
    zone = connect(copy_block_size=2 * _MIB)
    published = zone.publish(zone.stage("tmp/g.csv", blocks(5)), "out/g.csv")
    with zone.open(published) as stream:
        assert all(stream.read(len(block)) == block for block in blocks(5))


def test_a_source_that_changes_while_it_is_copied_is_never_mixed(
    connect: Callable[..., AzureBlobLandingZone], monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = connect(copy_block_size=2 * _MIB)
    staged, original = zone.stage("tmp/g.csv", blocks(4)), azure_upload.BlockUpload.copy

    def copy_then_replace(upload: azure_upload.BlockUpload, *args: Any) -> None:
        original(upload, *args)
        zone.stage("tmp/g.csv", blocks(4))

    monkeypatch.setattr(azure_upload.BlockUpload, "copy", copy_then_replace)
    with pytest.raises(FileReplacedError):
        zone.publish(staged, "out/g.csv")
    assert zone.stat("out/g.csv") is None


def test_an_empty_source_that_was_replaced_is_not_copied(connect: Callable[..., AzureBlobLandingZone]) -> None:
    zone = connect()
    old = zone.stage("in/g.csv", iter(()))
    new = zone.stage("in/g.csv", iter(()))
    assert zone.move(old, "done/g.csv") is None
    assert zone.stat("done/g.csv") is None
    assert zone.move(new, "done/g.csv") == zone.stat("done/g.csv")


def test_a_key_taken_while_it_is_copied_to_is_never_overwritten(
    connect: Callable[..., AzureBlobLandingZone], monkeypatch: pytest.MonkeyPatch
) -> None:
    zone, other = connect(), connect()
    staged, original = zone.stage("tmp/g.csv", small("ours")), azure_upload.BlockUpload.commit

    def overtaken_commit(upload: azure_upload.BlockUpload, **options: Any) -> dict[str, Any]:
        other.stage("out/g.csv", small("theirs"))
        return original(upload, **options)

    monkeypatch.setattr(azure_upload.BlockUpload, "commit", overtaken_commit)
    with pytest.raises(FileReplacedError, match="is other content"):
        zone.publish(staged, "out/g.csv")
    taken = zone.stat("out/g.csv")
    assert taken
    assert zone.read_small(taken) == b"theirs"
    assert zone.stat("tmp/g.csv") == staged


@pytest.mark.parametrize("cut_after", range(60, 960, 90))
def test_an_answer_cut_off_within_its_headers_is_never_taken_for_whole(
    connect: Callable[..., AzureBlobLandingZone], azure_server: AzuriteServer, cut_after: int
) -> None:
    zone = connect()
    obj = zone.stage("in/g.csv", small("x" * 2000))
    calls: list[Callable[[LandingZone], object]] = [
        lambda cut: [found for page in cut.iter_pages("in/") for found in page] == [obj],
        lambda cut: cut.stat("in/g.csv") == obj,
        lambda cut: cut.open(obj).read() == b"x" * 2000,
        lambda cut: cut.stage("in/h.csv", small("y")) == zone.stat("in/h.csv"),
        lambda cut: cut.move(obj, "done/g.csv") == zone.stat("done/g.csv"),
    ]
    for call in calls:
        with (
            CuttingProxy(azure_server.record.ports["blob"], cut_after=cut_after) as proxy,
            suppress(RetriableSyncError),
        ):
            assert call(connect(port=proxy.port))
    assert zone.move(obj, "done/g.csv") == zone.stat("done/g.csv")


def test_a_refusal_cut_off_within_its_headers_is_worth_a_retry(
    connect: Callable[..., AzureBlobLandingZone], azure_server: AzuriteServer
) -> None:
    zone = connect()
    old = zone.stage("in/g.csv", small("old"))
    zone.stage("in/g.csv", small("new"))
    for cut_after in range(20, 440, 7):
        with (
            CuttingProxy(azure_server.record.ports["blob"], cut_after=cut_after) as proxy,
            pytest.raises((RetriableSyncError, FileReplacedError)),
        ):
            connect(port=proxy.port).open(old)


# -- Reading -----------------------------------------------------------------------------------------------------------


def test_reads_the_bytes_that_are_stored_whatever_their_encoding_is_called(
    connect: Callable[..., AzureBlobLandingZone], container: ContainerClient
) -> None:
    body = base64.b64decode("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==")  # "hello" in gzip
    container.upload_blob("in/g.csv.gz", body, content_settings=ContentSettings(content_encoding="gzip"))
    zone = connect()
    found = zone.stat("in/g.csv.gz")
    assert found
    assert zone.read_small(found) == body


def test_reading_needs_constant_memory(connect: Callable[..., AzureBlobLandingZone]) -> None:
    # Not by tracemalloc: the client reserves much more than it ever touches.
    zone, process = connect(), psutil.Process()
    obj = zone.stage("in/big.csv", blocks(64))
    with zone.open(obj) as stream:
        stream.read(17 * _MIB)
        before = process.memory_info().rss
        while stream.read(_MIB):
            assert process.memory_info().rss - before < 34e6


def test_a_folder_of_a_hierarchical_namespace_is_no_object(
    connect: Callable[..., AzureBlobLandingZone], container: ContainerClient
) -> None:
    container.upload_blob("in", b"", metadata={"hdi_isfolder": "true"})
    container.upload_blob("in/g.csv", b"x")
    zone = connect()
    assert [obj.key for page in zone.iter_pages("in") for obj in page] == ["in/g.csv"]
    assert zone.stat("in") is None


def test_a_leased_blob_is_worth_a_retry(
    connect: Callable[..., AzureBlobLandingZone], container: ContainerClient
) -> None:
    zone = connect()
    obj = zone.stage("in/g.csv", small("x"))
    lease = container.get_blob_client("in/g.csv").acquire_lease()
    for call in (lambda: zone.delete(obj), lambda: zone.stage("in/g.csv", small("y"))):
        with pytest.raises(RetriableSyncError, match="Lease"):
            call()
    lease.release()
    assert zone.delete(obj)


# -- Connections -------------------------------------------------------------------------------------------------------


def _round_trip(zone: LandingZone) -> None:
    zone.publish(zone.stage("tmp/g.csv", blocks(9)), "out/g.csv")
    assert [(obj.key, obj.size) for page in zone.iter_pages("") for obj in page] == [("out/g.csv", 9 * _MIB)]


@pytest.mark.parametrize("kind", ["sas_token", "sas_with_question_mark", "connection_string", "connection_string_sas"])
def test_connects_by_sas_and_by_connection_string(
    connect: Callable[..., AzureBlobLandingZone], container: ContainerClient, azure_server: AzuriteServer, kind: str
) -> None:
    token = sas(azure_server, container.container_name)
    endpoint = f"BlobEndpoint={azure_server.account_url};"
    extra = {
        "sas_token": {"sas_token": token},
        "sas_with_question_mark": {"sas_token": f"?{token}"},
        "connection_string": {
            "connection_string": f"{endpoint}AccountName=sandbox;AccountKey={azure_server.account_key}"
        },
        "connection_string_sas": {"connection_string": f"{endpoint}SharedAccessSignature={token}"},
    }[kind]
    _round_trip(connect(changes={"password": None, "extra": extra}))


def test_a_read_only_sas_may_read_and_is_denied_to_stage(
    connect: Callable[..., AzureBlobLandingZone], container: ContainerClient, azure_server: AzuriteServer
) -> None:
    obj = connect().stage("in/g.csv", small("x"))
    token = sas(azure_server, container.container_name, "rl")
    zone = connect(changes={"password": None, "extra": {"sas_token": token}})
    assert zone.read_small(obj) == b"x"
    for call in (lambda: zone.stage("in/h.csv", small("x")), lambda: zone.publish(obj, "out/g.csv")):
        with pytest.raises(AccessDeniedError, match="create, write and delete"):
            call()


def test_messages_never_show_a_signature() -> None:
    err = ServiceRequestError("Max retries exceeded with url: /lz?sp=r&sig=c2VjcmV0%3D&se=2030")
    with pytest.raises(RetriableSyncError, match=r"sp=r&sig=\*\*\*&se=2030"), mapped_errors("list", "lz"):
        raise err


def test_an_expired_sas_is_denied(
    connect: Callable[..., AzureBlobLandingZone], container: ContainerClient, azure_server: AzuriteServer
) -> None:
    token = sas(azure_server, container.container_name, hours=-1)
    zone = connect(changes={"password": None, "extra": {"sas_token": token}})
    with pytest.raises(AccessDeniedError):
        zone.stat("x")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"password": _WRONG_KEY}, AccessDeniedError),
        ({"password": "abc"}, AccessDeniedError),
        ({"extra": {"connection_string": "no connection string"}}, FeedConfigError),
    ],
)
def test_a_mistake_in_the_connection_names_it(
    connect: Callable[..., AzureBlobLandingZone], changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match="connection 'lz_0'"):
        connect(changes=changes).stat("x")


def test_an_unknown_account_is_a_mistake_and_not_a_missing_file(
    connect: Callable[..., AzureBlobLandingZone], azure_server: AzuriteServer
) -> None:
    host = azure_server.account_url.replace("/sandbox", "/nobody")
    with pytest.raises(FeedConfigError):
        connect(changes={"host": host, "login": "nobody"}).stat("x")


def test_a_missing_connection_never_falls_back_on_other_credentials() -> None:
    with pytest.raises(FeedConfigError, match="'lz_missing' does not exist"):
        AzureBlobLandingZone("any", connection="lz_missing").stat("x")


@pytest.mark.parametrize("name", ["Upper", "x", "a--b", "a/b"])
def test_an_impossible_container_name_is_a_mistake_in_the_feed(
    connect: Callable[..., AzureBlobLandingZone], name: str
) -> None:
    with pytest.raises(FeedConfigError, match=r"landing_zone\.container"):
        connect(bucket=name).stat("x")


def test_closing_leaves_no_connection_open_and_is_repeatable(
    connect: Callable[..., AzureBlobLandingZone], azure_server: AzuriteServer
) -> None:
    def open_connections() -> int:
        return sum(
            bool(link.raddr) and link.raddr.port == azure_server.record.ports["blob"] and link.status == "ESTABLISHED"
            for link in psutil.Process().net_connections("tcp")
        )

    before = open_connections()
    with connect() as zone:
        zone.stage("in/g.csv", blocks(9))
        assert open_connections() > before
        held = zone._service  # else it would be closed for want of a reference
    zone.close()
    assert open_connections() == before
    assert held


def test_the_factory_makes_it_from_a_feed(
    container: ContainerClient, azure_server: AzuriteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LZ_FEED", connection(azure_server))
    name = container.container_name
    feed = AzureBlobAudienceZone(type="azure_blob", connection="lz_feed", container=name, prefix="in/")
    with landing_zone_for(feed) as made:
        assert (type(made), made.url) == (AzureBlobLandingZone, f"abfs://{name}")
        assert made.stat("nothing") is None


def test_the_sandbox_connection_reaches_it(
    container: ContainerClient, azure_server: AzuriteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in azure_server.connections().items():
        monkeypatch.setenv(name, value)
    with AzureBlobLandingZone(container.container_name) as zone:
        assert zone.stat("nothing") is None
