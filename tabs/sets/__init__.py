"""Labelled sets of pictures: loaded, embedded by a model, and kept by content, never by person.

The first to ask for a set does the work; who asks meanwhile waits and finds it done. Embeddings are on disk as well
(explain/features.py), so what is stopped midway goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Hashable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imagesets import CATALOGUE, ImageSet, Item, load_set
from limits import FEATURES_HELD, SETS_HELD
from models import text_reader
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.kept import Kept
from tabs.wiring.listening import attentive
from tabs.wiring.slowly import Progress, Step, stepwise
from tabs.wiring.turns import one_at_a_time

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from explain.features import Encoded
    from models.clip import Clip
    from models.model import Model


Space = tuple[str, int | None]  # pool and layer, as Model.read takes them
JOINT: Space = ("joint", None)


@dataclass(frozen=True)
class LabelledSet:
    """A set with its labels as numbers. codes: (items,) indices into the set's classes; conditions: (items,) names."""

    key: Hashable
    images: ImageSet
    codes: np.ndarray
    conditions: np.ndarray


@dataclass(frozen=True)
class EmbeddedSet:
    """A labelled set embedded in one space of one model. All arrays are (pictures,), those that could be read."""

    key: Hashable
    model: Model
    images: ImageSet
    items: tuple[Item, ...]
    codes: np.ndarray
    conditions: np.ndarray
    encoded: Encoded

    @property
    def clip(self) -> Clip:
        """Its model, where that reads texts; else ValueError."""
        return text_reader(self.model)

    @property
    def skipped(self) -> dict[str, int]:
        """Why pictures were left out → how many."""
        return dict(Counter(self.images.skipped) + Counter(self.encoded.skipped))


def offered() -> list[dict[str, Any]]:
    """The catalogue's sets, as a picker shows them."""
    return [
        {
            "name": entry.name,
            "title": entry.title,
            "note": entry.note,
            "here": entry.kind != "hub",
        }
        for entry in CATALOGUE.values()
    ]


def clip_set(
    source: str | Path, limit: int, name: str, progress: Progress | None = None
) -> EmbeddedSet:
    """The set at `source` in the joint space of the CLIP called `name`. ValueError and OSError are for people."""
    progress = progress or attentive()
    return embed_set(source, limit, clip(name, progress), (JOINT,), progress)[0]


def embed_set(
    source: str | Path,
    limit: int,
    model: Model,
    spaces: Sequence[Space],
    progress: Progress | None = None,
) -> list[EmbeddedSet]:
    """The set at `source` in each of a model's `spaces`, from one pass over what is not known yet."""
    progress = progress or attentive()
    labelled = labelled_set(source, limit, progress)
    key = (model.fingerprint, labelled.key)
    with one_at_a_time(key, lambda: progress(Step(0, "Waiting for the pictures"))):
        held = {space: _features.peek((*key, space)) for space in spaces}
        new = [space for space, encoded in held.items() if encoded is None]
        if new:
            held |= zip(
                new, _encoded(model.name, labelled.images.items, new, progress), strict=True
            )
        for space, encoded in held.items():  # a note is for who waited for the work, once
            _features.get((*key, space), partial(replace, encoded, note=""))
    return [_embedded_set((*key, space), model, labelled, held[space]) for space in spaces]


def _embedded_set(
    key: Hashable, model: Model, labelled: LabelledSet, encoded: Encoded
) -> EmbeddedSet:
    items = labelled.images.items
    whole = len(encoded.kept) == len(labelled.codes)
    return EmbeddedSet(
        key,
        model,
        labelled.images,
        items if whole else tuple(items[place] for place in encoded.kept),
        labelled.codes if whole else labelled.codes[encoded.kept],
        labelled.conditions if whole else labelled.conditions[encoded.kept],
        encoded,
    )


def clip(name: str, progress: Progress) -> Clip:
    """The CLIP called `name`; a stranger's words never name a folder."""
    progress(Step(0, "Loading the model"))
    model = loaded(name)
    return text_reader(model)


def labelled_set(source: str | Path, limit: int, progress: Progress | None = None) -> LabelledSet:
    """The set at `source`, its labels as numbers; ValueError and OSError are for people."""
    key, heard = (_identity(source), limit), progress or attentive()

    def make() -> LabelledSet:
        images = load_set(
            source,
            limit,
            folders=False,
            progress=lambda done, doing: heard(Step(done, doing)),
        )
        places = {name: place for place, name in enumerate(images.classes)}
        return LabelledSet(
            key,
            images,
            np.array([places[item.label] for item in images.items]),
            np.array([item.condition for item in images.items], dtype=object),
        )

    with one_at_a_time(key, lambda: heard(Step(0, "Waiting for the set"))):
        return _sets.get(key, make)


def _encoded(
    name: str, items: tuple[Item, ...], spaces: Sequence[Space], progress: Progress
) -> list[Encoded]:
    with closing(_encode(name, items, spaces)) as told:
        for news in told:
            if isinstance(news, tuple):
                return news[0]
            progress(Step(news, f"Showing {name} the pictures"))
    raise RuntimeError("The encoding ended without a result.")


@on_gpu
def _encode(
    name: str, items: tuple[Item, ...], spaces: Sequence[Space]
) -> Generator[float | tuple[list[Encoded]]]:
    from explain.features import encode_spaces

    model = loaded(name)
    yield from stepwise(lambda progress: encode_spaces(model, items, spaces, progress))


@on_gpu
def embed_picture(name: str, picture: Image, space: Space) -> Tensor:
    """(dim,) one picture that is in no set, in a space of the model called `name`."""
    pool, layer = space
    return loaded(name).embed([picture], layer, pool)[0]


def _identity(source: str | Path) -> Hashable:
    """The same for the same content: a name, or the digest of an uploaded file. A name is never opened as a file."""
    if isinstance(source, str):
        return source
    try:
        about = source.stat()
    except (OSError, ValueError):
        raise FileNotFoundError("This set is not here any more; bring it again.") from None
    return _digest(source, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=1000)
def _digest(path: Path, _changed: int, _size: int) -> str:
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _set_size(labelled: LabelledSet) -> int:
    contents = (item.content for item in labelled.images.items)
    held = sum(len(content) for content in contents if isinstance(content, bytes))
    return held + 500 * len(labelled.codes)


def _feature_size(encoded: Encoded) -> int:
    return encoded.features.nbytes


_sets = Kept(SETS_HELD, _set_size)
_features = Kept(FEATURES_HELD, _feature_size)
