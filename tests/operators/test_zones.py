"""Both directions on every kind of storage: only the feed's landing_zone block differs, the result does not.

What runs lead to is compared in tests/chaos; here is what remains.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaign_cdp.sandbox.feed_sources import dataflow_for
from tests.chaos.scenarios import ExportScenario

OTHERS = ("azure_blob", "sftp", "local")


@pytest.mark.parametrize("zone", OTHERS)
def test_aep_accepts_what_is_exported_through_every_storage(new_database, export_template, zone):
    scenario = ExportScenario(*new_database(export_template, zone), historise=False)
    scenario.have_history()
    scenario.run("run1")

    taken = dataflow_for(scenario.feed, scenario.place.storage).run(datetime.now(UTC) + timedelta(seconds=2))

    assert (taken.rejected, taken.reasons) == (0, {})
    assert taken.accepted == scenario.state()["events"].total() > 100
