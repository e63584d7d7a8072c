"""OpenLineage facts of an applied run: which files went into which tables, and how many rows. No values of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from campaign_cdp.ledger.store import Run


def applied_run(feed: AudienceFeed, run: Run) -> OperatorLineage:
    """Return inputs (parts of the file set) and outputs (Campaign's tables) of a run in OpenLineage's naming."""
    from airflow.providers.common.compat.openlineage.facet import (
        Dataset,
        OutputDataset,
        OutputStatisticsOutputDatasetFacet,
    )
    from airflow.providers.openlineage.extractors import OperatorLineage

    zone, database = landing_zone_for(feed.landing_zone).url, _database(feed)
    written = {"nmsrecipient": ("inserted", "updated"), "nmsrcpgrprel": ("list_added", "list_removed")}
    outputs = []
    for table, counts in written.items():
        rows = sum(run.counts.get(name, 0) for name in counts)
        statistics = OutputStatisticsOutputDatasetFacet(rowCount=rows, fileCount=len(run.file_set.parts))
        name = f"{database[1]}.public.{table}"
        outputs.append(OutputDataset(database[0], name, outputFacets={"outputStatistics": statistics}))
    return OperatorLineage(inputs=[Dataset(zone, part.key) for part in run.file_set.parts], outputs=outputs)


def _database(feed: AudienceFeed) -> tuple[str, str]:
    from airflow.sdk import BaseHook

    conn = BaseHook.get_connection(feed.campaign)
    return f"postgres://{conn.host}:{conn.port or 5432}", str(conn.schema)
