"""Docker Compose without an engine: it resolves the file, and what comes out is what an engine would be given."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

REPO: Final = Path(__file__).resolve().parents[2]
FILE: Final = REPO / "docker-compose.yaml"
EXAMPLE: Final = REPO / ".env.example"
BIN: Final = Path(sys.executable).parent
#: Asked for in .env -> a value that cannot stand anywhere else.
SECRETS: Final = {
    name: f"value-of-{name.lower().replace('_', '-')}"
    for name in ("POSTGRES_PASSWORD", "VALKEY_PASSWORD", "API_SECRET_KEY", "JWT_SECRET", "ADMIN_PASSWORD", "FERNET_KEY")
}
Services = dict[str, dict[str, Any]]


def compose(*arguments: str, variables: dict[str, str], project: Path = REPO) -> subprocess.CompletedProcess[str]:
    """Run Docker Compose with these variables and no others."""
    command = [str(BIN / "docker-compose"), "--file", str(project / FILE.name), "--env-file", os.devnull, *arguments]
    env = {"PATH": os.environ["PATH"], "HOME": os.devnull, **variables}
    return subprocess.run(command, env=env, cwd=project, capture_output=True, text=True, check=False)


def resolved(*profiles: str, project: Path = REPO, **variables: str) -> Services:
    """Return the services as an engine gets them."""
    chosen = [part for profile in profiles for part in ("--profile", profile)]
    done = compose(*chosen, "config", "--format", "json", variables=SECRETS | variables, project=project)
    assert done.returncode == 0, done.stderr
    services: Services = json.loads(done.stdout)["services"]
    return services


def example_variables() -> dict[str, str | None]:
    """Variables of .env.example with their defaults; ``None`` if there is none."""
    lines = re.findall(r"^(#?)([A-Z_]+)=(\S*)", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: value if commented else None for commented, name, value in lines}


def airflow(services: Services) -> Services:
    """Those that run Airflow's code."""
    return {name: service for name, service in services.items() if name.startswith("airflow-")}
