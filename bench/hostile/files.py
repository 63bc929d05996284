"""Files of bytes: pictures, zips and parquet files that are spoilt, or claim to be what they are not."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")


def spoilt(content: bytes, chance: random.Random) -> bytes:
    """A copy with a few bytes changed, and sometimes cut short."""
    held = bytearray(content)
    for _ in range(chance.choice((0, 1, 2, 8))):
        held[chance.randrange(min(len(held), chance.choice((40, 400, len(held)))))] = (
            chance.randrange(256)
        )
    return bytes(held[: chance.choice((None, None, None, len(held) // 2, 9))])


def image(chance: random.Random) -> bytes:
    """A picture that is spoilt, or claims to be far larger than it is."""
    if chance.random() < 0.2:
        return _claimed(
            chance.choice((10, 5000, 20_000, 2**31 - 1)), chance.choice((1, 6000, 30_000))
        )
    mode = chance.choice(("RGB", "L", "1"))
    size = chance.choice(((8, 8), (1, 200), (300, 200)))
    file = io.BytesIO()
    Image.new(mode, size, chance.randrange(2)).save(file, chance.choice(FORMATS))
    return spoilt(file.getvalue(), chance)


def _claimed(width: int, height: int) -> bytes:
    """A small PNG whose header claims a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(min(width * height * 3, 1_000_000)))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def small_picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


def archive(chance: random.Random) -> bytes:
    """A zip with odd names, many entries, or entries that unpack to far more."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as held:
        for number in range(chance.choice((0, 1, 5, 3000))):
            label = chance.choice(
                ("cat", "dog", "..", "", "/abs", "con", "a" * 200, "\u202e", ".hidden")
            )
            held.writestr(
                f"{label}/{number}.png", small_picture() if chance.random() < 0.8 else b"x"
            )
        if chance.random() < 0.2:
            held.writestr("cat/bomb.png", bytes(chance.choice((10, 120)) * 1_000_000))
        if chance.random() < 0.3:
            held.writestr(
                "labels.csv",
                chance.choice(
                    ('file,label\n"a', "file,label\n" + "a,b\n" * 9999, "file;label\n\x00,é")
                ),
            )
    return spoilt(file.getvalue(), chance) if chance.random() < 0.6 else file.getvalue()


def parquet(chance: random.Random) -> bytes:
    """A parquet file with long texts, odd encodings, or spoilt bytes."""
    import pyarrow
    from pyarrow.parquet import write_table

    count = chance.choice((1, 20, 500))
    long = chance.choice((3, 3, 3, 1000, 100_000, 30_000_000 if count == 1 else 10_000))
    label = chance.choice(("label", "label", "x" * long))
    labels = [chance.choice(("a", "b", "c" * long, None)) for _ in range(count)]
    columns = {
        "image": [chance.choice((small_picture(), b"", b"BM" + bytes(long)))] * count,
        label: pyarrow.array(labels, pyarrow.string()),
        chance.choice(("caption", "condition")): ["d" * long] * count,
    }
    file = io.BytesIO()
    encoding = chance.choice((None, None, "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"))
    encodings = {"use_dictionary": False, "column_encoding": encoding} if encoding else {}
    codec = chance.choice(("none", "zstd", "snappy", "gzip"))
    write_table(
        pyarrow.table(columns),
        file,
        compression=codec,
        row_group_size=chance.choice((1, 7, 1000)),
        **encodings,
    )
    return spoilt(file.getvalue(), chance) if chance.random() < 0.5 else file.getvalue()


FILES: dict[str, Callable[[random.Random], bytes]] = {
    "image": image,
    "zip": archive,
    "parquet": parquet,
}
