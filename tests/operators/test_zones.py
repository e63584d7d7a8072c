"""Both directions on every kind of storage: only the feed's landing_zone block differs, the result does not."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from campaign_cdp.sandbox.feed_sources import dataflow_for
from tests.operators.killing import in_child
from tests.operators.test_exactly_once import feed_with_history
from tests.operators.test_exactly_once import state_of as import_state
from tests.operators.test_export_exactly_once import export_with_history, versions
from tests.operators.test_export_exactly_once import state_of as export_state

OTHERS = ("azure_blob", "sftp", "local")
#: Of all that happens in a run, where the worker is killed: late, while files are published or moved.
MOMENT = 0.85


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, object]:
    """What a run on S3 leads to."""
    return {}


def on(new, zone):
    return lambda **feed: new(zone=zone, **feed)


@pytest.mark.parametrize("zone", OTHERS)
def test_an_import_ends_the_same_on_every_storage_even_if_it_is_killed(new_import, undisturbed, zone):
    if "import" not in undisturbed:
        imports = feed_with_history(new_import)
        imports.run("run1")
        undisturbed["import"] = import_state(imports)
    other = feed_with_history(on(new_import, zone))
    _, events = in_child(lambda: other.run("run1"), counting=True)
    imports = feed_with_history(on(new_import, zone))  # from now on Airflow's connections name its database

    killed, _ = in_child(lambda: imports.run("run1"), int(events * MOMENT))
    again, _ = in_child(lambda: imports.run("run1"))

    assert os.WIFSIGNALED(killed)
    assert again == 0
    assert import_state(imports) == undisturbed["import"]


@pytest.mark.parametrize("zone", OTHERS)
def test_an_export_ends_the_same_on_every_storage_even_if_it_is_killed(new_export, undisturbed, zone):
    if "export" not in undisturbed:
        export = export_with_history(new_export)
        export.run("run1")
        undisturbed["export"] = export_state(export)
    other = export_with_history(on(new_export, zone))
    _, events = in_child(lambda: other.run("run1"), counting=True)
    export = export_with_history(on(new_export, zone))

    killed, _ = in_child(lambda: export.run("run1"), int(events * MOMENT))
    seen = versions(export)
    again, _ = in_child(lambda: export.run("run1"))

    assert os.WIFSIGNALED(killed)
    assert again == 0
    assert seen.items() <= versions(export).items(), "no object that AEP may have seen was written again"

    assert export_state(export) == undisturbed["export"]


@pytest.mark.parametrize("zone", OTHERS)
def test_aep_accepts_what_is_exported_through_every_storage(new_export, zone):
    export = export_with_history(on(new_export, zone))
    export.run("run1")

    taken = dataflow_for(export.feed, export.place.storage).run(datetime.now(UTC) + timedelta(seconds=2))

    assert (taken.rejected, taken.reasons) == (0, {})
    assert taken.accepted == len(export.events())
