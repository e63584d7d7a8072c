"""Registers the *Sync runs* page with Airflow. It is the one file of this folder that the plugin manager executes."""

from __future__ import annotations

from campaign_cdp.ops_page.airflow_plugin import CampaignCdpPlugin

__all__ = ["CampaignCdpPlugin"]
