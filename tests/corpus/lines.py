"""The lines that corpus files are made of: two good ones, and one between them that is put to the test."""

from __future__ import annotations

HEADER = (
    "crmId,personalEmail.address,person.name.firstName,person.birthDate,gender,vip,note,"
    "segmentMembership.seg_namespace.seg_id.status"
)
COLUMNS = HEADER.count(",") + 1
#: Stand around the line under test in every file, and have to come through whatever that holds.
FIRST = "G1,gia@mail.example,Quilla,1980-01-02,2,false,first,realized"
LAST = "G2,gus@mail.example,Quillo,1981-03-04,1,true,last,realized"


def line(
    key: str = "S1",
    email: str = "sam@mail.example",
    first: str = "Quill",
    born: str = "1990-05-17",
    gender: str = "1",
    vip: str = "true",
    note: str = "hello",
    status: str = "realized",
) -> str:
    """The line under test: good, unless a field says otherwise. Every field goes into the file as it is."""
    return ",".join((key, email, first, born, gender, vip, note, status))


def text(*lines: str, header: str = HEADER, end: str = "\n") -> str:
    """A part of the header, a good line, these lines, and another good line."""
    return "".join(each + end for each in (header, FIRST, *(lines or (line(),)), LAST))


def part(*lines: str, header: str = HEADER, end: str = "\n", encoding: str = "utf-8") -> bytes:
    return text(*lines, header=header, end=end).encode(encoding)


def raw(field: bytes, *, column: str = "note") -> bytes:
    """A part whose line under test holds these bytes in one of its fields."""
    return part(line(**{column: "@@"})).replace(b"@@", field)


def with_delimiter(delimiter: str) -> bytes:
    return part().replace(b",", delimiter.encode())
