"""What somebody who wants more than he may writes into names and values, and how a database looks before and after."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

import psycopg

#: Name of the attempt -> text. All of them are legal text of PostgreSQL, so they may be stored, never run.
PAYLOADS: Final = MappingProxyType(
    {
        "quote": "x'; DROP TABLE nmsrecipient; --",
        "always true": "' OR '1'='1",
        "quoted identifier": 'x"; DROP TABLE nmsgroup; --',
        "union": "' UNION SELECT rolpassword FROM pg_authid --",
        "comment": "*/; DROP SCHEMA cdp CASCADE; /*",
        "dollar quotes": "$$; DROP TABLE nmsgroup; $$",
        "doubled quotes": "''''; DROP TABLE nmsgroup; --",
        "backslash quote": "\\'; DROP TABLE nmsgroup; --",
        "unicode escape": "U&'\\0027; DROP TABLE nmsgroup; --'",
        "typographic quotes": "\u2019; DROP TABLE nmsgroup; \u02bc--",
        "full width": "\uff07\uff1b DROP TABLE nmsgroup\uff1b \uff0d\uff0d",
        "placeholders": "%s %(feed)s %% %d",
        "braces": "{} {0} {work} {self._conn} {{x}}",
        "template": "{{ conn.campaign_db.password }}{% raw %}",
        "shell": "$(id) `id` | id & id; id",
        "copy end": "\\.",
        "copy null": "\\N",
        "copy escapes": "\\t\\n\\x41\\101",
        "setting": "'; SET ROLE postgres; ALTER ROLE postgres PASSWORD 'x'; --",
        "stacked": "1; UPDATE nmsrecipient SET iblacklist = 1",
        "function": "'||pg_terminate_backend(pg_backend_pid())||'",
        "formula": "=HYPERLINK(\"http://127.0.0.1/\";'x')",
        "html": "<img src=x onerror=alert(1)>\"'&amp;",
        "bidi and zero width": "\u202egnp.exe\u202c\u200b",
        "cast": "x'::regclass::text||'",
    }
)
#: One for each way out of a place, where trying all would take long.
SOME: Final = tuple(
    PAYLOADS[name]
    for name in ("quote", "quoted identifier", "dollar quotes", "backslash quote", "placeholders", "braces", "template")
)
#: What ends a comment of a statement.
LINE_ENDS: Final = MappingProxyType(
    {
        "line end": "x\n; DROP TABLE nmsgroup; --",
        "line end and a transaction": "x\nCOMMIT; BEGIN READ WRITE; CREATE TABLE public.owned (); COMMIT; --",
        "carriage return": "x\r; DROP TABLE nmsgroup; --",
        "header": "x\r\nSet-Cookie: a=b",
    }
)
#: Too long for most things, and full of what has to be quoted.
LONG: Final = "'\"\\" * 2_000
#: Characters that no text of PostgreSQL has.
IMPOSSIBLE: Final = MappingProxyType({"nul": "a\0b", "surrogate": "a\ud800b"})

_CATALOGUE = """
SELECT 'role', r.rolname, concat(r.rolsuper, r.rolcreaterole, r.rolcanlogin, md5(r.rolpassword)) FROM pg_authid AS r
UNION ALL SELECT 'setting of a role', s.setdatabase::text, s.setconfig::text FROM pg_db_role_setting AS s
UNION ALL SELECT 'setting', s.name, s.setting FROM pg_settings AS s WHERE s.source IN ('configuration file', 'database')
UNION ALL SELECT 'relation', c.oid::regclass::text, concat(c.relkind, c.relowner, c.relacl, c.relnatts)
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_temp'
        AND c.relname !~ '^(work|plan|leavers|keys)_\\d+' AND c.relname !~ '^(exported_key|key)_\\d+'
UNION ALL SELECT 'function', p.oid::regprocedure::text, md5(p.prosrc)
    FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text IN ('public', 'cdp')
UNION ALL SELECT 'trigger', t.tgname, t.tgenabled::text FROM pg_trigger AS t WHERE NOT t.tgisinternal
UNION ALL SELECT 'extension', e.extname, e.extversion FROM pg_extension AS e
UNION ALL SELECT 'database', d.datname, concat(d.datallowconn, d.datacl) FROM pg_database AS d
    WHERE d.datname = current_database()
"""


def catalogue(dsn: str) -> set[tuple[Any, ...]]:
    """Return everything that a statement of a stranger could have changed, but for the rows."""
    with psycopg.connect(dsn) as conn:
        return set(conn.execute(_CATALOGUE).fetchall())
