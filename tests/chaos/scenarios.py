"""The two runs that are disturbed: an import and an export, each with a history, with news, and with a run after it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Protocol

import psycopg

from campaign_cdp.sandbox.deliveries import flip, late, simulate
from tests.chaos.compare import LEFT, State, things
from tests.chaos.steps import Steps
from tests.operators.exporting import Export
from tests.operators.importing import Import, line
from tests.places import Place

_SECOND: Final = timedelta(seconds=1)
_WORK_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(work|plan|leavers)_'"


class Scenario(Protocol):
    """One feed with its storage and database."""

    #: Empty database that it starts from.
    template: ClassVar[str]
    place: Place
    dsn: str

    def have_history(self) -> None:
        """Do a first run, and have news for the next."""

    def have_more(self) -> None:
        """Have news for the run after it."""

    def steps(self, dag_run_id: str) -> Steps: ...

    def run(self, dag_run_id: str) -> object: ...

    def state(self) -> State:
        """Everything that must be the same, without ids and times, which a sequence and a clock decide."""

    def seen_by_aep(self) -> dict[str, object]:
        """Versions of the files that AEP may have taken already."""


class ImportScenario:
    """Two zipped parts with a duplicate across them, a reject, a leaver, a changed, an unchanged and a new person."""

    template: ClassVar[str] = "import_template"

    def __init__(self, place: Place, dsn: str) -> None:
        self._imports = Import(place, dsn, historise={"prefix": "done/", "days": 30})
        self.place, self.dsn = place, dsn
        self.steps: Callable[[str], Steps] = self._imports.steps
        self.run: Callable[[str], object] = self._imports.run

    def have_history(self) -> None:
        first = [line("ann@x.io", "C1", "Ann"), line("gone@x.io", "C8", "Gone"), line("same@x.io", "C9", "Same")]
        self._imports.export(first)
        self._imports.run("run0")
        self._imports.export(
            [line("ann@x.io", "C1", "Anna"), line("new@x.io", "C2", "New"), line("not-an-address")],
            [line("new@x.io", "C2", "Newer"), line("same@x.io", "C9", "Same")],
            zipped=True,
        )

    def have_more(self) -> None:
        self._imports.exports = 2
        self._imports.export([line("same@x.io", "C9", "Same"), line("last@x.io", "C3", "Last"), line("nobody")])

    def state(self) -> State:
        storage = [(re.sub(r"run_\d+", "run_N", key), size) for key, size in self.place.sizes().items()]
        return _asked(self.dsn, IMPORT_STATE) | {"storage": things(storage)}

    def seen_by_aep(self) -> dict[str, object]:
        return {}

    def versions(self) -> dict[str, object]:
        """Of the rows that only a real change may touch."""
        return {"recipients": self._imports.recipients("*")}


class ExportScenario:
    """A finished window, and news for the next one in several files of several partitions."""

    template: ClassVar[str] = "export_template"

    def __init__(self, place: Place, dsn: str, *, historise: bool = True) -> None:
        history = {"historise": {"prefix": "done/events/", "after": "0s"}} if historise else {}
        self._export = Export(place, dsn, parts={"max_rows": 30, "partitions": 2}, **history)
        self.feed = self._export.feed
        self.place, self.dsn = place, dsn
        self.steps: Callable[[str], Steps] = self._export.steps
        self.run: Callable[[str], object] = self._export.run

    def have_history(self) -> None:
        at, hours = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6), timedelta(hours=2)
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            simulate(conn, deliveries=1, recipients=60, at=at, span=hours)
            self._export.run("run0")
            flip(conn, rows=30, at=at + 2 * hours)
            simulate(conn, deliveries=1, recipients=60, at=at + 2 * hours, span=hours, seed=2)

    def have_more(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            flip(conn, rows=10, at=datetime.now(UTC) - _SECOND, seed=2)
            late(conn, rows=20, at=datetime.now(UTC) - _SECOND, max_age=timedelta(hours=1), seed=2)

    def state(self) -> State:
        keys = self._export.object_keys()
        found = {
            "events": Counter(event["event_id"] for event in self._export.events("out/", "done/")),
            "files": things(_anonymous(key) for key in keys if not key.startswith("staging/")),
            f"{LEFT}staged": things(key for key in keys if key.startswith("staging/")),
        }
        return _asked(self.dsn, EXPORT_STATE) | found

    def seen_by_aep(self) -> dict[str, object]:
        return _versions(self.place, self.feed.landing_zone.prefix)

    def versions(self) -> dict[str, object]:
        """Of all files."""
        return _versions(self.place)


SCENARIOS: Final[dict[str, type[ImportScenario] | type[ExportScenario]]] = {
    "import": ImportScenario,
    "export": ExportScenario,
}
IMPORT_STATE: Final = {
    "recipients": "SELECT saccount, semail, sfirstname, scity, iblacklistemail FROM nmsrecipient",
    "members": "SELECT g.sname, r.semail FROM nmsrcpgrprel m JOIN nmsgroup g USING (igroupid) JOIN nmsrecipient r "
    "USING (irecipientid)",
    "lists": "SELECT sname FROM nmsgroup",
    "runs": "SELECT dag_run_id, state, counts FROM cdp.sync_run",
    "steps": "SELECT dag_run_id, step, s.counts FROM cdp.sync_step s JOIN cdp.sync_run USING (run_id)",
    "parts": "SELECT dag_run_id, part_no, key, f.state, f.rows, f.rejected, sha256 FROM cdp.sync_file f "
    "JOIN cdp.sync_run USING (run_id)",
    "rejects": "SELECT dag_run_id, part_no, line_no, column_name, code, value FROM cdp.reject "
    "JOIN cdp.sync_run USING (run_id)",
    f"{LEFT}work tables": _WORK_TABLES,
}
EXPORT_STATE: Final = {
    "windows": "SELECT dag_run_id, state, counts FROM cdp.export_window",
    "recorded": "SELECT dag_run_id, log, partition_no, file_no, f.rows, f.state FROM cdp.export_file f "
    "JOIN cdp.export_window USING (window_id)",
    "exported keys": "SELECT regexp_replace(tableoid::regclass::text, '^.*_', ''), log_id, state FROM cdp.exported_key",
    "watermarks": "SELECT log FROM cdp.watermark",
    f"{LEFT}work tables": _WORK_TABLES,
}


def _asked(dsn: str, questions: dict[str, Any]) -> State:
    with psycopg.connect(dsn) as conn:
        return {name: things(conn.execute(query).fetchall()) for name, query in questions.items()}


def _versions(place: Place, prefix: str = "") -> dict[str, object]:
    return {obj.key: (obj.size, obj.modified) for obj in place.storage.objects(prefix)}


def _anonymous(key: str) -> str:
    """Name of a published file without its window's end and number."""
    return re.sub(r"_\d{8}T\d+Z?_\d+_", "_WINDOW_", key)
