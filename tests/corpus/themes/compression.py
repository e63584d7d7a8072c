from __future__ import annotations

import bz2
import io
import tarfile

from tests.corpus.lines import FIRST, HEADER, part
from tests.corpus.packing import archive, changed, deflated_archive, gz, run_of, with_flag

_PART = part()
_HALF = _PART.index(b"\n", len(HEADER) + 1) + 1
_BOMB, _BOMB_PACKED = run_of(f"{HEADER}\n{FIRST}\nS1,".encode() + b"a", 42_000)
_ENCRYPTED, _LIES = 0x01, -30


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as made:
        info = tarfile.TarInfo("export.csv")
        info.size = len(_PART)
        made.addfile(info, io.BytesIO(_PART))
    return out.getvalue()[:2048]


FILES: dict[str, bytes] = {
    "gzip.csv.gz": gz(_PART),
    "gzip_two_members.csv.gz": gz(_PART[:_HALF]) + gz(_PART[_HALF:]),
    "gzip_with_name.csv.gz": gz(_PART, head=b"\x08\0\0\0\0\0\x03", name=b"../../export.csv\0"),
    "gzip_padded.csv.gz": gz(_PART) + bytes(512),
    "gzip_truncated.csv.gz": gz(_PART)[:-40],
    "gzip_without_its_end.csv.gz": gz(_PART)[:-8],
    "gzip_two_bytes.csv.gz": b"\x1f\x8b",
    "gzip_garbage_behind.csv.gz": gz(_PART) + b"S3,sue@mail.example\n",
    "gzip_wrong_checksum.csv.gz": changed(gz(_PART), -8),
    "gzip_wrong_length.csv.gz": changed(gz(_PART), -4),
    "gzip_changed_content.csv.gz": changed(gz(_PART), 300),
    "gzip_unknown_method.csv.gz": changed(gz(_PART), 2),
    "gzip_second_member_cut.csv.gz": gz(_PART[:_HALF]) + gz(_PART[_HALF:])[:-9],
    "gzip_of_nothing.csv.gz": gz(b""),
    "gzip_of_a_header.csv.gz": gz((HEADER + "\n").encode()),
    "gzip_in_gzip.csv.gz": gz(gz(_PART)),
    "gzip_bomb.csv.gz": gz(_BOMB, packed=_BOMB_PACKED),
    "gzip_over_the_feeds_limit.csv.gz": gz(part(*["x" * 5000] * 5)),
    "gzip_named_csv.csv": gz(_PART),
    "plain_named_gz.csv.gz": _PART,
    # -- zip
    "zip.csv.zip": archive(("export.csv", _PART)),
    "zip_deflated.csv.zip": deflated_archive("export.csv", _PART),
    "zip_with_path.csv.zip": archive(("../../../tmp/export.csv", _PART)),
    "zip_of_macos.csv.zip": archive(("export.csv", _PART), ("__MACOSX/._export.csv", b"\0\5\x16\7")),
    "zip_two_files.csv.zip": archive(("export.csv", _PART), ("export_2.csv", _PART)),
    "zip_empty.csv.zip": archive(),
    "zip_only_a_folder.csv.zip": archive(("folder/", b"")),
    "zip_encrypted.csv.zip": with_flag(archive(("export.csv", _PART)), _ENCRYPTED),
    "zip_truncated.csv.zip": archive(("export.csv", _PART))[:-90],
    "zip_without_directory.csv.zip": archive(("export.csv", _PART))[: 40 + len(_PART)],
    "zip_wrong_checksum.csv.zip": changed(archive(("export.csv", _PART)), 14),
    "zip_directory_lies.csv.zip": changed(
        archive(("export.csv", _PART)), archive(("e", b"")).index(b"PK\1\2") + 9 + len(_PART) + 16
    ),
    "zip_garbage_behind.csv.zip": archive(("export.csv", _PART)) + b"S3,sue@mail.example\n",
    "zip_in_gzip.csv.gz": gz(archive(("export.csv", _PART))),
    # -- bzip2
    "bzip2.csv.bz2": bz2.compress(_PART),
    "bzip2_two_streams.csv.bz2": bz2.compress(_PART[:_HALF]) + bz2.compress(_PART[_HALF:]),
    "bzip2_truncated.csv.bz2": bz2.compress(_PART)[:-20],
    "bzip2_changed.csv.bz2": changed(bz2.compress(_PART), 60),
    "bzip2_garbage_behind.csv.bz2": bz2.compress(_PART) + b"S3,sue@mail.example\n",
    "bzip2_bomb.csv.bz2": bz2.compress(_BOMB),
    # -- What nobody unpacks
    "zstd.csv.zst": b"\x28\xb5\x2f\xfd\x04\x58\x41\x02\x00" + _PART[:60],
    "lz4.csv.lz4": b"\x04\x22\x4d\x18\x64\x40\xa7" + _PART[:60],
    "snappy.csv.snappy": b"\xff\x06\x00\x00sNaPpY\x01\x40\x00\x00" + _PART[:60],
    "xz.csv.xz": b"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46" + _PART[:60],
    "seven_zip.csv.7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + _PART[:60],
    "tar.csv.tar": _tar(),
    "tar_in_gzip.csv.tar.gz": gz(_tar()),
    "parquet.csv.parquet": b"PAR1\x15\x04\x15\x10\x15\x14\x4c" + _PART[:60] + b"PAR1",
}
