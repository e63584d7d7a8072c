"""Readers of the limits: the Campaign database, the ledger, and the landing zones."""

from __future__ import annotations
