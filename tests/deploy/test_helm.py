"""The values for Kubernetes: only keys that the chart takes, only options that Airflow has, and what this project needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import yaml

from campaign_cdp import __version__
from campaign_cdp.sandbox.cluster_settings import CELERY
from tests.deploy.composing import REPO

KEYS = REPO / "deploy" / "helm-keys.txt"
VALUES = REPO / "deploy" / "helm-values.yaml"
HOW_TO = REPO / "docs" / "how-to" / "deploy-on-kubernetes.md"


def allowed() -> tuple[str, set[str]]:
    """Version of the chart, and its keys."""
    lines = [line for line in KEYS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return lines[0].removeprefix("chart airflow "), set(lines[1:])


def paths(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from paths(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def unknown(values: dict[str, Any]) -> list[str]:
    _, keys = allowed()
    open_ended = tuple(key for key in keys if key.endswith("."))
    return [path for path in paths(values) if path not in keys and not path.startswith(open_ended)]


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    return loaded


def test_every_key_is_one_of_the_chart(values: dict[str, Any]) -> None:
    assert unknown(values) == []


@pytest.mark.parametrize(
    "key", ["webserver.replicas", "workers.resources.limits", "triggerer.replica", "securityContext.runAsUser"]
)
def test_a_key_that_the_chart_does_not_take_is_seen(key: str, values: dict[str, Any]) -> None:
    parent, child = key.split(".", 1)
    assert unknown({parent: {child: 1}}) == [key]


def test_the_list_is_in_order_and_without_duplicates() -> None:
    _, keys = allowed()
    written = [line for line in KEYS.read_text().splitlines() if line and not line.startswith("#")][1:]
    assert written == sorted(keys)


def test_chart_and_versions_are_the_same_everywhere(values: dict[str, Any]) -> None:
    chart, _ = allowed()
    assert f"airflow, {chart}" in VALUES.read_text().splitlines()[0].replace("Apache Airflow", "airflow")
    assert f"--version {chart}" in VALUES.read_text()
    assert f"--version {chart}" in HOW_TO.read_text()
    assert values["airflowVersion"] == version("apache-airflow")
    assert values["images"]["airflow"]["tag"] == __version__


def test_every_option_is_one_of_airflow(values: dict[str, Any]) -> None:
    from airflow.configuration import conf

    known = conf.configuration_description
    options = [(section, option) for section, entries in values["config"].items() for option in entries]
    assert [f"{one} {two}" for one, two in options if two not in known.get(one, {}).get("options", {})] == []


def test_its_executor_is_in_the_lock(values: dict[str, Any]) -> None:
    from airflow.executors.executor_loader import ExecutorLoader
    from airflow.sdk.module_loading import import_string

    assert import_string(ExecutorLoader.executors[values["executor"]]).__name__ == "KubernetesExecutor"


def test_it_finds_dead_tasks_as_soon_as_celery_does(values: dict[str, Any]) -> None:
    for section in ("SCHEDULER", "WORKERS"):
        wanted = {name: value for name, value in CELERY.items() if name.startswith(f"AIRFLOW__{section}__")}
        have = {
            f"AIRFLOW__{section}__{name.upper()}": value for name, value in values["config"][section.lower()].items()
        }
        assert have == wanted


def test_every_secret_is_named_and_none_is_in_it(values: dict[str, Any]) -> None:
    named = set(re.findall(r"campaign-cdp-[a-z-]+", VALUES.read_text()))
    created = set(re.findall(r"kubectl create secret generic (\S+)", HOW_TO.read_text()))

    assert named == created
    assert not [path for path in paths(values) if re.search(r"pass(word)?$|fernetKey$|SecretKey$|jwtSecret$", path)]


def test_pods_run_without_root_on_a_read_only_file_system(values: dict[str, Any]) -> None:
    pod, containers = values["securityContexts"]["pod"], values["securityContexts"]["containers"]
    assert pod["runAsNonRoot"]
    assert (pod["runAsUser"], values["uid"]) == (50000, 50000)
    assert containers["readOnlyRootFilesystem"]
    assert containers["capabilities"] == {"drop": ["ALL"]}
    assert containers["allowPrivilegeEscalation"] is False


def test_every_component_has_requests_and_a_limit_of_memory(values: dict[str, Any]) -> None:
    places = [values[name] for name in ("apiServer", "scheduler", "dagProcessor", "triggerer", "pgbouncer", "statsd")]
    for place in [*places, values["workers"]["kubernetes"], values["migrateDatabaseJob"]]:
        assert set(place["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in place["resources"]["limits"]
