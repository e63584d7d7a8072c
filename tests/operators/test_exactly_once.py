"""Doing it again changes nothing. What a kill in between does is asked in tests/chaos."""

from __future__ import annotations

import pytest

from tests.chaos.scenarios import SCENARIOS
from tests.operators.importing import line


@pytest.mark.parametrize("direction", ["import", "export"])
def test_clearing_a_finished_run_changes_nothing(new_database, import_template, export_template, direction):
    template = {"import": import_template, "export": export_template}[direction]
    scenario = SCENARIOS[direction](*new_database(template))
    scenario.have_history()
    scenario.run("run1")
    before = scenario.state(), scenario.versions()

    scenario.run("run1")

    assert (scenario.state(), scenario.versions()) == before


def test_replaced_file_under_the_same_name_is_a_new_version(new_import):
    imports = new_import()
    imports.export([line("ann@x.io", name="Ann")])
    imports.run("run0")
    imports.exports -= 1
    imports.export([line("ann@x.io", name="Eva")])

    counts = imports.run("run1")

    assert counts["updated"] == 1
    assert imports.recipients() == [("ann@x.io", "Eva", None)]
