"""Labelled images, wherever they come from, and the draw that takes some of a large set with its classes level."""

from __future__ import annotations

import hashlib
import random
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic

from limits import KEPT_BYTES, LABEL_LENGTH, READING_SECONDS, SET_CLASSES

Progress = Callable[[float, str], None]  # the fraction done, and what is being done


@dataclass(frozen=True)
class Item:
    """One labelled image: content is what `models.photo.open_photo` opens, name is for people and unique in its set."""

    content: Path | bytes = field(repr=False)
    label: str
    condition: str  # "" where there is none
    name: str
    caption: str = ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's bytes in hexadecimal, the same wherever the picture lies. Raises OSError."""
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        try:
            with open(self.content, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise OSError(f"{self.name} is gone or locked. Load the image set again.") from error


@dataclass(frozen=True)
class ImageSet:
    """Items drawn from a labelled set, and what is worth knowing of the whole of it.

    classes: every class that has a picture, drawn or not, in the set's own order, else sorted. conditions: those of the
    items. skipped: reason in words → how many were left out. total: labelled images there were before the draw.
    """

    name: str
    title: str
    items: tuple[Item, ...]
    classes: tuple[str, ...]
    conditions: tuple[str, ...]
    skipped: dict[str, int]
    total: int


def draw(labels: Sequence[str], limit: int, seed: int) -> list[int]:
    """Places of at most `limit` labels, in the order they are drawn: round after round, one of each class.

    Each class is shuffled by itself, so that a longer draw begins with the shorter one of the same seed.
    """
    members: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        members.setdefault(label, []).append(place)
    for label, places in members.items():
        random.Random(f"{seed} {label}").shuffle(places)
    queues = list(members.values())
    random.Random(seed).shuffle(queues)  # else a round cut short would favour the first classes
    drawn: list[int] = []
    rounds = max(map(len, queues), default=0)
    for turn in range(rounds):
        queues = [queue for queue in queues if len(queue) > turn]
        drawn += [queue[turn] for queue in queues[: limit - len(drawn)]]
        if len(drawn) == limit:
            break
    return drawn


def fitting(sizes: Iterable[int], limit: int = KEPT_BYTES) -> int:
    """How many of the first `sizes`, in bytes, stay within `limit` together."""
    count = 0
    for size in sizes:
        limit -= size
        if limit < 0:
            break
        count += 1
    return count


def within_time(progress: Progress, title: str) -> Progress:
    """`progress` that raises ValueError once a set has been read for READING_SECONDS."""
    end = monotonic() + READING_SECONDS

    def report(done: float, doing: str) -> None:
        if monotonic() > end:
            raise ValueError(
                f"Reading {title} takes more than {READING_SECONDS // 60} minutes. Save a part of it."
            )
        progress(done, doing)

    return report


def check_classes(classes: Collection, title: str) -> None:
    """Raises ValueError for more classes than can be asked about."""
    if len(classes) > SET_CLASSES:
        raise ValueError(
            f"{title} has more than {SET_CLASSES:,} classes. Save a part of it, or give its pictures broader labels."
        )


def tidy(text: str, length: int | None = LABEL_LENGTH) -> str:
    """One line that can be shown and stored: composed accents, single spaces, nothing unprintable, cut to `length`."""
    whole = text.encode("utf-8", "replace").decode(
        "utf-8"
    )  # a file's name may hold lone surrogates
    shown = "".join(
        letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", whole)
    )
    return " ".join(shown.split())[:length].rstrip()


def image_set(
    name: str,
    title: str,
    labels: Iterable[str],
    items: Sequence[Item],
    skipped: Mapping[str, int],
    order: Sequence[str] = (),
) -> ImageSet:
    """The set of `items`, drawn from pictures with `labels`; order: the set's own class names, where it has an order.

    Raises ValueError where there is no item.
    """
    labels = list(labels)
    skipped = {reason: count for reason, count in skipped.items() if count}
    if not items:
        why = "; ".join(f"{reason}: {count:,}" for reason, count in skipped.items())
        raise ValueError(
            f"{title} holds no labelled picture{why and f' ({why})'}. Put the pictures of each class into a folder "
            "named for it, or add a csv table with the columns file and label."
        )
    present = set(labels)
    check_classes(present, title)
    classes = [label for label in dict.fromkeys(order) if label in present] or sorted(present)
    conditions = dict.fromkeys(item.condition for item in items if item.condition)
    return ImageSet(
        name,
        title,
        tuple(items),
        tuple(classes),
        tuple(conditions),
        skipped,
        len(labels),
    )
