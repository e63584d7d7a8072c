"""Buttons on tasks: what they lead to, and that operators know it in time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.configuration import conf

from campaign_cdp.links import ExportWindowLink, FileSetLink, RejectsLink, SyncRunLink
from campaign_cdp.operators.data_extraction import ExtractPartitionOperator
from campaign_cdp.operators.data_loading import LoadPartOperator
from campaign_cdp.operators.end import EndImportOperator
from campaign_cdp.operators.end_export import EndExportOperator
from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
from campaign_cdp.operators.publication import PublishFilesOperator
from campaign_cdp.operators.reconciliation import ReconcileOperator
from campaign_cdp.operators.update_data import ApplyAudienceOperator
from campaign_cdp.sensors.file_set import FileSetSensor
from campaign_cdp.sensors.landing_check import LandingCheckSensor

KEY: Any = None


def task(**attributes: Any) -> Any:
    return SimpleNamespace(feed=SimpleNamespace(id="gold"), **attributes)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        (SyncRunLink(), "/plugin/sync-runs/runs/12"),
        (FileSetLink(), "/plugin/sync-runs/runs/12#files"),
        (RejectsLink(), "/plugin/sync-runs/runs/12#rejects"),
        (ExportWindowLink(), "/plugin/sync-runs/windows/7"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_link_leads_to_its_view_of_the_page(link, url):
    assert link.get_link(task(sync_run_id=12, window_id=7), ti_key=KEY) == url


def test_task_that_failed_before_it_had_a_run_leads_to_its_feed():
    early = task(sync_run_id=None, window_id=None)

    assert SyncRunLink().get_link(early, ti_key=KEY) == "/plugin/sync-runs/feeds/gold"
    assert ExportWindowLink().get_link(early, ti_key=KEY) == "/plugin/sync-runs/feeds/gold"
    assert FileSetLink().get_link(early, ti_key=KEY) == "", "Airflow then shows no button"
    assert RejectsLink().get_link(early, ti_key=KEY) == ""


def test_link_keeps_the_path_under_which_airflow_is_served_and_no_host(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://intern.example.com:8443/airflow/")
    assert conf.get("api", "base_url").endswith("/airflow/")

    assert SyncRunLink().get_link(task(sync_run_id=12), ti_key=KEY) == "/airflow/plugin/sync-runs/runs/12"


def test_every_task_of_an_import_has_its_buttons():
    run, files, rejects = SyncRunLink(), FileSetLink(), RejectsLink()

    assert FileSetSensor.operator_extra_links == (run, files)
    assert LoadPartOperator.operator_extra_links == (run, files, rejects)
    assert ReconcileOperator.operator_extra_links == ApplyAudienceOperator.operator_extra_links == (run, rejects)
    assert EndImportOperator.operator_extra_links == (run, files)


def test_every_task_of_an_export_has_its_button():
    tasks = (
        IncrementalQueryOperator,
        ExtractPartitionOperator,
        PublishFilesOperator,
        LandingCheckSensor,
        EndExportOperator,
    )

    assert [cls.operator_extra_links for cls in tasks] == [(ExportWindowLink(),)] * 5


def test_link_that_is_kept_for_a_task_has_a_key_of_its_own():
    keys = {link.xcom_key for link in (SyncRunLink(), FileSetLink(), RejectsLink(), ExportWindowLink())}

    assert len(keys) == 4
