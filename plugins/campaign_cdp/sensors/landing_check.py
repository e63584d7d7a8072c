from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from campaign_cdp.exceptions import FileReplacedError, error_for
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger, WindowState
from campaign_cdp.links import ExportWindowLink
from campaign_cdp.triggers.landing_check import LandingCheckTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

#: The trigger ends by itself at the deadline; Airflow's timeout is for a triggerer that does not.
_GRACE = timedelta(minutes=5)


class LandingCheckSensor(BaseSensorOperator):
    """Wait until every published file is there for AEP, with the size and ETag that it was published with.

    Campaign's *File transfer (test)*. Always deferred.

    :param feed: the validated feed.
    :raises FileReplacedError: if a file is missing or another one within ``alerts.landing_within``.
    """

    ui_color = "#e6f4ea"
    operator_extra_links = (ExportWindowLink(),)
    window_id: int | None = None

    def __init__(self, *, feed: EventFeed, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed = feed

    def execute(self, context: Context) -> dict[str, int] | None:
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            window = ledger.window_of(self.feed.id, context["dag_run"].run_id)
            self.window_id = window.window_id
            files = ledger.window_files(window.window_id)
        if not files or window.state is WindowState.DONE:
            self.log.info("No file to look for: the window %s", "has no events" if not files else "is done already")
            return {"files": 0}
        objects = [StoredObject(f.key, f.size, f.etag, f.published_at or datetime.now(UTC)) for f in files]
        self.defer(
            trigger=LandingCheckTrigger(
                feed=self.feed.model_dump(mode="json", by_alias=True),
                files=[obj.to_json() for obj in objects],
                deadline=(datetime.now(UTC) + self.feed.alerts.landing_within).isoformat(),
            ),
            timeout=self.feed.alerts.landing_within + _GRACE,
            method_name="execute_complete",
            kwargs={"window_id": window.window_id},
        )
        return None

    def execute_complete(self, context: Context, event: dict[str, Any], window_id: int | None = None) -> dict[str, int]:
        self.window_id = window_id
        if event["status"] == "landed":
            self.log.info("All files are there")
            return {"files": event["files"]}
        if event["status"] == "broken":
            raise error_for(event["code"], event["message"])
        keys = event["keys"]
        raise FileReplacedError(
            f"{self.feed.id}: {len(keys)} published files are missing or have other content: {', '.join(keys[:5])}. "
            f"AEP may have taken them before; the watermark stays where it was. Look at the dataflow run in AEP."
        )
