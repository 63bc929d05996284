"""Texts and JSON: names, classes, templates, and questions of every form."""

from __future__ import annotations

import random
from typing import Any

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
