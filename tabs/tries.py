"""What the Prompts tab asks, checked: everything here was typed or sent by a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagesets import FILES
from tabs.lines import serial
from tabs.sets import LIMIT, MOST

HALVES = ("all", "choose", "confirm")
LONGEST = 2_000_000  # characters of a text of class names or templates
NAME = 300
SHOWN = 48  # pictures sent at once
COMPARED = 4  # templates of one image side by side
DRAWS = (500, LIMIT, MOST)


@dataclass(frozen=True)
class Wording:
    """One CLIP and what it is told, as typed; no classes are the set's own."""

    model: str
    classes: str
    templates: str


@dataclass(frozen=True)
class Asked:
    """One question of the Prompts tab.

    source: a set's name, Hub id, or the path of an uploaded file. half: which pictures count. pinned: what the try is
    compared with. places: pictures asked for; cell: (true class, answer) whose pictures are asked for. serial counts
    the page's questions, so that it knows the newest.
    """

    source: str
    limit: int
    wording: Wording
    half: str = "all"
    pinned: Wording | None = None
    leave_out: bool = False
    places: tuple[int, ...] = ()
    cell: tuple[int, int] | None = None
    compared: tuple[str, ...] = ()
    serial: int = 0


def asked(raw: Any, file: str | None) -> Asked:
    """The browser's JSON, and its uploaded file, as a question; ValueError, in one sentence, for what does not fit."""
    raw = raw if isinstance(raw, dict) else {}
    pinned = raw.get("pinned")
    return Asked(
        uploaded(file) if raw.get("file") else named(raw.get("set")),
        raw["limit"] if raw.get("limit") in DRAWS else LIMIT,
        _wording(raw),
        raw["half"] if raw.get("half") in HALVES else "all",
        _wording(pinned) if isinstance(pinned, dict) else None,
        raw.get("leave_out") is True,
        whole_numbers(raw.get("places"), SHOWN),
        _cell(raw.get("cell")),
        _texts(raw.get("compared")),
        serial(raw),
    )


def named(value: Any) -> str:
    """A set's name or Hub id; whether there is such a set, `load_set` says. Never a file of this computer."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= NAME:
        raise ValueError(
            "An image set is a name such as toybox, a Hub id such as ethz/food101, or an uploaded zip or parquet file."
        )
    if Path(value).suffix.lower() in FILES:
        raise ValueError("Send a zip or parquet file as an upload; paths are not opened.")
    return value.strip()


def uploaded(file: str | None) -> str:
    """The path of an uploaded set; Gradio has made sure that it was uploaded."""
    if not file or Path(file).suffix.lower() not in FILES:
        raise ValueError("Upload a zip or a parquet file: image sets come in these two.")
    return file


def text(value: Any, name: str) -> str:
    """A text of many lines; what stands in them, `read_prompts` judges."""
    value = "" if value is None else value
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"The {name} are one text, one per line, of at most {LONGEST:,} letters.")
    return value


def _wording(raw: dict) -> Wording:
    model = raw.get("model")
    if not isinstance(model, str) or not 0 < len(model.strip()) <= NAME:
        raise ValueError("Choose a CLIP, or type a Hub id such as openai/clip-vit-base-patch32.")
    return Wording(
        model.strip(), text(raw.get("classes"), "classes"), text(raw.get("templates"), "templates")
    )


def whole_numbers(value: Any, most: int) -> tuple[int, ...]:
    value = value if isinstance(value, list) else []
    return tuple(place for place in value[:most] if type(place) is int and place >= 0)


def _cell(value: Any) -> tuple[int, int] | None:
    found = whole_numbers(value, 2)
    return (found[0], found[1]) if len(found) == 2 else None


def _texts(value: Any) -> tuple[str, ...]:
    value = value if isinstance(value, list) else []
    return tuple(each[:1000] for each in value[:COMPARED] if isinstance(each, str))
