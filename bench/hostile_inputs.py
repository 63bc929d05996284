"""Inputs that nobody should send, made by generators: the same ones for the same seed.

Each generator takes a `random.Random` and gives one input: bytes of a file, a text, or the JSON of a question.
"""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from PIL import Image

TEXTS: tuple[str, ...] = (
    "",
    " ",
    "toybox",
    "../" * 9,
    "/etc/passwd",
    "/proc/self/pagemap",
    "/dev/zero",
    "\x00",
    "\ud800",
    "a" * 3000,
)
TEXTS += (
    "{}" * 150,
    "{c}",
    "|",
    "x|" * 400,
    "http://127.0.0.1/a.zip",
    "a/b",
    "C:\\x.zip",
    "𝄞",
    "<img src=x onerror=1>",
)
NUMBERS = (
    0,
    -1,
    1,
    2**31,
    2**53,
    2**64,
    -(2**70),
    1e308,
    float("nan"),
    float("inf"),
    0.5,
    True,
    None,
)
KEYS: tuple[str, ...] = (
    "set",
    "file",
    "limit",
    "models",
    "model",
    "classes",
    "templates",
    "template",
    "places",
    "cell",
    "half",
    "pinned",
)
KEYS += (
    "compared",
    "serial",
    "asker",
    "method",
    "seed",
    "depth",
    "pool",
    "family",
    "labels",
    "key",
    "target",
    "names",
)
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


def value(chance: random.Random, depth: int = 3) -> Any:
    """Any JSON."""
    kind = chance.randrange(7 if depth else 4)
    if kind < 2:
        return chance.choice(TEXTS)
    if kind < 4:
        return chance.choice(NUMBERS)
    if kind == 4:
        return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind == 5:
        return file_object(chance)
    return {chance.choice(KEYS): value(chance, depth - 1) for _ in range(chance.randrange(5))}


def file_object(chance: random.Random) -> Any:
    """What claims to be an uploaded file."""
    path: Any = chance.choice(
        (*TEXTS, 5, None, [], "/tmp/gradio", "/tmp/gradio/../../etc/passwd", "/srv/app.py")
    )
    meta: Any = chance.choice(
        ({"_type": "gradio.FileData"}, {"_type": "gradio.FileData"}, [], None, "x", {"_type": 3})
    )
    extra = chance.choice(
        ({}, {"url": 5}, {"size": "x"}, {"is_stream": True}, {"url": "http://127.0.0.1:1/"})
    )
    return {"path": path, "meta": meta, **extra}


def question(chance: random.Random) -> dict[str, Any]:
    """A question to a tab, most of it as the page would send it."""
    usual = {
        "set": "toybox",
        "model": "pocket-clip",
        "classes": "cat\ndog",
        "templates": "a {}",
        "limit": 500,
    }
    usual |= {"models": {"vit": "pocket-vit"}, "template": "a {}", "serial": 1, "names": "cat"}
    return usual | {chance.choice(KEYS): value(chance) for _ in range(chance.choice((1, 1, 2, 5)))}


def texts(chance: random.Random) -> tuple[str, str]:
    """Class lines and template lines."""
    parts = (
        "{}",
        "{c}",
        "|",
        "\n",
        " ",
        "cat",
        "dog:",
        ";",
        "x" * 90,
        "\u2028",
        "\ud800",
        "{c}" * 150,
        "7",
        "-",
    )
    made = [
        "".join(chance.choice(parts) for _ in range(chance.choice((1, 5, 300)))) for _ in range(2)
    ]
    if chance.random() < 0.02:
        made[0] = "\n".join(map(str, range(chance.choice((9000, 11_000)))))
    return made[0], made[1]


def name(chance: random.Random) -> str:
    """A set's or a model's name."""
    return chance.choice(TEXTS) + chance.choice(("", "", ".zip", ".parquet", "/x", "\n"))


def configuration(chance: random.Random, usual: dict[str, Any]) -> bytes:
    """A checkpoint's config.json with a few odd values."""
    changed = dict(usual)
    for key in chance.sample(sorted(usual), min(len(usual), chance.choice((1, 1, 2)))):
        changed[key] = chance.choice((None, 0, -1, 7, 1e9, "x", [], {}, [[]], 10**6, 16_384))
    text = json.dumps(changed).encode()
    return chance.choice(
        (text, text, text, b"[" * 50_000, text[: len(text) // 2], b"[]", b'{"model_type": ["vit"]}')
    )


FILES: dict[str, Callable[[random.Random], bytes]] = {
    "image": image,
    "zip": archive,
    "parquet": parquet,
}
