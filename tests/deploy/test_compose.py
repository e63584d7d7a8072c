from __future__ import annotations

import re
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from campaign_cdp import __version__
from campaign_cdp.sandbox.cluster_settings import CELERY
from tests.deploy.composing import (
    BIN,
    EXAMPLE,
    FILE,
    REPO,
    SECRETS,
    Services,
    airflow,
    compose,
    example_variables,
    resolved,
)
from tests.deploy.policies import POLICIES


@pytest.fixture(scope="module")
def services() -> Services:
    """All of them, those of the sandbox too."""
    return resolved("sandbox")


def test_the_file_is_a_compose_file() -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_sandbox_is_only_in_its_profile(services: Services) -> None:
    assert set(services) - set(resolved()) == {"sandbox"}


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_stops_it_and_says_what_to_do(name: str) -> None:
    done = compose("config", variables={key: value for key, value in SECRETS.items() if key != name})

    assert done.returncode != 0
    said = next(line for line in done.stderr.splitlines() if line.startswith("error"))
    assert re.search(f"required variable {name} is missing a value: .+ .env.example says how to make it$", said)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_service(policy: str, services: Services) -> None:
    assert POLICIES[policy](services) == [], f"not every service {policy}"


def _set(service: str, **keys: Any) -> Any:
    return lambda services: services[service].update(keys)


def _environment(service: str, **variables: str) -> Any:
    return lambda services: services[service]["environment"].update(variables)


MUTATIONS: dict[str, list[Any]] = {
    "runs without root": [_set("postgres", user="0:0"), _set("valkey", user="root"), _set("sandbox", user="")],
    "has a read-only file system": [_set("airflow-worker", read_only=False)],
    "has no capabilities": [_set("valkey", cap_drop=[]), _set("postgres", cap_add=["CHOWN"])],
    "gets no new privileges": [_set("airflow-triggerer", security_opt=[])],
    "is no part of the host": [_set("sandbox", privileged=True), _set("airflow-worker", network_mode="host")],
    "has limits": [_set("postgres", deploy={}), _set("sandbox", deploy={"resources": {"limits": {"cpus": 1}}})],
    "has a health check": [_set("sandbox", healthcheck={}), _set("valkey", healthcheck={"test": ["NONE"]})],
    "is pinned": [_set("valkey", image="docker.io/valkey/valkey"), _set("postgres", image="postgres:latest")],
    "starts again": [_set("airflow-scheduler", restart="always")],
    "has time to stop": [_set("airflow-worker", stop_grace_period="")],
    "bounds its log": [_set("airflow-worker", logging={"driver": "json-file"})],
    "mounts the host's files read-only": [
        _set("sandbox", volumes=[{"type": "bind", "source": "/", "target": "/host"}]),
    ],
    "publishes on loopback only": [
        _set("airflow-api-server", ports=[{"target": 8080, "published": "8080"}]),
        _set("postgres", ports=[{"target": 5432, "host_ip": "127.0.0.1"}]),
    ],
    "holds no secret": [
        _environment("postgres", POSTGRES_PASSWORD="airflow"),
        _environment("airflow-worker", AIRFLOW_CONN_S3="aws://a:b@"),
        _environment("sandbox", HOOK_URL="https://me:word@example.com"),
        _set("valkey", command=["valkey-server", "--requirepass", SECRETS["VALKEY_PASSWORD"]]),
    ],
    "is the same Airflow": [
        _set("airflow-worker", image="campaign-cdp:older"),
        _environment("airflow-triggerer", AIRFLOW__CORE__FERNET_KEY="another"),
        _environment("airflow-init", AIRFLOW__CORE__EXECUTOR="LocalExecutor"),
        _set("airflow-dag-processor", volumes=[]),
    ],
    "waits for what it needs": [_set("airflow-worker", depends_on={"postgres": {"condition": "service_started"}})],
    "is isolated": [_set("postgres", networks={"airflow": None, "data": None})],
}


@pytest.mark.parametrize("policy", POLICIES)
def test_each_policy_sees_what_breaks_it(policy: str, services: Services) -> None:
    for number, mutate in enumerate(MUTATIONS[policy]):
        mutate(changed := deepcopy(services))
        assert POLICIES[policy](changed), f"mutation {number} was not seen"


def test_it_has_the_settings_that_were_measured(services: Services) -> None:
    for name, service in airflow(services).items():
        assert CELERY.items() <= service["environment"].items(), name


def test_every_setting_is_an_option_of_airflow(services: Services) -> None:
    from airflow.configuration import conf

    for name in services["airflow-init"]["environment"]:
        if name.startswith("AIRFLOW__"):
            section, option = name.removeprefix("AIRFLOW__").lower().split("__")
            assert option in conf.configuration_description[section]["options"], name


def test_workers_are_as_many_as_wanted(services: Services) -> None:
    assert services["airflow-worker"]["deploy"]["replicas"] == 2
    assert resolved(WORKERS="4")["airflow-worker"]["deploy"]["replicas"] == 4


def test_workers_end_their_tasks_before_they_are_killed(services: Services) -> None:
    assert services["airflow-worker"]["stop_grace_period"] == "10m0s"
    assert not services["airflow-worker"].get("stop_signal")  # SIGTERM is Celery's warm shutdown


def test_only_one_service_builds_the_one_image(services: Services) -> None:
    ours = {service["image"] for name, service in services.items() if name == "sandbox" or name.startswith("airflow-")}
    assert ours == {f"campaign-cdp:{__version__}"}
    assert [name for name, service in services.items() if "build" in service] == ["airflow-init"]


def test_the_example_names_every_variable_with_its_default() -> None:
    asked = dict(re.findall(r"\$\{([A-Z_]+)(?::-([^}]*))?", FILE.read_text(encoding="utf-8")))
    example = example_variables()

    assert set(example) == set(asked)
    assert {name for name, default in example.items() if default is None} == set(SECRETS)
    assert {name: default for name, default in example.items() if default is not None} == {
        name: asked[name] for name in asked if name not in SECRETS
    }


def test_the_commands_of_the_example_make_a_file_that_works(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    script = "\n".join(line.removeprefix("#   ") for line in lines if line.startswith("#   "))
    assert script in (REPO / "docs" / "how-to" / "deploy-with-compose.md").read_text(encoding="utf-8")
    subprocess.run(["sh", "-euc", script], cwd=tmp_path, check=True)
    made = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())

    from cryptography.fernet import Fernet

    assert set(made) == set(SECRETS)
    assert len(set(made.values())) == len(SECRETS)
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for name, value in made.items() if name != "FERNET_KEY")
    Fernet(made["FERNET_KEY"])
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert compose("config", "--quiet", variables=made).returncode == 0


def test_connections_reach_airflow_as_they_were_written(tmp_path: Path) -> None:
    shutil.copy(FILE, tmp_path / FILE.name)
    value = '{"conn_type": "postgres", "password": "a$b\'c #${d}", "extra": {"host_key": "ssh-ed25519 AAA="}}'
    (tmp_path / "connections.env").write_text(f"# of the feeds\nAIRFLOW_CONN_CAMPAIGN_DB={value}\n")

    services = resolved("sandbox", project=tmp_path)

    got = {name for name, one in services.items() if "AIRFLOW_CONN_CAMPAIGN_DB" in one["environment"]}
    assert got == set(airflow(services))
    # What is printed is a compose file again, where a dollar is written twice.
    assert services["airflow-worker"]["environment"]["AIRFLOW_CONN_CAMPAIGN_DB"] == value.replace("$", "$$")


def test_secrets_are_neither_in_git_nor_in_the_image() -> None:
    ignored = (REPO / ".gitignore").read_text().splitlines()
    allowed = [line for line in (REPO / ".dockerignore").read_text().splitlines() if not line.startswith("#")]

    assert {".env", "connections.env"} <= set(ignored)
    assert allowed[0] == "*"
    assert not {"!.env", "!connections.env", "!."} & set(allowed)
