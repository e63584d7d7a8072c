"""The health checks of the containers, against a real database, a real broker and a real worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.valkey import ValkeyServer
from tests.deploy.composing import REPO

JOBS = """
CREATE TABLE job (job_type text, state text, hostname text, latest_heartbeat timestamptz);
INSERT INTO job VALUES
  ('SchedulerJob', 'running', %(here)s, now() - interval '50 s'), ('SchedulerJob', 'running', 'elsewhere', now()),
  ('TriggererJob', 'running', %(here)s, now() - interval '2 min'), ('TriggererJob', 'running', 'elsewhere', now()),
  ('DagProcessorJob', 'failed', %(here)s, now());
"""


def check(component: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(REPO / "deploy" / "health.py"), component]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def metadata(postgres_server: PostgresServer) -> str:
    """URL of a database with signs of life, in the words of SQLAlchemy."""
    create_database(postgres_server.dsn(), "signs_of_life")
    with psycopg.connect(postgres_server.dsn("signs_of_life")) as conn, psycopg.ClientCursor(conn) as cursor:
        cursor.execute("DROP TABLE IF EXISTS job")
        cursor.execute(JOBS, {"here": socket.gethostname()})
    host = f"postgres:{postgres_server.password}@127.0.0.1:{postgres_server.port}"
    return f"postgresql+psycopg2://{host}/signs_of_life"


@pytest.mark.parametrize(
    ("component", "works", "said"),
    [
        ("scheduler", True, ""),
        ("triggerer", False, "last sign of life 12"),  # that of another machine does not count
        ("dag-processor", False, "last sign of life None"),  # nor does one that has ended
    ],
)
def test_a_process_is_healthy_while_this_machine_gives_signs_of_life(
    component: str, works: bool, said: str, metadata: str
) -> None:
    done = check(component, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=metadata)

    assert (done.returncode == 0) is works, done.stderr
    assert said in done.stderr


def test_no_database_is_not_healthy(metadata: str) -> None:
    done = check("scheduler", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=metadata.replace("signs_of_life", "none"))
    assert done.returncode != 0


class Answer(BaseHTTPRequestHandler):
    status = "healthy"

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/v2/monitor/health" else 404)
        self.end_headers()
        self.wfile.write(f'{{"metadatabase": {{"status": "{self.status}"}}}}'.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def api_port() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield str(server.server_port)
        server.shutdown()
        thread.join()


def test_the_api_server_has_to_reach_its_database(api_port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check("api-server", AIRFLOW__API__PORT=api_port).returncode == 0

    monkeypatch.setattr(Answer, "status", "unhealthy")
    done = check("api-server", AIRFLOW__API__PORT=api_port)
    assert (done.returncode, done.stderr.strip()) == (1, "The API server answers, but its database is unhealthy")


def test_a_worker_has_to_answer_through_the_broker(tmp_path: Path) -> None:
    with ValkeyServer(tmp_path / "valkey") as valkey:
        nobody = check("worker", AIRFLOW__CELERY__BROKER_URL=valkey.url)
        with worker(valkey.url, tmp_path):
            somebody = check("worker", AIRFLOW__CELERY__BROKER_URL=valkey.url)

    assert (nobody.returncode, "did not answer within 5 s" in nobody.stderr) == (1, True)
    assert somebody.returncode == 0, somebody.stderr


@contextmanager
def worker(broker_url: str, folder: Path) -> Iterator[None]:
    """A Celery worker that is ready."""
    command = [sys.executable, "-m", "celery", "--broker", broker_url, "worker", "--pool", "solo", "--loglevel", "info"]
    log = folder / "worker.log"
    with log.open("wb") as out, subprocess.Popen(command, cwd=folder, stdout=out, stderr=out) as process:
        try:
            deadline = time.monotonic() + 60
            while b" ready." not in log.read_bytes():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
