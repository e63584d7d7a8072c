"""Run as a program: Airflow's API server with the FAB auth manager; writes what each user gets of each route."""

from __future__ import annotations

import json
import sys
from typing import Any

from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.models import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from fastapi.testclient import TestClient

API = "/campaign-cdp/api"
GOLD, CART = "audience_import__loyalty_gold", "audience_import__cart_abandoners"
#: User -> what he may do, as FAB's actions and resources; None keeps FAB's own role of that name.
ROLES: dict[str, list[tuple[str, str]] | None] = {
    "Admin": None,
    "Viewer": None,
    "GoldReader": [("can_read", f"DAG:{GOLD}"), ("can_read", "DAG Runs")],
    "GoldEditor": [
        ("can_read", f"DAG:{GOLD}"),
        ("can_edit", f"DAG:{GOLD}"),
        ("can_read", "DAG Runs"),
        ("can_edit", "DAG Runs"),
        ("can_create", "DAG Runs"),
    ],
    "CartReader": [("can_read", f"DAG:{CART}"), ("can_read", "DAG Runs")],
    "Nobody": [],
}


def main(run_id: str) -> None:
    initdb()
    with create_session() as session:
        session.add(DagBundleModel(name="dags"))
        session.flush()
        session.add_all(DagModel(dag_id=dag_id, bundle_name="dags") for dag_id in (GOLD, CART))
    users()
    with TestClient(create_app(apps="core"), raise_server_exceptions=False) as client:
        print(json.dumps({name: answers(client, name, run_id) for name in ROLES}))


def users() -> None:
    with get_application_builder() as builder:
        security = builder.sm
        security.sync_roles()
        for name, rights in ROLES.items():
            role = security.add_role(name) if rights is not None else security.find_role(name)
            for right in rights or []:
                security.add_permission_to_role(role, security.create_permission(*right))
            security.add_user(name, name, "Test", f"{name}@example.com", role, password="secret")


def answers(client: TestClient, user: str, run_id: str) -> dict[str, Any]:
    token = client.post("/auth/token", json={"username": user, "password": "secret"}).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "X-Requested-With": "campaign-cdp"}
    feeds = client.get(f"{API}/feeds", headers=headers)
    return {
        "feeds": feeds.status_code,
        "names": [feed["feed"] for feed in feeds.json().get("feeds", [])],
        "can_edit": [feed["feed"] for feed in feeds.json().get("feeds", []) if feed["can_edit"]],
        "run": client.get(f"{API}/runs/{run_id}", headers=headers).status_code,
        "csv": client.get(f"{API}/runs/{run_id}/rejects.csv", headers=headers).status_code,
        # The Dag is not serialized here: whoever may start it is told so, after the access checks.
        "start": client.post(f"{API}/feeds/loyalty_gold/run", headers=headers, json={}).status_code,
        "manager": type(get_auth_manager()).__name__,
    }


if __name__ == "__main__":
    main(sys.argv[1])
