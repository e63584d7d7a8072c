"""What Airflow mounts and shows of the *Sync runs* page."""

from __future__ import annotations

from typing import Any, Final

from airflow.plugins_manager import AirflowPlugin

from campaign_cdp.ops_page.lazy_app import LazyApp
from campaign_cdp.ops_page.static_version import version
from campaign_cdp.settings import is_wheel

_PAGE = {"name": "Sync runs", "bundle_url": f"/campaign-cdp/static/{version()}/app.js"}


class CampaignCdpPlugin(AirflowPlugin):
    name = "campaign_cdp"
    fastapi_apps: list[Any] = [{"name": "campaign_cdp", "app": LazyApp(), "url_prefix": "/campaign-cdp"}]  # noqa: RUF012
    react_apps: list[Any] = [  # noqa: RUF012
        {**_PAGE, "destination": "nav", "category": "browse", "url_route": "sync-runs"},
        {**_PAGE, "destination": "dag", "url_route": "sync-runs-of-dag"},
    ]


#: The entry point of the package. A checkout has ``plugins/plugin.py``; a plugin found twice is an error.
entry_point: Final = CampaignCdpPlugin if is_wheel() else None
