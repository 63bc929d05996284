"""What questions about any labelled set have in common, checked: everything here was typed or sent by a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagesets import FILES
from limits import DRAWN, MOST_DRAWN, MOST_MAPPED, NAME_LETTERS, TEXT_LETTERS
from tabs.wiring.lines import whole

DRAWS = (500, DRAWN, MOST_DRAWN)
START = (
    "toybox-hard"  # the set that a tab opens on: a template moves something, and the models part
)


@dataclass(frozen=True)
class PictureAsked:
    """One picture of a set. place: among its items, from 0."""

    source: str | Path
    limit: int
    place: int


def picture_asked(raw: Any, file: str | None) -> PictureAsked:
    """The browser's JSON, and its uploaded set; ValueError, in one sentence, for what does not fit."""
    raw = raw if isinstance(raw, dict) else {}
    return PictureAsked(
        uploaded(file) if raw.get("file") else named(raw.get("set")),
        raw["limit"] if raw.get("limit") in (*DRAWS, MOST_MAPPED) else DRAWN,
        next(iter(whole_numbers([raw.get("place")], 1)), 0),
    )


def named(value: Any) -> str:
    """A set's name or Hub id; whether there is such a set, `load_set` says. Never a file of this computer."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= NAME_LETTERS:
        raise ValueError(
            "An image set is a name such as toybox, a Hub id such as ethz/food101, or an uploaded zip or parquet file."
        )
    if Path(value).suffix.lower() in FILES:
        raise ValueError("Send a zip or parquet file as an upload; paths are not opened.")
    return value.strip()


def model_name(value: Any) -> str:
    """A name for `load(..., folders=False)`, which knows what names there are."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= NAME_LETTERS:
        raise ValueError(
            "A model is a name such as pocket-vit, or a Hub id such as google/vit-base-patch16-224."
        )
    return value.strip()


def uploaded(file: str | None) -> Path:
    """The path of an uploaded set, as a Path, which a name never is; the inputs have made sure that it was uploaded."""
    if not file or Path(file).suffix.lower() not in FILES:
        raise ValueError("Upload a zip or a parquet file: image sets come in these two.")
    return Path(file)


def text(value: Any, name: str) -> str:
    """A text of many lines; what stands in them, `read_prompts` judges."""
    value = "" if value is None else value
    if not isinstance(value, str) or len(value) > TEXT_LETTERS:
        raise ValueError(
            f"The {name} are one text, one per line, of at most {TEXT_LETTERS:,} letters."
        )
    return whole(value, name)


def whole_numbers(value: Any, most: int) -> tuple[int, ...]:
    value = value if isinstance(value, list) else []
    return tuple(place for place in value[:most] if type(place) is int and place >= 0)
