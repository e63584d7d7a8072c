"""Alerts: what is wrong at the moment, and who was told when."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ALERT = """
CREATE TABLE cdp.alert (
    dedup_key text PRIMARY KEY,
    feed text,
    kind text NOT NULL,
    subject text NOT NULL,
    aspect text NOT NULL,
    code text NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    last_sent_at timestamptz,
    count bigint NOT NULL DEFAULT 1,
    resolved_at timestamptz
)
"""
# A row is locked while its channel is written to, and deleted once the channel was told that the alert is over.
_CHANNEL = """
CREATE TABLE cdp.alert_channel (
    dedup_key text NOT NULL REFERENCES cdp.alert ON DELETE CASCADE,
    channel text NOT NULL,
    last_sent_at timestamptz,
    PRIMARY KEY (dedup_key, channel)
)
"""


def upgrade() -> None:
    for statement in (_ALERT, _CHANNEL, "CREATE INDEX alert_feed ON cdp.alert (feed, kind)"):
        op.execute(statement)
