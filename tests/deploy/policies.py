"""What no service may do, and what each has to have. A policy gets the resolved services and returns what breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.deploy.composing import SECRETS, Services, airflow

Policy = Callable[[Services], list[str]]
_ROOT: Final = re.compile(r"0|root|$")
_PINNED: Final = re.compile(r".+[:@](?!latest$)[^:/]+")
_SECRET_NAME: Final = re.compile(r"PASSWORD|SECRET|_KEY$|AUTH$|CONN|URL|BACKEND")
_ONE_SHOT: Final = "airflow-init"


def _each(rule: Callable[[dict[str, Any]], object]) -> Policy:
    def broken(services: Services) -> list[str]:
        return [name for name, service in services.items() if not rule(service)]

    return broken


def _limited(service: dict[str, Any]) -> bool:
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    return {"cpus", "memory", "pids"} <= set(limits)


def _published(services: Services) -> list[str]:
    return [
        f"{name} publishes {port['target']}"
        for name, service in services.items()
        for port in service.get("ports", [])
        if port.get("host_ip") != "127.0.0.1" or name != "airflow-api-server"
    ]


def _health(services: Services) -> list[str]:
    return [name for name, service in services.items() if name != _ONE_SHOT and not _checks(service)]


def _checks(service: dict[str, Any]) -> bool:
    check = service.get("healthcheck", {})
    return bool(check.get("test")) and not check.get("disable") and check["test"][0] in {"CMD", "CMD-SHELL"}


def _literal_secrets(services: Services) -> list[str]:
    """Values of variables with a telling name that do not come out of .env, and secrets on a command line."""
    return [
        f"{name} {what}"
        for name, service in services.items()
        for what, value in _values(service)
        if (_SECRET_NAME.search(what) and _holds_something(value) and not _from_env(value))
        or (what == "command" and _from_env(value))
    ]


def _values(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((key, str(value)) for key, value in service.get("environment", {}).items())
    yield "command", " ".join(service.get("command") or [])


def _from_env(value: str) -> bool:
    return any(secret in value for secret in SECRETS.values())


def _holds_something(value: str) -> bool:
    """A plain address without a login is no secret."""
    return not re.fullmatch(r"https?://[^@]+", value)


def _same_airflow(services: Services) -> list[str]:
    """One image, one environment, one code; only what starts it all may have more variables."""
    members = airflow(services)
    first = members["airflow-scheduler"]
    return [
        name
        for name, service in members.items()
        if service["image"] != first["image"]
        or service["volumes"] != first["volumes"]
        or not service["environment"].items() >= first["environment"].items()
        or (name != _ONE_SHOT and service["environment"] != first["environment"])
    ]


def _read_only_binds(services: Services) -> list[str]:
    return [
        f"{name} {volume['target']}"
        for name, service in services.items()
        for volume in service.get("volumes", [])
        if volume["type"] == "bind" and not volume.get("read_only")
    ]


def _waits(services: Services) -> list[str]:
    """Nothing of Airflow starts before its database, its queue, its tables, and (but for itself) its API server."""
    needed = {"postgres": "service_healthy", "valkey": "service_healthy", _ONE_SHOT: "service_completed_successfully"}
    wanted = {
        name: needed if name == "airflow-api-server" else {**needed, "airflow-api-server": "service_healthy"}
        for name in airflow(services)
        if name != _ONE_SHOT
    }
    return [
        name
        for name, conditions in wanted.items()
        if {on: one["condition"] for on, one in services[name].get("depends_on", {}).items()} != conditions
    ]


def _isolated(services: Services) -> list[str]:
    """Database and queue are in the network that leads nowhere, and only there."""
    return [name for name in ("postgres", "valkey") if set(services[name]["networks"]) != {"data"}]


POLICIES: Final[dict[str, Policy]] = {
    "runs without root": _each(lambda one: not _ROOT.match(str(one.get("user", "")).split(":")[0])),
    "has a read-only file system": _each(lambda one: one.get("read_only")),
    "has no capabilities": _each(lambda one: one.get("cap_drop") == ["ALL"] and not one.get("cap_add")),
    "gets no new privileges": _each(lambda one: "no-new-privileges:true" in one.get("security_opt", [])),
    "is no part of the host": _each(
        lambda one: not one.get("privileged") and not {"network_mode", "pid", "ipc"} & set(one)
    ),
    "has limits": _each(_limited),
    "has a health check": _health,
    "is pinned": _each(lambda one: _PINNED.fullmatch(one["image"])),
    "starts again": _each(lambda one: one.get("restart") in {"unless-stopped", "no"}),
    "has time to stop": _each(lambda one: one.get("stop_grace_period")),
    "bounds its log": _each(lambda one: one.get("logging", {}).get("options", {}).get("max-size")),
    "mounts the host's files read-only": _read_only_binds,
    "publishes on loopback only": _published,
    "holds no secret": _literal_secrets,
    "is the same Airflow": _same_airflow,
    "waits for what it needs": _waits,
    "is isolated": _isolated,
}
