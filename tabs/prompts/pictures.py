"""Pictures of a set for the Prompts tab: small, on request, each with what CLIP answers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from explain.classes.answers import NO_ANSWER, name_of, note_of
from explain.classes.prompts import class_weights, cosines
from limits import PICTURES_SHOWN
from models import text_reader
from models.photo import open_photo
from tabs.prompts.scores import Try, asked_prompts, pinned, tried
from tabs.prompts.tries import Asked, Wording
from tabs.sets import JOINT, clip_set, embed_picture, labelled_set
from tabs.sets.pictures import GONE, small, thumbnail, whole
from tabs.sets.templates import template_sums
from tabs.wiring.gpu import loaded
from tabs.wiring.kept import opened
from tabs.wiring.packing import top_classes
from tabs.wiring.slowly import Progress, Step

if TYPE_CHECKING:
    from torch import Tensor

    from imagesets import ImageSet

LARGE = 512  # of the one picture looked at


def wanted(asked: Asked, progress: Progress) -> dict[str, Any]:
    """The pictures at `asked.places`, or those of a cell of the confusion matrix, each with its five likeliest classes.

    The matrix's column after the last class holds the pictures without an answer.
    """
    found = clip_set(asked.source, asked.limit, asked.wording.model, progress)
    now = tried(found, asked.wording.classes, asked.wording.templates, asked.half, progress)
    places = asked.places
    count = len(places)
    if asked.cell:
        truth, answer = asked.cell
        answer = NO_ANSWER if answer == len(now.prompts.classes) else answer
        chosen = now.counted & (now.truth == truth) & (now.scored.predicted == answer)
        rows = np.flatnonzero(chosen)
        count = len(rows)
        nearest = rows[np.argsort(now.scored.margins[rows], kind="stable")][:PICTURES_SHOWN]
        places = tuple(nearest.tolist())
    before = pinned(now, asked.pinned, asked, progress) if asked.pinned and not asked.cell else None
    pictures = []
    for number, place in enumerate(place for place in places if place < len(found.items)):
        progress(Step(number / len(places), "Making small pictures"))
        pictures.append(_picture(now, before, place))
    return {"count": count, "pictures": pictures}


def compared(asked: Asked, path: str | None, progress: Progress) -> dict[str, Any]:
    """One picture, of the set or uploaded, under each of `asked.compared` templates by itself."""
    if path:
        photo = opened(path)
        name, truth, features = (
            "your picture",
            None,
            embed_picture(asked.wording.model, photo.image, JOINT),
        )
        images = labelled_set(asked.source, asked.limit, progress).images
        image = photo.image
    else:
        found = clip_set(asked.source, asked.limit, asked.wording.model, progress)
        place = asked.places[0] if asked.places else 0
        if place >= len(found.items):
            raise ValueError(GONE)
        item, features = found.items[place], found.encoded.features[place]
        name, truth, image = item.name, item.label, open_photo(item.content)
        images = found.images
    return {
        "name": name,
        "truth": truth,
        "src": small(image, LARGE),
        "answers": [
            _under(asked.wording, images, each, features, progress) for each in asked.compared
        ],
    }


def original(asked: Asked, path: str | None) -> dict[str, Any]:
    """The picture for another tab: its own file as a data address, or a smaller copy of a very large one."""
    if path:
        return whole(path)
    found = clip_set(asked.source, asked.limit, asked.wording.model)
    place = asked.places[0] if asked.places else 0
    if place >= len(found.items):
        raise ValueError(GONE)
    return {**whole(found.items[place].content), "item": int(found.encoded.kept[place])}


def _under(
    wording: Wording, images: ImageSet, template: str, features: Tensor, progress: Progress
) -> dict[str, Any]:
    """The five likeliest classes of one picture under one template; or what is wrong with the template."""
    try:
        prompts = asked_prompts(images, wording.classes, template)
    except ValueError as error:
        return {"template": template, "error": str(error)}
    clip = text_reader(loaded(wording.model))
    weights = class_weights(template_sums(clip, prompts, progress))
    found = cosines(features[None], weights)[0]
    return {
        "template": template,
        "top": top_classes((clip.scale * found).softmax(-1), prompts.classes),
        "no_answer": note_of(found.numpy(), prompts.classes, scale=1),
    }


def _picture(now: Try, before: Try | None, place: int) -> dict[str, Any]:
    item = now.set.items[place]
    shown = {
        "place": place,
        "src": thumbnail(item),
        "name": item.name,
        "truth": now.prompts.classes[now.truth[place]],
        "condition": item.condition,
        "answer": name_of(now.scored.predicted[place], now.prompts.classes),
        "top": _top(now, place),
    }
    if before:
        shown["before"] = name_of(before.scored.predicted[place], before.prompts.classes)
    return shown


def _top(now: Try, place: int) -> list[dict]:
    found = cosines(now.set.encoded.features[place][None], now.weights)[0]
    return top_classes((now.set.clip.scale * found).softmax(-1), now.prompts.classes)
