"""How people get from one thing to the next: links, filters, pages of lists, and the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import loaded, settled

pytestmark = pytest.mark.timeout(120)

#: Marks each control that had the focus, and collects those that did not show it.
_WATCH_FOCUS = """
() => {
  window.hidden = [];
  document.addEventListener('focusin', ({ target }) => {
    target.dataset.reached = 'yes';
    const style = getComputedStyle(target);
    const isOutlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    if (!isOutlined && style.boxShadow === 'none') window.hidden.push(target.outerHTML.slice(0, 200));
  });
}
"""
_CONTROLS = ":is(a[href], button:not(:disabled), input, select, summary):visible"


def test_the_page_is_in_airflows_browse_menu(open_page):
    page = open_page(to="/dags")
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="Sync runs").click()

    loaded(page, "Contract limits")


def test_filters_are_in_the_address_and_survive_a_reload(open_page):
    page = loaded(open_page(), "loyalty_gold")
    page.get_by_role("button", name="Events out").click()
    page.get_by_placeholder("Search feeds").fill("delivery")
    page.get_by_role("button", name="Lag").click()
    for part in ("direction=event_export", "q=delivery", "sort=-lag"):
        expect(page).to_have_url(re.compile(part))

    page.reload()

    loaded(page, "delivery_events")
    expect(page.get_by_role("link", name="loyalty_gold")).to_have_count(0)
    expect(page.get_by_placeholder("Search feeds")).to_have_value("delivery")
    expect(page.get_by_role("button", name="Events out")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("columnheader", name="Lag")).to_have_attribute("aria-sort", "descending")


def test_typing_goes_on_while_the_list_gets_shorter(open_page):
    page = loaded(open_page(), "loyalty_gold")
    box = page.get_by_placeholder("Search feeds")
    box.press_sequentially("deli")
    expect(page.get_by_role("link", name="loyalty_gold")).to_have_count(0)
    expect(page).to_have_url(re.compile("q=deli"))
    page.keyboard.type("very")

    expect(page).to_have_url(re.compile("q=delivery"))
    expect(box).to_be_focused()


def test_a_filter_that_nothing_fits_can_be_cleared(open_page):
    page = loaded(open_page("?q=nonesuch"), "No feed fits these filters")
    page.get_by_role("button", name="Clear filters").click()

    loaded(page, "loyalty_gold")
    expect(page).not_to_have_url(re.compile("q="))


def test_runs_are_filtered_and_paged(open_page):
    page = loaded(open_page("feeds/loyalty_gold"), "Run 22")
    rows = page.get_by_role("table", name="Runs").locator("tbody tr")
    expect(rows).to_have_count(25)

    page.get_by_role("button", name="Older").click()
    expect(rows).to_have_count(6)
    page.reload()
    expect(rows).to_have_count(6)
    page.go_back()
    expect(rows).to_have_count(25)
    page.get_by_role("button", name="Older").click()
    expect(rows).to_have_count(6)
    page.get_by_role("button", name="Newest").click()
    expect(rows).to_have_count(25)

    page.get_by_label("State").select_option("quarantined")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("state=quarantined"))


def test_from_a_feed_to_the_reason_of_a_rejected_line_and_its_download(open_page, sample):
    page = loaded(open_page(), "loyalty_gold")
    page.get_by_role("link", name="loyalty_gold").click()
    page.get_by_role("table", name="Runs").get_by_role("link", name=f"Run {sample.applied}").click()
    page.get_by_role("button", name="Too long 5").click()
    rejects = page.get_by_role("table", name="Rejects")
    expect(rejects.locator("tbody tr")).to_have_count(5)
    expect(rejects.get_by_role("row").nth(1)).to_contain_text(
        re.compile("2.*2.*Too long.*lastName.*Xxxxx.*not applied")
    )
    dag_run = page.get_by_role("link", name="scheduled__1")
    expect(dag_run).to_have_attribute("href", "/dags/audience_import__loyalty_gold/runs/scheduled__1")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()

    lines = download.value.path().read_text().splitlines()
    assert (lines[0], len(lines)) == ("part,line,column,code,value,replayed_by", 16)


@pytest.mark.parametrize("path", ["", "feeds/loyalty_gold", "feeds/delivery_events", "runs/{quarantined}"])
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(open_page, sample, path):
    page = settled(open_page(path.format(quarantined=sample.quarantined)), "cart_abandoners" if not path else "Updated")
    page.evaluate(_WATCH_FOCUS)
    part = page.get_by_test_id("sync-runs")
    controls = part.locator(_CONTROLS)

    unreached = part.locator(f"{_CONTROLS}:not([data-reached])")
    for _ in range(controls.count() + 40):  # what is Airflow's own comes first, and a date has three fields
        page.keyboard.press("Tab")
        if unreached.count() == 0:
            break

    assert [control.inner_text() for control in unreached.all()] == []
    assert page.evaluate("window.hidden") == []


def test_the_keyboard_opens_an_action_and_comes_back_from_it(open_page):
    page = loaded(open_page("feeds/loyalty_gold"), "Gold members")
    button = page.get_by_role("button", name="Run now")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_role("button", name="Run now")).to_be_focused()

    for _ in range(8):  # the focus stays in the dialog
        page.keyboard.press("Tab")
        assert _is_in_dialog(page)
    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def _is_in_dialog(page: Page) -> bool:
    return bool(page.evaluate("document.activeElement.closest('[role=alertdialog]') !== null"))
