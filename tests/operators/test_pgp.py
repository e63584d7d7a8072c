"""Encrypted files through whole Dag runs: nothing of a message that is not genuine stays anywhere."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from campaign_cdp.exceptions import AccessDeniedError, PgpError, PgpMissingError, RetriableSyncError
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.operators.data_loading import LoadPartOperator
from campaign_cdp.sandbox.deliveries import simulate
from campaign_cdp.sandbox.feed_sources import dataflow_for
from tests.chaos.child import in_child
from tests.operators.importing import HEADER, line
from tests.pgp import encrypted, needs_gpg

pytestmark = needs_gpg
#: Before this test, yet within every overlap of the windows it opens.
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def part(*lines: str) -> bytes:
    return ("\n".join([HEADER, *lines]) + "\n").encode()


def big_part() -> bytes:
    """So large that COPY has most of it before its end is seen."""
    return part(*(line(f"p{n}@x.io", f"C{n}", os.urandom(8).hex()) for n in range(60_000)))


def work_rows(imports) -> int:
    """Lines in the tables that runs work in."""
    tables = imports.sql("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relname ~ '^work_'")
    return sum(imports.sql(f"SELECT count(*) FROM {table}")[0][0] for (table,) in tables)


def test_encrypted_parts_are_imported(new_import, key_pair, pgp_connection, temp, tmp_path):
    imports = new_import(pgp=pgp_connection(key_pair))
    stored = [
        encrypted(key_pair, gzip.compress(part(line("ann@x.io", "C1", "Ann"))), tmp_path),
        encrypted(key_pair, part(line("bob@x.io", "C2", "Bob"), line("not-an-address")), tmp_path, armoured=True),
    ]
    imports.export(*stored)

    counts = imports.run()

    assert (counts["inserted"], counts["rejected"]) == (2, 1)
    assert imports.members() == ["ann@x.io", "bob@x.io"]
    digests = imports.sql("SELECT sha256 FROM cdp.sync_file WHERE part_no > 0 ORDER BY part_no")
    assert digests == [(hashlib.sha256(each).hexdigest(),) for each in stored], "of the bytes as they are stored"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("at", [0.5, -1])
def test_a_tampered_part_leaves_no_line_anywhere(new_import, key_pair, pgp_connection, temp, tmp_path, pack, at):
    imports = new_import(pgp=pgp_connection(key_pair))
    broken = bytearray(encrypted(key_pair, pack(big_part()), tmp_path))
    broken[int(len(broken) * at) if at > 0 else -1] ^= 0x20
    imports.export(bytes(broken))
    context = imports.context("run1")
    (found,) = imports.file_transfer(context)

    with pytest.raises(PgpError, match="integrity check fails"):
        LoadPartOperator(task_id="data_loading", feed=imports.feed, part=found).execute(context)

    assert work_rows(imports) == 0
    assert imports.sql("SELECT count(*) FROM cdp.reject") == [(0,)]
    assert imports.sql("SELECT state, error_code FROM cdp.sync_run") == [("quarantined", "ACR-309")]


def test_a_wrong_passphrase_is_corrected_and_the_task_cleared(new_import, key_pair, pgp_connection, temp, tmp_path):
    imports = new_import(pgp=pgp_connection(replace(key_pair, passphrase="wrong")))
    imports.export(encrypted(key_pair, part(line("ann@x.io")), tmp_path))
    with pytest.raises(AccessDeniedError):
        imports.run("run1")
    assert imports.sql("SELECT count(*) FROM cdp.sync_run WHERE state = 'quarantined'") == [(0,)]

    pgp_connection(key_pair)
    imports.run("run1")

    assert imports.members() == ["ann@x.io"]


def test_a_worker_without_gpg_quarantines_nothing(new_import, key_pair, pgp_connection, temp, tmp_path, monkeypatch):
    imports = new_import(pgp=pgp_connection(key_pair))
    imports.export(encrypted(key_pair, part(line("ann@x.io")), tmp_path))
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        with pytest.raises(PgpMissingError):
            imports.run("run1")

    imports.run("run1")

    assert imports.members() == ["ann@x.io"]


def test_an_encrypted_part_without_a_key_is_quarantined(new_import, key_pair, tmp_path):
    imports = new_import()
    imports.export(encrypted(key_pair, part(line("ann@x.io")), tmp_path))

    with pytest.raises(PgpError, match="its feed names no key"):
        imports.run()

    assert imports.sql("SELECT state, error_code FROM cdp.sync_run") == [("quarantined", "ACR-309")]


def test_a_plain_part_is_taken_with_a_warning(new_import, key_pair, pgp_connection, temp, capsys):
    imports = new_import(pgp=pgp_connection(key_pair))
    imports.export([line("ann@x.io")])

    imports.run()

    assert imports.members() == ["ann@x.io"]
    assert "export1.csv is not encrypted, although the feed has pgp" in capsys.readouterr().out


# -- Export -----------------------------------------------------------------------------------------------------------


def send(export) -> dict[str, int]:
    with psycopg.connect(export.dsn) as conn:
        sent = simulate(conn, deliveries=1, recipients=60, at=NOW, span=timedelta(hours=2))
    return {f"{log}/{state}": n for (log, state), n in sent.items() if n and log in {"delivery", "tracking"}}


def taken_by_aep(export, key_pair):
    storage = export.place.storage
    return dataflow_for(export.feed, storage, pgp=key_pair).run(datetime.now(UTC) + timedelta(seconds=2))


@pytest.mark.parametrize(("fmt", "compression", "ending"), [("csv", "gzip", ".csv.gz.gpg"), ("parquet", "none", ".parquet.gpg")])  # fmt: skip
def test_aep_takes_every_event_of_encrypted_files(new_export, key_pair, pgp_connection, temp, fmt, compression, ending):
    public = replace(key_pair, private_key="", passphrase="")
    export = new_export(
        pgp=pgp_connection(public), format=fmt, compression=compression, parts={"max_rows": 40, "partitions": 2}
    )
    sent = send(export)

    export.run()

    keys = export.object_keys("out/")
    assert len(keys) > 2
    assert all(key.endswith(ending) for key in keys)
    taken = taken_by_aep(export, key_pair)
    assert (taken.accepted, taken.rejected, taken.reasons) == (sum(sent.values()), 0, {})


def test_a_second_attempt_publishes_what_it_wrote_itself(new_export, key_pair, pgp_connection, temp, monkeypatch):
    """Each attempt encrypts with another session key, so its files are others."""
    export = new_export(pgp=pgp_connection(key_pair))
    sent = send(export)
    record = Ledger.record_files

    def broken(self, window_id, partition_no, files):
        raise RetriableSyncError("The database broke off.")

    monkeypatch.setattr(Ledger, "record_files", broken)
    with pytest.raises(RetriableSyncError):
        export.run("run1")
    first = export.place.sizes("staging/")
    monkeypatch.setattr(Ledger, "record_files", record)
    export.run("run1")

    assert first
    assert export.object_keys("staging/") == []
    assert taken_by_aep(export, key_pair).accepted == sum(sent.values())


@pytest.mark.parametrize("point", [2, 3])
def test_a_killed_export_is_finished_by_the_next_attempt(new_export, key_pair, pgp_connection, temp, point):
    export = new_export(pgp=pgp_connection(key_pair), parts={"max_rows": 40, "partitions": 2})
    sent = send(export)
    events = in_child(lambda: export.run("run0", preview=True)).events

    killed = in_child(lambda: export.run("run1"), events * point)
    again = in_child(lambda: export.run("run1"))

    assert (killed.killed, again.error) == (True, "")
    keys = Counter(export.object_keys("out/"))
    assert set(keys.values()) == {1}
    assert taken_by_aep(export, key_pair).accepted == sum(sent.values())
