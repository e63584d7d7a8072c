"""What a column of an event file may be called, so that AEP's Data Prep takes it without escaping."""

from __future__ import annotations

import re
from typing import Final

HEADER: Final = re.compile(r"^[a-z][a-z0-9_]*$")
_WORDS: Final = """
and break continue div do else empty eq errors false for function ge gt if le lt mod ne new not null or return size
true var while add_to_array add_to_map array_to_map arrays_to_objects coalesce concat contains_key crc32 date
date_diff date_part decode deserialize dformat equals exists explode extract_regex first format get_keys
get_url_host get_url_path get_url_port get_url_protocol get_url_query_str get_values ieq iif instr intersection
is_empty is_set join join_arrays last lcase left len lower lpad ltrim make_date_time map_get_values map_has_keys
map_to_object mask matches_regex max md5 min now nullify object_to_map regex_group replace reverse right rpad rtrim
serialize sha1 sha256 sha512 size_of split substr subtract_from_date timestamp to_array to_bigint to_boolean to_byte
to_date to_decimal to_double to_float to_integer to_long to_map to_object to_short to_string trim ucase upper
url_decode url_encode uuid zone_date_to_utc zone_date_to_zone
"""
#: Keywords of Data Prep's expressions and the names of its functions; as a field name each would need ``${...}``.
RESERVED: Final = frozenset(_WORDS.split())


def header_problem(name: str) -> str | None:
    """Say why ``name`` cannot head a column, ``None`` if it can."""
    if not HEADER.fullmatch(name):
        return f"{name!r} must be lower-case letters, digits and _, starting with a letter"
    if name in RESERVED:
        return f"{name!r} is a word of Data Prep's own language; choose another, like event_{name}"
    return None
