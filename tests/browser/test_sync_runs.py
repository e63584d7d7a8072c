"""What people see and do on the Sync runs page."""

from __future__ import annotations

import re
import time

import psycopg
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.timeout(180)

SCHEMES = ("light", "dark")


def loaded(page: Page, text: str) -> Page:
    expect(page.get_by_text(text).first).to_be_visible()
    return page


def pages(sample) -> list[tuple[str, str, str]]:
    """Name of the screenshot, path, and what has to be on it."""
    return [
        ("overview", "", "cart_abandoners"),
        ("feed", "feeds/loyalty_gold", "audience_import__loyalty_gold"),
        ("export", "feeds/delivery_events", "Watermarks"),
        ("run", f"runs/{sample.applied}", "Bad email"),
        ("quarantined", f"runs/{sample.quarantined}", "ACR-310"),
        ("window", f"windows/{sample.window}", "delivery_1.csv.gz"),
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_shows_its_facts_without_a_complaint(open_page, shot, ledger, scheme):
    for name, path, text in pages(ledger[1]):
        page = loaded(open_page(path, scheme=scheme), text)
        page.wait_for_load_state("networkidle")
        shot(page, f"{name}-{scheme}")
    assert open_page.complaints == []


def test_the_overview_is_usable_within_two_seconds(open_page):
    page = loaded(open_page(to="/dags"), "Dags")  # from here on the browser has Airflow's own files
    page.wait_for_load_state("networkidle")
    started = time.monotonic()

    page.goto(page.url.replace("/dags", "/plugin/sync-runs"))
    expect(page.get_by_role("link", name="loyalty_gold")).to_be_visible()

    assert time.monotonic() - started < 2


def test_the_page_is_in_airflows_menu_and_a_tab_of_each_dag(open_page):
    page = loaded(open_page(to="/dags"), "Dags")
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="Sync runs").click()
    loaded(page, "Contract limits")

    tab = open_page(to="/dags/audience_import__loyalty_gold/plugin/sync-runs-of-dag")
    loaded(tab, "Gold members of the loyalty programme")


def test_filters_are_in_the_address_and_survive_a_reload(open_page):
    page = loaded(open_page(), "loyalty_gold")
    page.get_by_role("button", name="Events out").click()
    expect(page.get_by_role("link", name="loyalty_gold")).to_have_count(0)
    page.get_by_placeholder("Search feeds").fill("delivery")
    expect(page).to_have_url(re.compile("delivery"))

    page.reload()

    loaded(page, "delivery_events")
    expect(page.get_by_role("link", name="loyalty_gold")).to_have_count(0)
    expect(page.get_by_placeholder("Search feeds")).to_have_value("delivery")


def test_limits_are_gauges_that_tell_how_far_it_is(open_page):
    page = loaded(open_page(), "Active profiles")

    expect(page.get_by_role("meter").first).to_be_visible()
    expect(page.get_by_text("Warning").first).to_be_visible()


def test_from_a_feed_to_the_reason_of_a_rejected_line(open_page, ledger):
    page = loaded(open_page(), "loyalty_gold")
    page.get_by_role("link", name="loyalty_gold").click()
    page.get_by_role("link", name=f"Run {ledger[1].applied}").last.click()
    page.get_by_role("button", name=re.compile("Too long")).click()
    expect(page.get_by_role("table", name="Rejects").get_by_text("lastName").first).to_be_visible()
    expect(page.get_by_text("xxx@")).to_have_count(0)

    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()

    assert download.value.path().read_text().splitlines()[0] == "part,line,column,code,value,replayed_by"
    expect(page.get_by_role("link", name="scheduled__1")).to_have_attribute(
        "href", "/dags/audience_import__loyalty_gold/runs/scheduled__1"
    )


def dialog_of(page: Page, button: str):
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_be_visible()
    return dialog


@pytest.mark.parametrize(("button", "confirm"), [("Preview", "Preview"), ("Run now", "Run now")])
def test_a_run_is_started_after_it_was_confirmed(open_page, ledger, button, confirm):
    page = loaded(open_page("feeds/loyalty_gold"), "Gold members")
    dialog_of(page, button)
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_have_count(0)

    dialog = dialog_of(page, button)
    dialog.get_by_role("button", name=re.compile(confirm, re.IGNORECASE)).click()

    expect(page.get_by_role("link", name=re.compile("Open Dag run"))).to_be_visible()
    with psycopg.connect(ledger[0]) as conn:
        actor, action = conn.execute("SELECT actor, action FROM cdp.audit ORDER BY audit_id DESC LIMIT 1").fetchone()
    assert (actor, action) == ("ann", "preview" if button == "Preview" else "run")


def test_a_span_of_events_is_exported_again(open_page, ledger):
    page = loaded(open_page("feeds/delivery_events"), "Watermarks")
    dialog = dialog_of(page, "Backfill")
    for field, day in zip(dialog.locator("input[type^=date]").all(), ("2026-01-01", "2026-01-02"), strict=True):
        field.fill(day if field.get_attribute("type") == "date" else f"{day}T00:00")
    dialog.get_by_role("button", name=re.compile("backfill|export", re.IGNORECASE)).last.click()

    expect(page.get_by_role("link", name=re.compile("Open Dag run"))).to_be_visible()


def test_rejects_are_replayed(open_page, ledger):
    page = loaded(open_page(f"runs/{ledger[1].applied}"), "Bad email")
    dialog = dialog_of(page, "Replay rejects")
    expect(dialog.get_by_text("15")).to_be_visible()
    dialog.get_by_role("button", name=re.compile("replay", re.IGNORECASE)).click()

    expect(page.get_by_role("link", name=re.compile("Open Dag run"))).to_be_visible()


def test_a_quarantine_is_released(open_page, ledger):
    page = loaded(open_page(f"runs/{ledger[1].quarantined}"), "ACR-310")
    expect(page.get_by_role("button", name="Mark superseded")).to_be_visible()
    dialog_of(page, "Release quarantine").get_by_role("button", name=re.compile("release", re.IGNORECASE)).click()

    expect(page.get_by_role("button", name="Release quarantine")).to_have_count(0)
    expect(page.get_by_text("Released").first).to_be_visible()


def test_a_viewer_sees_all_of_it_and_no_button(open_page, ledger):
    page = loaded(open_page(f"runs/{ledger[1].applied}", role="viewer"), "Bad email")

    expect(page.get_by_role("button", name="Replay rejects")).to_have_count(0)
    other = loaded(open_page("feeds/loyalty_gold", role="viewer"), "Gold members")
    expect(other.get_by_role("button", name="Run now")).to_have_count(0)


def test_a_keyboard_reaches_a_feed_and_its_action(open_page):
    page = loaded(open_page("feeds/loyalty_gold"), "Gold members")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''").strip())
        if "Run now" in reached:
            break

    assert {"Sync runs", "Preview", "Run now"} <= reached
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_be_visible()


def test_what_went_wrong_is_told_with_a_way_on(open_page, shot):
    page = loaded(open_page(), "loyalty_gold")
    page.route(
        "**/campaign-cdp/api/feeds",
        lambda route: route.fulfill(
            status=500, json={"code": "ACR-200", "message": "The database is away.", "next_step": "Try again."}
        ),
    )
    page.reload()
    loaded(page, "The database is away.")
    shot(page, "overview-error")

    page.unroute("**/campaign-cdp/api/feeds")
    page.get_by_role("button", name=re.compile("again|retry", re.IGNORECASE)).first.click()

    loaded(page, "loyalty_gold")


def test_without_feeds_the_page_tells_how_to_make_one(open_page, shot):
    page = open_page(to="/dags")
    page.route("**/campaign-cdp/api/feeds", lambda route: route.fulfill(json={"feeds": []}))
    page.goto(page.url.replace("/dags", "/plugin/sync-runs"))

    loaded(page, "cdp feeds new")
    shot(page, "overview-empty")
