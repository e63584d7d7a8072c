"""What is worth telling people, and in which words. Pure: no Airflow, no servers, no state."""

from __future__ import annotations
