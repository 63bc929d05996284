"""Which columns of a parquet file hold the picture and its label: told by type, then by name, never guessed between two."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagesets.labelled import tidy

if TYPE_CHECKING:
    from pyarrow import DataType, Schema

IMAGE_NAMES = ("image", "img", "picture", "photo")
SHOWN = 40  # characters of a column's name in a sentence
LABEL_NAMES = ("label", "labels", "category", "class")


@dataclass(frozen=True)
class Columns:
    """Names of columns; names: the label column's class names, where it has numbers that stand for them."""

    image: str
    label: str
    names: tuple[str, ...] = ()
    condition: str | None = None
    caption: str | None = None

    @property
    def of_rows(self) -> list[str]:
        """What is read row by row: all but the label, which is read before."""
        return [name for name in (self.image, self.condition, self.caption) if name]

    @property
    def texts(self) -> list[str]:
        return [name for name in (self.label, self.condition, self.caption) if name]


def choose_columns(schema: Schema, title: str) -> Columns:
    """The columns of an image set. Raises ValueError, with the columns there are, where that is not clear."""
    if len(set(schema.names)) < len(schema.names):
        raise ValueError(f"{title} has two columns of one name. Rename one and try again.")
    features = _features(schema)
    types = {field.name: field.type for field in schema}
    kinds = {name: _kind(types[name], features.get(name)) for name in types}
    image = _one(
        "image", [name for name in types if kinds[name] == "image"], IMAGE_NAMES, types, title
    )
    classes = [name for name in types if kinds[name] == "class"]
    plain = [name for name in types if kinds[name] in ("text", "number")]
    label = _one("label", classes or plain, LABEL_NAMES, types, title)
    texts = [name for name in types if kinds[name] == "text" and name != label]
    return Columns(
        image,
        label,
        tuple(features[label]["names"]) if label in classes else (),
        "condition" if "condition" in texts else None,
        "caption" if "caption" in texts else None,
    )


def _one(
    role: str, found: list[str], known: Collection[str], columns: Collection[str], title: str
) -> str:
    named = [name for name in found if name.lower() in known]
    if len(found) == 1 or len(named) == 1:
        return (named or found)[0]
    there = ", ".join(tidy(name, SHOWN) for name in list(columns)[:20]) or "none"
    wanting = "several columns that could be" if found else "no column that could be"
    raise ValueError(
        f"{title} has {wanting} the {role} (its columns: {there}). Name the right one {role} and try again."
    )


def _features(schema: Schema) -> dict[str, dict[str, Any]]:
    """What the `datasets` library noted about the columns; {} where it did not write the file."""
    try:
        noted = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {name: feature for name, feature in noted.items() if isinstance(feature, dict)}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def _kind(kind: DataType, feature: dict[str, Any] | None) -> str:
    """What a column may serve as: "image", "class", "text", "number" or ""."""
    from pyarrow import types

    if types.is_struct(kind):
        parts = [kind.field(place) for place in range(kind.num_fields)]
        return "image" if any(p.name == "bytes" and _is_binary(p.type) for p in parts) else ""
    if types.is_dictionary(kind):
        kind = kind.value_type
    if _is_binary(kind):
        return "image"
    if types.is_string(kind) or types.is_large_string(kind):
        return "text"
    if types.is_integer(kind):
        names = (feature or {}).get("names")
        known = isinstance(names, list) and all(isinstance(name, str) for name in names)
        return "class" if known and names else "number"
    return "number" if types.is_boolean(kind) else ""


def _is_binary(kind: DataType) -> bool:
    from pyarrow import types

    return types.is_binary(kind) or types.is_large_binary(kind)
