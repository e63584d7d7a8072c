"""What several tests look for on a page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def loaded(page: Page, text: str) -> Page:
    """Wait until a page shows a text."""
    expect(page.get_by_test_id("sync-runs").get_by_text(text).first).to_be_visible()
    return page


def settled(page: Page, text: str) -> Page:
    """Wait until a page shows a text, and nothing is on its way to it."""
    loaded(page, text)
    expect(page.locator("[aria-busy=true], .chakra-skeleton")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    return page


def dialog_of(page: Page, button: str) -> Locator:
    """Press the button of an action; returns the dialog that it opens."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_be_visible()
    return dialog
