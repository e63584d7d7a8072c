"""Limits of the Campaign contract: what ``include/limits.yaml`` allows, and whether a run would cross it."""

from __future__ import annotations
