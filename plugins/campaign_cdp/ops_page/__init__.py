"""The *Sync runs* page: a JSON API over the ledger, inside Airflow's API server, and the page that reads it.

Every route asks Airflow's auth manager; rows are those of feeds whose Dag the user may read.
"""

from __future__ import annotations
