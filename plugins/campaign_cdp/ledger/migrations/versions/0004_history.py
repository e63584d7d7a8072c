"""When and as which version a file was historised; event exports are historised too."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FILE_FORWARD_ONLY = """
CREATE TRIGGER forward_only BEFORE UPDATE ON cdp.export_file FOR EACH ROW EXECUTE FUNCTION cdp.forward_only(
    'staged>published', 'published>historised'
)
"""


def upgrade() -> None:
    for statement in (
        "ALTER TABLE cdp.sync_file ADD COLUMN historised_etag text, ADD COLUMN historised_at timestamptz",
        "UPDATE cdp.sync_file SET historised_at = updated_at WHERE state = 'historised'",
        "CREATE INDEX sync_file_historised ON cdp.sync_file (historised_key) WHERE historised_key IS NOT NULL",
        "CREATE INDEX sync_file_superseded ON cdp.sync_file (feed, run_id) WHERE state = 'superseded'",
        "ALTER TABLE cdp.export_file ADD COLUMN historised_key text, ADD COLUMN historised_etag text, "
        "ADD COLUMN historised_at timestamptz",
        "ALTER TABLE cdp.export_file DROP CONSTRAINT export_file_state_check",
        "ALTER TABLE cdp.export_file ADD CONSTRAINT export_file_state_check "
        "CHECK (state IN ('staged', 'published', 'historised'))",
        "DROP TRIGGER forward_only ON cdp.export_file",
        _FILE_FORWARD_ONLY,
        "CREATE INDEX export_file_historised ON cdp.export_file (historised_key) WHERE historised_key IS NOT NULL",
        "CREATE INDEX export_file_published ON cdp.export_file (updated_at) WHERE state = 'published'",
    ):
        op.execute(statement)
