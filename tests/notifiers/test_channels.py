from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from campaign_cdp.alerts.alert import Alert, Kind, Occurrence
from campaign_cdp.alerts.message import Links
from campaign_cdp.exceptions import AlertChannelError, AlertNotSentError
from campaign_cdp.feeds.alerts import AnyChannel, Channel
from campaign_cdp.notifiers.channels import check, send
from tests.notifiers.conftest import NOTIFY, SECRET, Sinks
from tests.notifiers.sinks import HttpSink, serving

ALERT = Alert(
    Kind.FAILED, "gold", "ACR-310", "gold failed in reconciliation", "<b>{{ conn.x.password }}</b> & *x*", "Look."
)
SEEN = Occurrence(ALERT, datetime(2026, 1, 5, tzinfo=UTC))
EMAIL, SLACK, WEBHOOK = (TypeAdapter(Channel).validate_python(channel) for channel in NOTIFY)
LINKS = Links(page="https://airflow.example.com/plugin/sync-runs/runs/7")


def test_mail_has_text_and_html_for_all_recipients(sinks: Sinks) -> None:
    send(EMAIL, SEEN, LINKS)

    ((recipients, mail),) = sinks.mail.mails
    assert recipients == ["ops@example.com", "crm@example.com"]
    assert mail["Subject"] == "[campaign-cdp] WARNING: gold failed in reconciliation (ACR-310)"
    assert mail["X-Campaign-CDP-Alert"] == "campaign-cdp/failed/gold"
    assert mail.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in mail.iter_parts())
    assert ALERT.details in text
    assert LINKS.page in text
    assert "&lt;b&gt;{{ conn.x.password }}&lt;/b&gt; &amp; *x*" in html, "escaped, and no template"


def test_slack_gets_blocks_of_plain_text(sinks: Sinks) -> None:
    send(SLACK, SEEN, LINKS)

    ((path, _, body),) = sinks.slack.posts
    assert path == "/services/T0/B0/slack-secret"
    assert [block["type"] for block in body["blocks"]] == ["header", "section", "context", "section"]
    assert body["blocks"][1]["text"]["type"] == "plain_text"
    assert ALERT.details in body["blocks"][1]["text"]["text"]


def test_webhook_gets_json_with_the_secret_header_of_its_connection(sinks: Sinks) -> None:
    send(WEBHOOK, SEEN, LINKS)

    ((path, headers, body),) = sinks.webhook.posts
    assert path == "/hook"
    assert (headers["X-Secret"], headers["Content-Type"]) == (SECRET, "application/json")
    assert (body["dedup_key"], body["status"], body["links"]) == (ALERT.dedup_key, "firing", {"page": LINKS.page})


@pytest.mark.parametrize("status", [302, 401, 503])
def test_refusal_is_told_by_its_status_only(sinks: Sinks, status: int) -> None:
    sinks.webhook.status = status

    with pytest.raises(AlertNotSentError, match=f"webhook:ops_webhook did not take {ALERT.dedup_key}: HTTP {status}"):
        send(WEBHOOK, SEEN, LINKS)

    assert sinks.counts()[2] == 1, "a redirect is not followed: it would get the secret"


@pytest.mark.parametrize("channel", [EMAIL, SLACK, WEBHOOK], ids=lambda channel: channel.type)
def test_dead_server_is_told_without_address_and_secret(
    sinks: Sinks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, channel: AnyChannel
) -> None:
    with serving(HttpSink()) as gone:
        port = gone.server_port
    for name, value in sinks.connections.items():
        changed = json.loads(value)
        changed["host"] = (
            changed["host"].rsplit(":", 1)[0] + f":{port}/T0-slack-secret" if "://" in changed["host"] else "127.0.0.1"
        )
        monkeypatch.setenv(name, json.dumps({**changed, "port": port} if changed["conn_type"] == "smtp" else changed))

    with pytest.raises(AlertNotSentError) as caught:
        send(channel, SEEN, LINKS)

    told = str(caught.value) + caplog.text
    assert "secret" not in told
    assert str(port) not in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": "http://ops.example.com/hook"}, "goes to ops.example.com without encryption"),
        ({"host": "https://127.0.0.1", "extra": {"verify": False}}, "switches off the check of certificates"),
    ],
)
def test_webhook_does_not_send_its_secret_in_the_open(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], words: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OPS_WEBHOOK", json.dumps({"conn_type": "http", **changes}))

    with pytest.raises(AlertChannelError, match=words):
        send(WEBHOOK, SEEN, LINKS)


def test_certificate_that_nobody_signed_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    server = HttpSink()
    server.encrypt(str(cert), str(key))
    with serving(server):
        host = f"https://localhost:{server.server_port}"
        monkeypatch.setenv("AIRFLOW_CONN_OPS_WEBHOOK", json.dumps({"conn_type": "http", "host": host}))
        with pytest.raises(AlertNotSentError, match="SSLError"):
            send(WEBHOOK, SEEN, LINKS)
        monkeypatch.setenv(
            "AIRFLOW_CONN_OPS_WEBHOOK", json.dumps({"conn_type": "http", "host": host, "extra": {"verify": str(cert)}})
        )
        send(WEBHOOK, SEEN, LINKS)

    assert len(server.posts) == 1


def test_missing_connection_or_sender_or_provider_is_an_error_of_the_channel(
    sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_OPS_WEBHOOK")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", sinks.mail.connection(from_email=""))
    monkeypatch.setitem(sys.modules, "airflow.providers.slack.hooks.slack_webhook", None)

    for channel, words in ((WEBHOOK, "no Airflow connection"), (EMAIL, "names no sender"), (SLACK, "not installed")):
        for use in (check, lambda one: send(one, SEEN, LINKS)):
            with pytest.raises(AlertChannelError, match=words):
                use(channel)


def test_check_of_good_channels_talks_to_nobody(sinks: Sinks) -> None:
    for channel in (EMAIL, SLACK, WEBHOOK):
        check(channel)

    assert sinks.counts() == (0, 0, 0)


def self_signed(folder: Path) -> tuple[Path, Path]:
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return cert, key
