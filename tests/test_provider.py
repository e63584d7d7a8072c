"""What Airflow finds of this package without being told."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow._shared.module_loading import find_path_from_directory
from airflow.providers_manager import ProvidersManager

from campaign_cdp import __version__

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"


def test_provider_is_discovered_by_its_entry_point():
    assert ProvidersManager().providers["campaign-cdp"].version == __version__


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_plugin_scanner_executes_no_module_of_the_library():
    scanned = [Path(path) for path in find_path_from_directory(str(PLUGINS), ".airflowignore")]

    assert [path.name for path in scanned if path.suffix == ".py"] in ([], ["plugin.py"])
