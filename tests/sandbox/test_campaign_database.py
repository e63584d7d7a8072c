from __future__ import annotations

from typing import Any

import psycopg

from campaign_cdp.sandbox.people import People


def test_sql_and_python_know_the_same_people(campaign_db: psycopg.Connection[Any]) -> None:
    rows = campaign_db.execute(
        "SELECT saccount, lower(semail), sfirstname, slastname, tsbirth::text, smobilephone, scity, scountrycode, stext1,"
        " CASE iblacklistemail WHEN 0 THEN 'false' ELSE 'true' END, stext2"
        " FROM nmsrecipient WHERE irecipientid <> 0 ORDER BY saccount"
    ).fetchall()

    assert rows == [tuple(People().person(n).values()) for n in range(1, 201)]
