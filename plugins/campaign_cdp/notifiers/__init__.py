"""Tells people what the alerts' rules find, through Airflow's own hooks and connections."""

from __future__ import annotations
