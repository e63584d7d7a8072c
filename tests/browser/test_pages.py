"""What each page shows, in light and dark, kept as a screenshot; and how soon."""

from __future__ import annotations

import os
import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.looking import loaded, settled

pytestmark = pytest.mark.timeout(120)


def pages(sample) -> list[tuple[str, str, str]]:
    """Name of the screenshot, path, and what has to be on it."""
    return [
        ("overview", "", "cart_abandoners"),
        ("feed", "feeds/loyalty_gold", "Run 22"),
        ("export", "feeds/delivery_events", "Watermarks"),
        ("failed-feed", "feeds/cart_abandoners", "Too many lines were rejected"),
        ("run", f"runs/{sample.applied}", "lastName"),
        ("quarantined", f"runs/{sample.quarantined}", "Too many lines were rejected"),
        ("window", f"windows/{sample.window}", "delivery_1.csv.gz"),
    ]


def test_the_overview_is_usable_within_two_seconds(open_page):
    page = open_page(to="/dags")  # from here on the browser has Airflow's own files
    page.wait_for_load_state("networkidle")
    taken = []
    while len(taken) < 10 and min(taken, default=9.0) > 2:  # other tests may have the processor for a while
        started = time.monotonic()
        page.goto(open_page.url())
        page.get_by_role("table", name="Feeds").get_by_role("link", name="loyalty_gold").click(trial=True)
        taken.append(time.monotonic() - started)

    if min(taken) > 2 and os.getloadavg()[0] > (os.cpu_count() or 1):
        pytest.skip(f"the machine is busy with other work; the view took {min(taken):.1f} s at best")
    assert min(taken) <= 2, taken


@pytest.mark.parametrize("number", range(7))
def test_every_page_shows_its_facts_in_light_in_dark_and_in_a_small_window(open_page, shot, sample, number):
    name, path, text = pages(sample)[number]
    page = settled(open_page(path), text)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_class(re.compile(scheme))
        shot(page, f"{name}-{scheme}")

    page.set_viewport_size({"width": 1000, "height": 800})
    assert not page.get_by_test_id("sync-runs").evaluate("part => part.scrollWidth > part.clientWidth")


def test_each_dag_of_a_feed_has_it_as_a_tab(open_page, shot, sample):
    page = open_page(to="/dags/audience_import__loyalty_gold/plugin/sync-runs-of-dag")
    settled(page, "Gold members of the loyalty programme")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        shot(page, f"dag-tab-{scheme}", whole=False)
    part = page.get_by_test_id("sync-runs")
    part.get_by_role("table", name="Runs").get_by_role("link", name=f"Run {sample.applied}").click()
    loaded(page, "Where the lines went")

    part.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="loyalty_gold").click()

    loaded(page, "Gold members of the loyalty programme")
    assert page.url.endswith("/dags/audience_import__loyalty_gold/plugin/sync-runs-of-dag")


def test_limits_are_gauges_that_tell_how_far_it_is(open_page):
    page = loaded(open_page(), "Active profiles")

    gauge = page.get_by_role("meter", name="Active profiles: 1,603,621 of 2,000,000")
    expect(gauge).to_have_attribute("aria-valuetext", "80 %, OK")
    expect(gauge.get_by_title("Warns at 90 %")).to_be_visible()
    expect(gauge.get_by_title("Stops runs at 100 %")).to_be_visible()
    expect(page.locator("[data-limit=rows_per_file]").get_by_text("Warning")).to_be_visible()


def test_charts_can_be_read_without_seeing_them(open_page):
    page = loaded(open_page("feeds/loyalty_gold"), "By day")
    for title in ("Rows", "Rejects", "Lag", "Duration"):
        expect(page.get_by_role("img", name=title)).to_be_visible()

    page.get_by_role("button", name="Show as table").click()

    table = page.get_by_role("table", name="Measures by day")
    expect(table.get_by_role("row")).to_have_count(31)
    expect(table.get_by_role("row", name="48,211")).to_have_count(1)


def test_times_are_distances_with_the_exact_time_behind_them(open_page, sample):
    page = loaded(open_page(f"runs/{sample.applied}"), "Where the lines went")

    started = page.locator("time").first
    expect(started).to_have_text("2 hours ago")
    assert (started.get_attribute("title") or "").endswith(" UTC")


def test_a_window_tells_its_span_its_files_and_its_dag_run(open_page, sample):
    page = loaded(open_page(f"windows/{sample.window}"), "delivery_1.csv.gz")

    logs = page.get_by_role("table", name="Logs")
    expect(logs.get_by_role("row", name="Delivery")).to_contain_text("the beginning")
    expect(logs.get_by_role("row", name="Tracking")).to_contain_text("30")
    expect(page.get_by_text("s3://aep-sources/events/delivery_events/delivery_1.csv.gz")).to_be_visible()
    dag_run = page.get_by_role("link", name="scheduled__1")
    expect(dag_run).to_have_attribute("href", "/dags/event_export__delivery_events/runs/scheduled__1")
