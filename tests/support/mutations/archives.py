"""Zip archives, spoilt: cut, lying, bursting, encrypted, nested, with names that climb."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from random import Random

from tests.support.mutations.kinds import Kinds

KINDS = Kinds("zip")
Members = dict[str, bytes]
# More than may be unpacked, in some 1 MB.
_TOO_MUCH = 1_050_000_000


def unpacked(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return held.getvalue()


def largest(members: Mapping[str, bytes]) -> str:
    """The member that matters: of an archive of tables the largest table."""
    return max(members, key=lambda name: len(members[name]))


def in_member(spoil: Callable[[bytes, Random], bytes]) -> Callable[[bytes, Random], bytes]:
    """Spoil what the largest member holds, in an archive that is sound."""

    def spoilt(data: bytes, random: Random) -> bytes:
        members = unpacked(data)
        name = largest(members)
        return packed(members | {name: spoil(members[name], random)})

    return spoilt


def _entries(data: bytes) -> list[int]:
    """Where the entries of the central directory begin."""
    found, at = [], data.find(b"PK\x01\x02")
    while at >= 0:
        found.append(at)
        at = data.find(b"PK\x01\x02", at + 4)
    return found


def _patched(data: bytes, offset: int, form: str, value: int, local: int | None = None) -> bytes:
    """A field of every entry of the central directory, and of the members' own heads, rewritten."""
    spoilt = bytearray(data)
    for entry in _entries(data):
        struct.pack_into(form, spoilt, entry + offset, value)
        if local is not None:
            (head,) = struct.unpack_from("<I", data, entry + 42)
            struct.pack_into(form, spoilt, head + local, value)
    return bytes(spoilt)


@KINDS("cut anywhere")
def _(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


KINDS.add("cut by a byte", lambda data, _: data[:-1])
KINDS.add("cut before the directory", lambda data, _: data[: _entries(data)[0]])
KINDS.add("beginning gone", lambda data, _: data[200:])


@KINDS("bytes missing within")
def _(data: bytes, random: Random) -> bytes:
    at = random.randrange(30, _entries(data)[0])
    return data[:at] + data[at + random.randint(1, 400) :]


@KINDS("bytes changed within")
def _(data: bytes, random: Random) -> bytes:
    at = random.randrange(100, _entries(data)[0] - 100)
    return data[:at] + random.randbytes(20) + data[at + 20 :]


KINDS.add("something before the archive", lambda data, _: b"#!/bin/sh\n" + data)
KINDS.add("something after the archive", lambda data, _: data + bytes(100))
KINDS.add("checksum of another", lambda data, _: _patched(data, 16, "<I", 0x12345678))
KINDS.add("directory says that nothing is in it", lambda data, _: _patched(data, 24, "<I", 0))
KINDS.add(
    "directory says that 4 GB are in it", lambda data, _: _patched(data, 24, "<I", 0xFFFFFFFE)
)
KINDS.add("directory says that little is packed", lambda data, _: _patched(data, 20, "<I", 5))
KINDS.add("directory points elsewhere", lambda data, _: _patched(data, 42, "<I", 0x7FFFFFFF))
KINDS.add("directory points to one member", lambda data, _: _patched(data, 42, "<I", 0))
KINDS.add("encrypted", lambda data, _: _patched(data, 8, "<H", 1, local=6))
KINDS.add("encrypted, strongly", lambda data, _: _patched(data, 8, "<H", 0x41, local=6))
KINDS.add("compression unknown", lambda data, _: _patched(data, 10, "<H", 77, local=8))
KINDS.add("compression: implode", lambda data, _: _patched(data, 10, "<H", 6, local=8))
KINDS.add("compression said to be LZMA", lambda data, _: _patched(data, 10, "<H", 14, local=8))
KINDS.add("compression said to be bzip2", lambda data, _: _patched(data, 10, "<H", 12, local=8))
KINDS.add("compression said to be none", lambda data, _: _patched(data, 10, "<H", 0, local=8))
KINDS.add("compressed by LZMA", lambda data, _: packed(unpacked(data), zipfile.ZIP_LZMA))
KINDS.add("compressed by bzip2", lambda data, _: packed(unpacked(data), zipfile.ZIP_BZIP2))
KINDS.add("not compressed", lambda data, _: packed(unpacked(data), zipfile.ZIP_STORED))
KINDS.add("version of the future", lambda data, _: _patched(data, 6, "<H", 200))
KINDS.add("names that are not UTF-8", lambda data, _: _patched(data, 46, "<H", 0xFFFE))
KINDS.add(
    "names that are not UTF-8, and say that they are",
    lambda data, _: _patched(_patched(data, 8, "<H", 0x800, local=6), 46, "<H", 0xFFFE, local=30),
)
KINDS.add("names with NUL", lambda data, _: _patched(data, 48, "<B", 0, local=32))


@KINDS("names with NUL before the end")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    name = largest(members)
    hidden = f"{name[:-4]}.exe_{name[-4:]}"
    renamed = packed({hidden if each == name else each: held for each, held in members.items()})
    return renamed.replace(b".exe_", b".exe\0")


@KINDS("names that are very long")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    return packed({"d/" * 30_000 + name: content for name, content in members.items()})


@KINDS("paths that climb")
def _(data: bytes, _random: Random) -> bytes:
    return packed({f"../../../../tmp/{name}": held for name, held in unpacked(data).items()})


@KINDS("paths that begin at the root")
def _(data: bytes, _random: Random) -> bytes:
    return packed({f"/etc/{name}": content for name, content in unpacked(data).items()})


@KINDS("paths of Windows")
def _(data: bytes, _random: Random) -> bytes:
    return packed({f"C:\\Users\\{name}": content for name, content in unpacked(data).items()})


@KINDS("a link in place of the member")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    name = largest(members)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        link = zipfile.ZipInfo(name)
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        for other in set(members) - {name}:
            archive.writestr(other, members[other])
    return held.getvalue()


@KINDS("a folder in place of the member")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    name = largest(members)
    return packed({f"{each}/" if each == name else each: b"" for each in members})


KINDS.add("members in a folder", lambda data, _: packed(_within("data/", unpacked(data))))
KINDS.add(
    "litter of a Mac",
    lambda data, _: packed(
        unpacked(data) | {f"__MACOSX/._{largest(unpacked(data))}": b"\0\5\x16\7"}
    ),
)
KINDS.add("an archive in the archive", lambda data, _: packed({"census.zip": data}))


def _within(folder: str, members: Members) -> Members:
    return {folder + name: content for name, content in members.items()}


@KINDS("archives in archives, a hundred deep")
def _(data: bytes, _random: Random) -> bytes:
    for _ in range(100):
        data = packed({"more.zip": data})
    return data


@KINDS("member twice")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    held = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of the name that is there twice
        for name, content in [*members.items(), *members.items()]:
            archive.writestr(name, content)
    return held.getvalue()


@KINDS("member gone")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    del members[largest(members)]
    return packed(members)


@KINDS("member empty")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    return packed(members | {largest(members): b""})


@KINDS("members exchanged")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    one, other = sorted(members, key=lambda name: len(members[name]))[-2:]
    return packed(members | {one: members[other], other: members[one]})


KINDS.add("nothing in it", lambda *_: packed({}))
KINDS.add("20,000 members more", lambda data, _: packed(unpacked(data) | _many(20_000)))


def _many(count: int) -> Members:
    return {f"{n}.csv": b"" for n in range(count)}


def _zeros(size: int, begins: bytes = b"") -> bytes:
    """An archive's member of so many zeros, without holding them."""
    held = io.BytesIO()
    with (
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("bomb", "w", force_zip64=True) as member,
    ):
        member.write(begins)
        for _ in range(size // 1_000_000):
            member.write(bytes(1_000_000))
    return held.getvalue()


def with_bomb(data: bytes, name: str, begins: bytes = b"", says: int | None = None) -> bytes:
    """The archive with one member in place of, or beside, its own, that unpacks to over 1 GB."""
    bomb = _zeros(_TOO_MUCH, begins)
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        told = archive.infolist()[0]
        packed_size, crc = told.compress_size, told.CRC
        at = told.header_offset + 30 + len("bomb") + 20  # the extra field of zip64
    stream = bomb[at : at + packed_size]
    size = _TOO_MUCH // 1_000_000 * 1_000_000 + len(begins) if says is None else says
    members = unpacked(data)
    members.pop(name, None)
    rest = packed(members)
    encoded = name.encode()
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, packed_size, size, len(encoded), 0)
    head = b"PK\x03\x04" + fields + encoded + stream
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + fields
    entry += struct.pack("<HHHII", 0, 0, 0, 0, 0) + encoded
    directory = _entries(rest)[0] if members else 0
    end = rest.rfind(b"PK\x05\x06")
    entries = bytearray(rest[directory:end])
    for each in _entries(bytes(entries)):
        (before,) = struct.unpack_from("<I", entries, each + 42)
        struct.pack_into("<I", entries, each + 42, before + len(head))
    whole = head + rest[:directory] + entry + bytes(entries)
    tail = struct.pack(
        "<HHHHIIH",
        0,
        0,
        len(members) + 1,
        len(members) + 1,
        len(entry) + len(entries),
        len(head) + directory,
        0,
    )
    return whole + b"PK\x05\x06" + tail


@KINDS("bomb in place of the member")
def _(data: bytes, _random: Random) -> bytes:
    return with_bomb(data, largest(unpacked(data)))


@KINDS("bomb whose directory says that it is small")
def _(data: bytes, _random: Random) -> bytes:
    return with_bomb(data, largest(unpacked(data)), says=1000)


@KINDS("bomb beside the member")
def _(data: bytes, _random: Random) -> bytes:
    return with_bomb(data, "readme.txt")


@KINDS("bomb of one line")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    name = largest(members)
    header = members[name][: members[name].index(b"\n") + 1] if b"\n" in members[name] else b""
    return packed(members | {name: header + b"9" * 300_000_000})
