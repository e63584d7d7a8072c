"""Buttons on task instances that lead to the *Sync runs* page.

Airflow asks for them where the task ran, when it ends, and keeps the answer: showing them costs no query of the ledger.
Operators leave the id of their run or window in an attribute; a task that failed before it had one leads to its feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

PAGE: Final = "/plugin/sync-runs"


class _PageLink(BaseOperatorLink):
    """A view of the page.

    :cvar view: ``runs`` or ``windows``.
    :cvar attribute: of the operator, with the id.
    :cvar section: of that view.
    """

    view = "runs"
    attribute = "sync_run_id"
    section = ""

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        found = getattr(operator, self.attribute, None)
        if found is not None:
            return f"{_base()}/{self.view}/{found}{self.section}"
        return "" if self.section else f"{_base()}/feeds/{_feed_id(operator)}"


class SyncRunLink(_PageLink):
    """The run of the task, or its feed where it has none yet."""

    name = "Sync run"


class FileSetLink(_PageLink):
    """The files of the task's run, with what became of each."""

    name = "File set"
    section = "#files"


class RejectsLink(_PageLink):
    """The rejected lines of the task's run."""

    name = "Rejects"
    section = "#rejects"


class ExportWindowLink(_PageLink):
    """The window of the task, or its feed where it has none yet."""

    name = "Export window"
    view = "windows"
    attribute = "window_id"


def _base() -> str:
    """Only the path, for users come by other host names than the workers do."""
    return urlsplit(str(conf.get("api", "base_url", fallback="") or "")).path.rstrip("/") + PAGE


def _feed_id(operator: Any) -> str:
    return str(operator.feed.id)
