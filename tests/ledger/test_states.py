from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import product

import psycopg
import pytest

from campaign_cdp.ledger.states import FILE_BEFORE, RUN_BEFORE, FileState, RunState, before_file, before_run

RUN = (
    "INSERT INTO cdp.sync_run (feed, dag_run_id, file_set_id, fingerprint, ordered_at, config_hash, preview, state) "
    "VALUES ('f', 'r', 'i', 'p', now(), 'h', false, %s) RETURNING run_id"
)
FILE = (
    "INSERT INTO cdp.sync_file (run_id, part_no, feed, key, size, etag, modified, state) "
    "VALUES (%s, 1, 'f', 'k', 1, 'e', now(), %s)"
)


def allowed_by_database(conn: psycopg.Connection, table: str, states: Iterable[StrEnum]) -> set[tuple[str, str]]:
    """Try every change of state by a plain UPDATE."""
    allowed = set()
    for old, new in product(states, repeat=2):
        try:
            with conn.transaction(force_rollback=True):
                ((run_id,),) = conn.execute(RUN, (old if table == "sync_run" else "open",)).fetchall()
                if table == "sync_file":
                    conn.execute(FILE, (run_id, old))
                conn.execute(f"UPDATE cdp.{table} SET state = %s WHERE run_id = %s", (new, run_id))
            allowed.add((old.value, new.value))
        except psycopg.errors.CheckViolation:
            continue
    return allowed


def test_database_holds_runs_to_the_same_rule_as_the_code(conn: psycopg.Connection) -> None:
    expected = {(old, new.value) for new in RunState for old in before_run(new)}

    assert allowed_by_database(conn, "sync_run", RunState) == expected


def test_database_holds_files_to_the_same_rule_as_the_code(conn: psycopg.Connection) -> None:
    expected = {(old, new.value) for new in FileState for old in before_file(new)}

    assert allowed_by_database(conn, "sync_file", FileState) == expected


def test_manual_update_backwards_names_both_states(conn: psycopg.Connection) -> None:
    conn.execute(RUN, ("applied",))

    with pytest.raises(psycopg.errors.CheckViolation, match=r"cdp\.sync_run: state applied cannot become open"):
        conn.execute("UPDATE cdp.sync_run SET state = 'open'")


@pytest.mark.parametrize("before", [RUN_BEFORE, FILE_BEFORE], ids=["runs", "files"])
def test_no_state_is_ever_reached_again(before: dict[StrEnum, frozenset[StrEnum]]) -> None:
    def ancestors(state: StrEnum) -> set[StrEnum]:
        return set(before[state]).union(*(ancestors(old) for old in before[state]))

    assert [state for state in before if state in ancestors(state)] == []
