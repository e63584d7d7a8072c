from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.notifiers.sinks import HttpSink, MailSink, serving
from tests.operators.conftest import import_template, local_folder, new_database, new_import
from tests.operators.importing import Import

__all__ = ["import_template", "local_folder", "new_database", "new_import"]

NOTIFY: list[dict[str, Any]] = [
    {"type": "email", "connection": "smtp_default", "to": ["ops@example.com", "crm@example.com"]},
    {"type": "slack", "connection": "slack_alerts"},
    {"type": "webhook", "connection": "ops_webhook"},
]
SECRET = "webhook-secret"


@dataclass(slots=True)
class Sinks:
    mail: MailSink
    slack: HttpSink
    webhook: HttpSink
    connections: dict[str, str] = field(default_factory=dict)

    def counts(self) -> tuple[int, int, int]:
        return len(self.mail.mails), len(self.slack.posts), len(self.webhook.posts)

    def bodies(self) -> list[dict[str, Any]]:
        return [body for _, _, body in self.webhook.posts]


@pytest.fixture
def sinks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sinks]:
    with serving(MailSink()) as mail, serving(HttpSink()) as slack, serving(HttpSink()) as webhook:
        found = Sinks(mail, slack, webhook)
        found.connections = {
            "AIRFLOW_CONN_SMTP_DEFAULT": mail.connection(),
            "AIRFLOW_CONN_SLACK_ALERTS": slack.slack(),
            "AIRFLOW_CONN_OPS_WEBHOOK": webhook.connection(**{"X-Secret": SECRET}),
        }
        for name, value in found.connections.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def alerting(new_import: Callable[..., Import]) -> Callable[..., Import]:
    """Make an import whose feed tells all three channels."""

    def make(alerts: dict[str, Any] | None = None, **feed: Any) -> Import:
        block = {"late_after": "2s", "notify": NOTIFY, **(alerts or {})}
        return new_import(zone="local", alerts=block, **feed)

    return make
