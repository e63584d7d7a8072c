"""What was seen, loaded and applied: schema ``cdp`` of the Campaign database, the only state this package keeps.

Each task is one transaction that does its work and writes its row here, so a killed or repeated task changes nothing
twice. Only ``migrate`` needs Alembic; tasks never import it.
"""

from __future__ import annotations
