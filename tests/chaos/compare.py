"""What two databases and storages have to have in common, and what it means if they do not."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg

#: Name of a kind of thing -> each thing, as often as it is there.
State: TypeAlias = dict[str, Counter[str]]
#: Things whose names start so should be gone.
LEFT = "left: "
_PATIENCE = 6.0
_OTHERS = """
SELECT coalesce(state, backend_type), coalesce(left(query, 60), '') FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
UNION ALL
SELECT 'advisory lock', objid::text FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT 'prepared transaction', gid FROM pg_prepared_xacts WHERE database = current_database()
"""


@dataclass(frozen=True, slots=True)
class Harm:
    """What a disturbance did that it must not.

    :param lost: things that are missing.
    :param doubled: things that are there too often, or were written twice before AEP's eyes.
    :param stuck: a retry that failed or did not end, or something that holds on to the database.
    """

    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    detail: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.stuck)

    def __add__(self, other: Harm) -> Harm:
        return Harm(
            self.lost + other.lost, self.doubled + other.doubled, self.stuck + other.stuck, self.detail + other.detail
        )


def stuck(reason: str) -> Harm:
    return Harm(stuck=1, detail=(f"stuck: {reason}",))


def things(rows: Iterable[Any]) -> Counter[str]:
    """Count rows of a query or anything else that JSON can tell."""
    return Counter(json.dumps(row, sort_keys=True, default=str) for row in rows)


def compare(expected: Mapping[str, Counter[str]], found: Mapping[str, Counter[str]], when: str = "") -> Harm:
    """Say what of one state is missing in the other, or is too much."""
    harm = Harm()
    for name in sorted(expected.keys() | found.keys()):
        missing = expected.get(name, Counter()) - found.get(name, Counter())
        extra = found.get(name, Counter()) - expected.get(name, Counter())
        lines = [f"{when}{name} - {thing}" for thing in missing] + [f"{when}{name} + {thing}" for thing in extra]
        counts = {"stuck" if name.startswith(LEFT) else "doubled": extra.total(), "lost": missing.total()}
        harm += Harm(**counts, detail=tuple(lines))
    return harm


def rewritten(seen: Mapping[str, object], later: Mapping[str, object]) -> Harm:
    """Objects that AEP may have taken already, and that were written once more; moving them away is fine."""
    twice = [key for key, version in seen.items() if key in later and later[key] != version]
    return Harm(doubled=len(twice), detail=tuple(f"written twice: {key}" for key in twice))


def holding(dsn: str, patience: float = _PATIENCE) -> Harm:
    """Sessions and locks that outlive the run.

    :param patience: seconds in which PostgreSQL has to notice that a client is dead.
    """
    deadline = time.monotonic() + patience
    with psycopg.connect(dsn, autocommit=True) as conn:
        while rows := conn.execute(_OTHERS).fetchall():
            if time.monotonic() > deadline:
                return Harm(stuck=len(rows), detail=tuple(f"still there: {what} {more}" for what, more in rows))
            time.sleep(0.05)
    return Harm()
