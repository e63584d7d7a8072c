"""Registers the *Sync runs* page with Airflow. It is the one file of this folder that the plugin manager executes."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from campaign_cdp.ops_page.lazy_app import LazyApp

_PAGE = {"name": "Sync runs", "bundle_url": "/campaign-cdp/static/app.js"}


class CampaignCdpPlugin(AirflowPlugin):
    name = "campaign_cdp"
    fastapi_apps: ClassVar[list[Any]] = [{"name": "campaign_cdp", "app": LazyApp(), "url_prefix": "/campaign-cdp"}]
    react_apps: ClassVar[list[Any]] = [
        {**_PAGE, "destination": "nav", "category": "browse", "url_route": "sync-runs"},
        {**_PAGE, "destination": "dag", "url_route": "sync-runs-of-dag"},
    ]
