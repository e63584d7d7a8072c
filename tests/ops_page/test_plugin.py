"""What Airflow makes of the plugins folder."""

from __future__ import annotations

import subprocess
import sys

from fastapi.testclient import TestClient

from campaign_cdp.ops_page.static_version import version

_LOADED = """
import json, sys
before = set(sys.modules)
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
apps = plugins_manager.get_fastapi_plugins()[0]
pages = plugins_manager._get_ui_plugins()[1]
executed = [name for name, module in sys.modules.items()
            if name not in before and "." not in name and "/plugins/" in str(getattr(module, "__file__", ""))]
print(json.dumps({
    "plugins": [plugin.name for plugin in plugins if plugin.name == "campaign_cdp"],
    "errors": errors,
    "prefixes": [app["url_prefix"] for app in apps],
    "pages": sorted((page["destination"], page["url_route"], page["bundle_url"]) for page in pages),
    "executed": sorted(set(executed) - {"campaign_cdp"}),
    "served": [name for name in ("campaign_cdp.ops_page.app", "campaign_cdp.ledger.browse", "psycopg") if name in sys.modules],
}))
"""


def test_airflow_loads_the_plugin_and_executes_nothing_else() -> None:
    import json

    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])

    assert found["errors"] == {}
    assert found["plugins"] == ["campaign_cdp"]
    assert found["prefixes"] == ["/campaign-cdp"]
    assert [tuple(page) for page in found["pages"]] == [
        ("dag", "sync-runs-of-dag", f"/campaign-cdp/static/{version()}/app.js"),
        ("nav", "sync-runs", f"/campaign-cdp/static/{version()}/app.js"),
    ]
    assert found["executed"] == ["plugin"], "every other file is imported as part of its package"
    assert found["served"] == [], "only the API server should pay for what the page imports"


def test_the_api_server_lists_the_plugin_without_errors(admin: TestClient) -> None:
    assert admin.get("/api/v2/plugins/importErrors").json()["import_errors"] == []
    names = [plugin["name"] for plugin in admin.get("/api/v2/plugins").json()["plugins"]]
    assert "campaign_cdp" in names
