"""The ledger as tasks, the sensor and the command line use it."""

from __future__ import annotations

from campaign_cdp.ledger.alerts import Alerting
from campaign_cdp.ledger.export_progress import ExportProgress
from campaign_cdp.ledger.exports import Exports
from campaign_cdp.ledger.history import History
from campaign_cdp.ledger.lifecycle import Lifecycle
from campaign_cdp.ledger.limit_readings import LimitReading, LimitReadings
from campaign_cdp.ledger.operations import Operations
from campaign_cdp.ledger.progress import Progress
from campaign_cdp.ledger.records import FileRecord, LoadedPart, Opened, RejectRecord, Run
from campaign_cdp.ledger.rejects import Rejects
from campaign_cdp.ledger.replays import Replays
from campaign_cdp.ledger.states import FileState, RunState
from campaign_cdp.ledger.window_records import ExportFile, OpenedWindow, StagedFile, Window
from campaign_cdp.ledger.window_states import WindowState

__all__ = [
    "ExportFile",
    "FileRecord",
    "FileState",
    "Ledger",
    "LimitReading",
    "LoadedPart",
    "Opened",
    "OpenedWindow",
    "RejectRecord",
    "Run",
    "RunState",
    "StagedFile",
    "Window",
    "WindowState",
]


class Ledger(
    Lifecycle, Progress, Rejects, Replays, Operations, Exports, ExportProgress, History, LimitReadings, Alerting
):
    """Runs and windows with their files, steps and rejects, in schema ``cdp`` of the Campaign database.

    Works inside the caller's transaction and commits nothing: what a task changed and what it writes down here become
    visible together or not at all.

    :param conn: open connection to the Campaign database.
    """
