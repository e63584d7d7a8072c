"""What the page shows when there is nothing to show, or something went wrong."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.looking import loaded

pytestmark = pytest.mark.timeout(120)

FEEDS = "**/campaign-cdp/api/feeds"
AWAY = {"code": "ACR-200", "message": "The database is away.", "next_step": "Try again in a minute."}


def answer(page: Page, status: int = 200, **json: object) -> None:
    page.route(FEEDS, lambda route: route.fulfill(status=status, json=json))


def test_what_went_wrong_is_told_with_a_way_on(open_page, shot):
    page = open_page.blank()
    answer(page, 503, **AWAY)
    page.goto(open_page.url())
    loaded(page, "The database is away.")
    expect(page.get_by_text("Try again in a minute.")).to_be_visible()
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        shot(page, f"error-{scheme}")

    page.unroute(FEEDS)
    page.get_by_role("button", name="Try again").click()

    loaded(page, "loyalty_gold")
    expect(page.get_by_text("The database is away.")).to_have_count(0)
    open_page.complaints.clear()  # the browser writes each answer of 400 and above to its console


def test_what_was_seen_stays_when_it_cannot_be_fetched_anew(open_page):
    page = loaded(open_page(), "loyalty_gold")
    answer(page, 503, **AWAY)
    page.get_by_role("button", name="Refresh").click()

    loaded(page, "The list of feeds is not up to date")
    expect(page.get_by_role("link", name="loyalty_gold")).to_be_visible()
    open_page.complaints.clear()


@pytest.mark.parametrize("path", ["runs/999999", "windows/999999", "feeds/nonesuch"])
def test_what_is_not_there_is_said_and_leads_back(open_page, path):
    page = loaded(open_page(path), "There is no ")

    expect(page.get_by_text("Go back to the overview.")).to_be_visible()
    page.get_by_test_id("sync-runs").get_by_role("link", name="Sync runs").click()
    loaded(page, "Contract limits")
    open_page.complaints.clear()


def test_without_feeds_the_page_tells_how_to_make_one(open_page, shot):
    page = open_page.blank()
    answer(page, feeds=[])
    page.goto(open_page.url())

    loaded(page, "cdp feeds new")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        shot(page, f"empty-{scheme}")


def test_a_page_on_its_way_has_its_outline(open_page, shot):
    page = open_page.blank()
    held: list[Route] = []
    page.route(FEEDS, lambda route: held.append(route))
    page.goto(open_page.url())

    expect(page.get_by_role("status", name="Loading feeds")).to_be_visible()
    shot(page, "loading-light", whole=False)
    held[0].continue_()
    loaded(page, "loyalty_gold")


def test_a_broken_feed_file_is_shown_with_what_is_wrong(open_page, shot, feeds_folder):
    broken = feeds_folder / "birthdays.yaml"
    broken.write_text("feed: birthdays\n")
    try:
        page = loaded(open_page(), "birthdays")
        row = page.get_by_role("table", name="Feeds").get_by_role("row", name="birthdays")
        expect(row).to_contain_text("Broken")
        shot(page, "broken-light")
        row.get_by_role("link", name="birthdays").click()
        loaded(page, "cdp feeds lint")
        shot(page, "broken-feed-light")
    finally:
        broken.unlink()
