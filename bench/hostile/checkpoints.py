"""What lies in a checkpoint's folder: odd configurations, tokenizers that run for ever, endless lists of tensors."""

from __future__ import annotations

import json
import random
import shutil
import struct
from pathlib import Path
from typing import Any

from bench.hostile.files import spoilt

ENDLESS = (
    "x" * 60
)  # a text on which the patterns below try for ever, or stop the library where it stands
PATTERNS = ("(x+x+)+y", "(a|x|xx)*$", "x{0,9999}", "(")
HEADER = 99_000_000  # bytes of a list of tensors


def folder(chance: random.Random, usual: Path, place: Path) -> None:
    """A copy of a checkpoint's folder with something wrong in it."""
    shutil.copytree(usual, place)
    weights, words = next(place.glob("*.safetensors")), place / "tokenizer.json"
    if words.exists() and chance.random() < 0.7:
        words.write_bytes(tokenizer(chance, json.loads(words.read_text())))
        return
    file = chance.choice(sorted(place.glob("*config.json")))
    file.write_bytes(configuration(chance, json.loads(file.read_text())))
    if chance.random() < 0.3:
        weights.write_bytes(spoilt(weights.read_bytes(), chance))
    elif chance.random() < 0.03:
        weights.write_bytes(header())


def configuration(chance: random.Random, usual: dict[str, Any]) -> bytes:
    """A checkpoint's config.json with a few odd values."""
    changed = dict(usual)
    for key in chance.sample(sorted(usual), min(len(usual), chance.choice((1, 1, 2)))):
        changed[key] = chance.choice((None, 0, -1, 7, 1e9, "x", [], {}, [[]], 10**6, 16_384))
    text = json.dumps(changed).encode()
    return chance.choice(
        (text, text, text, b"[" * 50_000, text[: len(text) // 2], b"[]", b'{"model_type": ["vit"]}')
    )


def tokenizer(chance: random.Random, usual: dict[str, Any]) -> bytes:
    """A tokenizer.json that splits or changes texts by a pattern of its own, or whose vocabulary has other numbers."""
    pattern = {"Regex": chance.choice(PATTERNS)}
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("pre_tokenizer", {"type": "Split", "pattern": pattern, "behavior": "Isolated"}),
        ("normalizer", {"type": "Replace", "pattern": pattern, "content": "x" * 9}),
        ("padding", {"strategy": {"Fixed": 10**9}}),
        ("model", {"type": "BPE", "vocab": {"x": 10**9}, "merges": []}),
        ("model", {"type": "WordLevel", "vocab": {}, "unk_token": "x"}),
    )
    part, content = chance.choice(kinds)
    content = {"invert": False, **content} if part == "pre_tokenizer" else content
    return json.dumps(usual | {part: content}).encode()


def header() -> bytes:
    """A safetensors file that is one long list of empty tensors."""
    count = HEADER // 150
    entries = (
        f'"{number:090}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
        for number in range(count)
    )
    text = ("{" + ",".join(entries) + "}").encode()
    return struct.pack("<Q", len(text)) + text
