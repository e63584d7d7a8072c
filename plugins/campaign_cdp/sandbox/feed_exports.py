"""Exports that fit a feed file: its folder, dialect and columns, about the sandbox's people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.sandbox.audiences import Audience, BadLine
from campaign_cdp.sandbox.people import People
from campaign_cdp.sandbox.pgp import PgpKeyPair
from campaign_cdp.sandbox.platform import Destination
from campaign_cdp.sandbox.spark_csv import SparkDialect

#: Columns that a kind of bad line needs; the others fit every export.
_NEEDS: Mapping[BadLine, str] = {
    BadLine.EMAIL: "personalEmail.address",
    BadLine.DATE: "person.birthDate",
    BadLine.TOO_LONG: "person.name.firstName",
}
_BAD = (BadLine.RAGGED, BadLine.EMAIL, BadLine.DATE, BadLine.TOO_LONG, BadLine.NO_KEY)


def destination_for(
    feed: AudienceFeed,
    *,
    max_rows: int = 5_000_000,
    compression: Literal["gzip", "none"] = "gzip",
    manifest: Literal["after", "before", "none"] = "after",
    pgp: PgpKeyPair | None = None,
) -> Destination:
    """Return the destination whose exports the feed reads.

    :param pgp: key pair whose public half it encrypts for.
    """
    dialect = SparkDialect(
        delimiter=feed.file.delimiter,
        quote=feed.file.quote,
        escape=feed.file.escape,
        null_value=next(iter(feed.file.null_tokens), ""),
    )
    return Destination(
        folder=feed.landing_zone.prefix,
        segment_name=feed.id,
        dialect=dialect,
        max_rows=max_rows,
        compression=compression,
        manifest=manifest,
        pgp=pgp,
    )


def audience_for(feed: AudienceFeed, *, lines: int, known: int, first: int = 1, seed: int = 1) -> Audience:
    """Return an audience of exactly ``lines`` lines: 0.5 % bad, 2 % duplicates, 10 % new, 15 % changed people.

    An incremental one has 10 % leavers; all others are unchanged.

    :param known: number of recipients in the Campaign database.
    :param first: number of the first person in the audience.
    """
    columns = tuple(column.source for column in feed.columns.values())
    bad = _spread(lines // 200, columns)
    duplicates, new, changed = lines // 50, lines // 10, lines * 15 // 100
    exited = lines // 10 if feed.export == "incremental" else 0
    unchanged = lines - sum(bad.values()) - duplicates - new - changed - exited
    if unchanged + changed + exited + first - 1 > known:
        raise SandboxError(
            f"An export of {lines:,} lines from person {first:,} on needs more than {known:,} recipients. "
            "Run: cdp sandbox seed --recipients N"
        )
    return Audience(
        columns=columns,
        key=feed.columns[feed.key[0]].source,
        known=known,
        unchanged=unchanged,
        changed=changed,
        new=new,
        exited=exited,
        duplicates=duplicates,
        bad=bad,
        first=first,
        people=People(seed),
    )


def _spread(count: int, columns: tuple[str, ...]) -> dict[BadLine, int]:
    kinds = [kind for kind in _BAD if _NEEDS.get(kind, columns[0]) in columns]
    return {kind: count // len(kinds) + (i < count % len(kinds)) for i, kind in enumerate(kinds)}
