"""Spoils good bytes and good text, a little at a time, so that what comes out is nearly right."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

_POSITION = st.integers(0, 2**31)


@st.composite
def spoilt_bytes(draw: st.DrawFn, good: bytes) -> bytes:
    """One to three of: a bit flipped, bytes cut out, doubled, put in, or the end cut off."""
    out = good
    for _ in range(draw(st.integers(1, 3))):
        at, length = draw(_POSITION) % (len(out) + 1), draw(st.integers(1, 40))
        out = draw(
            st.sampled_from(
                [
                    out[:at] + bytes(byte ^ (1 << length % 8) for byte in out[at : at + 1]) + out[at + 1 :],
                    out[:at] + out[at + length :],
                    out[: at + length] + out[at:],
                    out[:at] + draw(st.binary(max_size=8)) + out[at:],
                    out[:at],
                ]
            )
        )
    return out


@st.composite
def spoilt_text(draw: st.DrawFn, good: str, tokens: st.SearchStrategy[str]) -> str:
    """One to four of: a line left out, doubled, moved, or with a token for its value, or a token anywhere."""
    lines = good.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at, other = draw(_POSITION) % len(lines), draw(_POSITION) % len(lines)
        change = draw(st.sampled_from(_CHANGES))
        change(lines, at, other, draw(tokens))
        lines = lines or [""]
    return "\n".join(lines)


def _leave_out(lines: list[str], at: int, other: int, token: str) -> None:
    del lines[at]


def _double(lines: list[str], at: int, other: int, token: str) -> None:
    lines.insert(other, lines[at])


def _indent(lines: list[str], at: int, other: int, token: str) -> None:
    lines[at] = " " * (other % 5) + lines[at].strip()


def _replace_value(lines: list[str], at: int, other: int, token: str) -> None:
    lines[at] = lines[at].partition(":")[0] + ": " + token


def _put_in(lines: list[str], at: int, other: int, token: str) -> None:
    column = other % (len(lines[at]) + 1)
    lines[at] = lines[at][:column] + token + lines[at][column:]


_CHANGES: list[Callable[[list[str], int, int, str], None]] = [
    _leave_out,
    _double,
    _indent,
    _replace_value,
    _replace_value,
    _put_in,
]
