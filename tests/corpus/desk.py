"""Runs cases of the corpus through the product, on one Campaign database and one landing zone that all share."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg import sql

from campaign_cdp.exceptions import FileSetLateError, SyncError
from tests.corpus.cases import Case, Outcome, feed
from tests.corpus.recipes import Recipes
from tests.operators.importing import Import
from tests.places import Place

#: What everybody in the corpus has in personal columns; none of it may show in a message or a reject.
PERSONAL: Final = re.compile(r"mail\.example|quill|1990-05-17|1980-01-02", re.IGNORECASE)
#: A message ends with what to do.
NEXT_STEP: Final = re.compile(
    r"\b(check|choose|clear|compare|correct|encrypt|export|fix|give|have|look|make|raise|remove|rename|report|retries|set|start|write)\b",
    re.IGNORECASE,
)
#: Themes about files as such: once they are applied, the next run must find nothing to do.
_FOUND_AGAIN: Final = frozenset({"manifests", "sets", "names"})
_FIELDS: Final = {
    "account": "saccount",
    "email": "semail",
    "firstName": "sfirstname",
    "birthDate": "tsbirth::date::text",
    "gender": "igender",
    "boolean1": "iboolean1",
    "text1": "stext1",
}
_OTHERS = "SELECT r.*, g.sname FROM nmsrecipient r LEFT JOIN nmsrcpgrprel m USING (irecipientid) LEFT JOIN nmsgroup g USING (igroupid) WHERE r.saccount LIKE 'OTHER%' AND g.sname IS DISTINCT FROM 'CORPUS' ORDER BY 1"
_GOOD = [("G1", "gia@mail.example", "first"), ("G2", "gus@mail.example", "last")]
_LEFT_OPEN = """
SELECT (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')
     + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (
           SELECT oid FROM pg_database WHERE datname = current_database()))
     + (SELECT count(*) FROM pg_prepared_xacts)
"""
_RESET = """
DELETE FROM nmsrcpgrprel WHERE igroupid IN (SELECT igroupid FROM nmsgroup WHERE sname = 'CORPUS');
DELETE FROM nmsgroup WHERE sname = 'CORPUS';
DELETE FROM nmsrecipient WHERE irecipientid <> 0 AND saccount NOT LIKE 'OTHER%';
"""
_PEOPLE = """
INSERT INTO nmsrecipient (irecipientid, saccount, semail)
SELECT nextval('xtknewid'), 'OTHER' || n, 'other' || n || '@example.com' FROM generate_series(1, 3) n;
INSERT INTO nmsgroup (igroupid, sname, slabel) VALUES (nextval('xtknewid'), 'OTHERS', 'Others');
INSERT INTO nmsrcpgrprel (igroupid, irecipientid)
SELECT g.igroupid, r.irecipientid FROM nmsgroup g, nmsrecipient r WHERE g.sname = 'OTHERS' AND r.saccount LIKE 'OTHER%';
"""
_MEMBERS = """
INSERT INTO nmsgroup (igroupid, sname, slabel) VALUES (nextval('xtknewid'), 'CORPUS', 'Corpus');
INSERT INTO nmsrcpgrprel (igroupid, irecipientid)
SELECT g.igroupid, r.irecipientid FROM nmsgroup g, nmsrecipient r WHERE g.sname = 'CORPUS' AND r.saccount LIKE 'OTHER%';
"""


class CorpusImport(Import):
    """A case's feed. Its only look at the landing zone is the last one, so that nothing is waited for."""

    def __init__(self, case: Case, number: int, place: Place, dsn: str) -> None:
        self.feed, self.place, self.dsn = feed(case, number, place.landing_zone), place, dsn

    def context(self, dag_run_id: str, **params: Any) -> dict[str, Any]:
        context = super().context(dag_run_id, **params)
        context["dag_run"].start_date = datetime.now(UTC) - timedelta(hours=1)
        return context


class Desk:
    """Put a case on it, look at what became of it, wipe it off.

    :param place: the landing zone.
    :param dsn: a Campaign database without people, which Airflow's connection names as well.
    """

    def __init__(self, place: Place, dsn: str, recipes: Recipes) -> None:
        self.place, self.dsn, self._recipes = place, dsn, recipes
        self._conn = psycopg.connect(dsn, autocommit=True)
        self._conn.execute(_PEOPLE)
        self._others, self._number = self._rows(_OTHERS), 0
        place.put("elsewhere/secret.csv", b"x" * 40)

    def close(self) -> None:
        self._conn.close()

    def run(self, case: Case) -> tuple[Outcome, list[str]]:
        """Return what became of a case, and what is wrong with how it was left."""
        self._number += 1
        self._conn.execute(_RESET)
        if case.feed == "guarded":
            self._conn.execute(_MEMBERS)
        flow = CorpusImport(case, self._number, self.place, self.dsn)
        for key, content in self._recipes.made(case).items():
            flow.put(key, content)
        said: list[str] = []
        outcome = self._outcome(flow, said)
        wrong = [*self._wrong(case, outcome), *self._leaks(said)]
        if case.theme in _FOUND_AGAIN and outcome.outcome in {"applied", "rejected"}:
            again = self._outcome(flow, said, "again")
            then = " ".join(filter(None, (again.outcome, again.detail)))
            wrong += [f"the next run: {then}"] if then != (case.then or "ignored") else []
        self._drop_work_tables()
        return outcome, wrong

    # -- What became of it --------------------------------------------------------------------------------------------

    def _outcome(self, flow: CorpusImport, said: list[str], dag_run_id: str = "run1") -> Outcome:
        try:
            counts = flow.run(dag_run_id)
        except FileSetLateError as err:
            missing = re.search(r"run's start: (.*)\. Nothing was lost", err.message, re.DOTALL)
            said.append(str(err))
            return (
                Outcome("ignored")
                if "nothing new is there" in err.message
                else Outcome("waits", missing[1] if missing else "")
            )
        except SyncError as err:
            said.extend([str(err), *getattr(err, "__notes__", [])])
            ((state,),) = self._rows("SELECT state FROM cdp.sync_run WHERE feed = %s", flow.feed.id) or [("none",)]
            return Outcome("quarantined" if state == "quarantined" else "refused", err.code)
        except Exception as err:
            return Outcome("crash", f"{type(err).__name__}: {err}")
        rejected = self._rows(
            "SELECT code, count(*) FROM cdp.reject JOIN cdp.sync_run USING (run_id) WHERE feed = %s GROUP BY 1 ORDER BY 1",
            flow.feed.id,
        )
        detail = " ".join(f"{code}:{count}" for code, count in rejected)
        return Outcome("rejected" if rejected else "applied", detail, counts["rows"] - counts["rejected"])

    # -- How it was left ----------------------------------------------------------------------------------------------

    def _wrong(self, case: Case, outcome: Outcome) -> list[str]:
        wrong = []
        if self._rows(_OTHERS) != self._others:
            wrong.append("other people were touched")
        if not self._is_quiet():
            wrong.append("connections or locks are left")
        if self._count(f"SELECT count(*) FROM cdp.reject WHERE value ~* '{PERSONAL.pattern}'"):
            wrong.append("a reject shows a personal value")
        if outcome.outcome in {"applied", "rejected"}:
            return wrong + self._wrong_if_applied(case, outcome)
        if self._count("SELECT count(*) FROM nmsrecipient WHERE saccount ~ '^[GSK]'"):
            wrong.append("people were written")
        if outcome.outcome == "quarantined" and (rows := sum(map(self._table_rows, self._work_tables()))):
            wrong.append(f"{rows} rows are left in work tables")
        return wrong

    def _wrong_if_applied(self, case: Case, outcome: Outcome) -> list[str]:
        wrong = [f"{table} is left" for table in self._work_tables()]
        good = self._rows("SELECT saccount, semail, stext1 FROM nmsrecipient WHERE saccount LIKE 'G_' ORDER BY 1")
        if outcome.rows and len(good) != (outcome.rows >= 2) + 1:
            wrong.append(f"of the good lines {len(good)} were applied")
        wrong += [f"{row} is not what a good line says" for row in good if row not in _GOOD]
        if case.value and (found := self._value(case.value)) != case.value:
            wrong.append(f"the line under test left {found}")
        return wrong

    def _value(self, wanted: str) -> str:
        """What the line under test left, spelled as the table does."""
        name = wanted.partition("=")[0]
        in_list = "EXISTS (SELECT FROM nmsrcpgrprel m JOIN nmsgroup g USING (igroupid) WHERE m.irecipientid = r.irecipientid AND g.sname = 'CORPUS')"
        found = self._rows(f"SELECT {_FIELDS.get(name, in_list)} FROM nmsrecipient r WHERE saccount = 'S1'")
        if not found:
            return "-"
        value = found[0][0]
        spelled = json.dumps(value, ensure_ascii=False)
        return wanted if json.loads(wanted.partition("=")[2] or "0") == value else f"{name}={spelled}"

    def _leaks(self, said: list[str]) -> list[str]:
        wrong = [f"a message shows a personal value: {text}" for text in said if PERSONAL.search(text)]
        wrong += [f"no code: {text}" for text in said[:1] if not re.match(r"ACR-\d{3} ", text)]
        return wrong + [f"no next step: {text}" for text in said[:1] if not NEXT_STEP.search(text)]

    def _is_quiet(self) -> bool:
        """The server notices a closed connection a moment later."""
        deadline = time.monotonic() + 5
        while self._rows(_LEFT_OPEN) != [(0,)]:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    # -- Campaign's side ----------------------------------------------------------------------------------------------

    def _work_tables(self) -> list[str]:
        return [
            name
            for (name,) in self._rows(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'cdp' AND tablename ~ '^(work|plan|leavers)_'"
            )
        ]

    def _table_rows(self, table: str) -> int:
        return self._rows(sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier("cdp", table)))[0][0]

    def _drop_work_tables(self) -> None:
        for table in self._work_tables():
            self._conn.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier("cdp", table)))

    def _count(self, query: str) -> int:
        return int(self._rows(query)[0][0])

    def _rows(self, query: Any, *args: Any) -> list[tuple[Any, ...]]:
        return self._conn.execute(query, args or None).fetchall()


def is_as_expected(case: Case, outcome: Outcome) -> bool:
    """What a file lacks is said in more words than the table has."""
    expected = case.expected
    if expected.outcome == outcome.outcome == "waits":
        return expected.detail in outcome.detail
    return expected == outcome
