"""Airflow on the sandbox's servers, with generated passwords; its processes listen on loopback only."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import ClassVar

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.server import EmbeddedServer, ServerRecord, generated_secret
from campaign_cdp.settings import project_dir

#: User of the UI -> role.
USERS = {"admin": "admin", "viewer": "viewer"}


class AirflowServer(EmbeddedServer):
    """Scheduler, Dag processor, triggerer and API server as one group of processes.

    :param metadata_url: SQLAlchemy URL of the metadata database.
    :param connections: ``AIRFLOW_CONN_*`` variables.
    """

    name: ClassVar[str] = "airflow"
    port_names: ClassVar[tuple[str, ...]] = ("api",)
    start_timeout: ClassVar[float] = 180

    def __init__(
        self, folder: Path, record: ServerRecord | None = None, *, metadata_url: str, connections: dict[str, str]
    ) -> None:
        super().__init__(folder, record)
        self._metadata_url, self._connections = metadata_url, connections

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.record.ports['api']}"

    def password(self, user: str) -> str:
        return self.record.secrets[f"password of {user}"]

    def new_secrets(self) -> dict[str, str]:
        from cryptography.fernet import Fernet

        keys = {"fernet": Fernet.generate_key().decode(), "jwt": secrets.token_hex(32), "secret": secrets.token_hex(32)}
        return keys | {f"password of {user}": generated_secret() for user in USERS}

    def prepare(self) -> None:
        """Write the passwords of the UI, create the metadata tables, and a pool for each connection."""
        self.folder.mkdir(parents=True, exist_ok=True)
        passwords = self.folder / "passwords.json"
        passwords.unlink(missing_ok=True)
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({user: self.password(user) for user in USERS}))
        self.run("campaign_cdp.sandbox.airflow_setup")

    def command(self) -> list[str]:
        return [sys.executable, "-m", "campaign_cdp.sandbox.airflow_processes"]

    def check_ready(self) -> None:
        if waiting := self.unhealthy():
            raise ConnectionError(f"not healthy yet: {', '.join(waiting)}")

    def unhealthy(self) -> list[str]:
        """Return the components that the API server takes for dead, or has not seen yet.

        :raises OSError: if the API server does not answer.
        """
        with urllib.request.urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310  # nosec B310
            health = json.load(answer)
        return [name for name, state in health.items() if state.get("status") != "healthy"]

    def run(self, module: str, *arguments: str) -> None:
        """Run a Python module to its end in Airflow's environment.

        :raises SandboxError: with the end of its log, if it fails.
        """
        command = [sys.executable, "-m", module, *arguments]
        with self.log.open("ab") as out:
            done = subprocess.run(command, env=os.environ | self.environment(), stdout=out, stderr=out, check=False)
        if done.returncode:
            raise SandboxError(f"{module} failed. The end of its log {self.log}:\n{self._log_tail()}")

    def environment(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.record.ports.get('api', 8080)}"
        return self._connections | {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(project_dir() / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(project_dir() / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.folder / "passwords.json"),
            "AIRFLOW__CORE__FERNET_KEY": self.record.secrets["fernet"],
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self._metadata_url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.record.ports.get("api", 8080)),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__SECRET_KEY": self.record.secrets["secret"],
            "AIRFLOW__API_AUTH__JWT_SECRET": self.record.secrets["jwt"],
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }
