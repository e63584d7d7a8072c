"""Actions: each asks first, is done for those who may, and tells what became of it."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import dialog_of, loaded
from tests.browser.today import quarantine_another

pytestmark = pytest.mark.timeout(120)


def last_audit(dsn: str) -> tuple[str, str, dict]:
    with psycopg.connect(dsn) as conn:
        query = "SELECT actor, action, detail FROM cdp.audit ORDER BY audit_id DESC LIMIT 1"
        return conn.execute(query).fetchone() or ("", "", {})


def confirmed(page: Page, dialog: Locator, button: str) -> Locator:
    """Confirm a dialog; returns the message that follows."""
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_have_count(0)
    return page.get_by_role("status").filter(has=page.locator("[data-part=title]"))


def dag_run_of(page: Page, dag_id: str) -> str:
    """Id of the Dag run that the message links to; it has to be in Airflow's database."""
    from airflow.models import DagRun

    link = page.get_by_role("link", name="Open Dag run")
    expect(link).to_be_visible()
    run_id = link.inner_text().removeprefix("Open Dag run ")
    assert len(DagRun.find(dag_id=dag_id, run_id=run_id)) == 1
    return run_id


@pytest.mark.parametrize(("button", "action"), [("Preview", "preview"), ("Run now", "run")])
def test_a_run_is_started_after_it_was_confirmed(open_page, shot, ledger_dsn, button, action):
    page = loaded(open_page("feeds/loyalty_gold"), "Gold members")
    dialog = dialog_of(page, button)
    shot(page, f"dialog-{action}", whole=False)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    confirmed(page, dialog_of(page, button), button)

    run_id = dag_run_of(page, "audience_import__loyalty_gold")
    shot(page, f"started-{action}", whole=False)
    actor, found, detail = last_audit(ledger_dsn)
    assert (actor, found, detail["dag_run_id"]) == ("ann", action, run_id)


def test_a_span_of_events_is_exported_again(open_page, shot, ledger_dsn):
    page = loaded(open_page("feeds/delivery_events"), "Watermarks")
    dialog = dialog_of(page, "Backfill")
    dialog.get_by_label("From (UTC)").fill("2026-01-02T00:00")
    dialog.get_by_label("To (UTC), not part of it").fill("2026-01-01T00:00")
    expect(dialog.get_by_text("The end has to be after the start.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Preview backfill")).to_be_disabled()
    dialog.get_by_label("To (UTC), not part of it").fill("2026-01-03T00:00")
    dialog.get_by_text("Preview: only count the events").click()
    shot(page, "dialog-backfill", whole=False)

    confirmed(page, dialog, "Backfill")

    run_id = dag_run_of(page, "event_export__delivery_events")
    actor, action, detail = last_audit(ledger_dsn)
    assert (actor, action, detail["dag_run_id"], detail["preview"]) == ("ann", "backfill", run_id, False)
    assert detail["backfill_from"] == "2026-01-02T00:00:00+00:00"


def test_rejects_are_replayed(open_page, shot, ledger_dsn, sample):
    page = loaded(open_page(f"runs/{sample.applied}"), "Bad email")
    dialog = dialog_of(page, "Replay rejects")
    expect(dialog).to_contain_text(f"15 rejected lines of run {sample.applied}")
    shot(page, "dialog-replay", whole=False)

    confirmed(page, dialog, "Replay")

    run_id = dag_run_of(page, "audience_import__loyalty_gold")
    actor, action, detail = last_audit(ledger_dsn)
    assert (actor, action, detail["dag_run_id"]) == ("ann", "replay", run_id)


@pytest.mark.parametrize(
    ("button", "confirm", "state", "message"),
    [
        ("Release quarantine", "Release", "Released", "Quarantine released"),
        ("Mark superseded", "Mark superseded", "Superseded", "is superseded"),
    ],
)
def test_a_quarantine_is_ended(open_page, shot, ledger_dsn, button, confirm, state, message):
    with psycopg.connect(ledger_dsn) as conn:
        run_id = quarantine_another(conn, f"for_{state}")
    page = loaded(open_page(f"runs/{run_id}"), "ACR-310")
    dialog = dialog_of(page, button)
    shot(page, f"dialog-{state.lower()}", whole=False)

    confirmed(page, dialog, confirm)

    expect(page.get_by_text(message).first).to_be_visible()
    loaded(page, state)
    expect(page.get_by_role("button", name=button)).to_have_count(0)
    audit = page.get_by_role("table", name="Audit")
    expect(audit.get_by_role("row").nth(1)).to_contain_text("ann")


def test_a_refusal_is_told_in_the_dialog_which_stays(open_page):
    page = loaded(open_page("feeds/loyalty_gold"), "Gold members")
    refusal = {"code": None, "message": "There is a run already.", "next_step": "Wait for it."}
    page.route("**/api/feeds/loyalty_gold/run", lambda route: route.fulfill(status=409, json=refusal))
    dialog = dialog_of(page, "Run now")
    dialog.get_by_role("button", name="Run now").click()

    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("There is a run already.")
    expect(alert).to_contain_text("Wait for it.")
    page.unroute("**/api/feeds/loyalty_gold/run")
    open_page.complaints.clear()  # the browser writes each answer of 400 and above to its console


def test_a_viewer_sees_all_of_it_and_no_action(open_page, sample):
    page = open_page.blank(role="viewer")
    for path, text in (
        (f"runs/{sample.applied}", "Bad email"),
        (f"runs/{sample.quarantined}", "ACR-310"),
        ("feeds/delivery_events", "Watermarks"),
    ):
        page.goto(open_page.url(path))
        loaded(page, text)
        expect(page.get_by_test_id("sync-runs").locator("button[aria-haspopup=dialog]")).to_have_count(0)
