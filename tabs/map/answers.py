"""What the Map tab's questions come to: a set as every model answers and arranges it, as numbers for the browser to draw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from explain.classes.answers import NO_ANSWER, same_texts, unanswered_note
from explain.classes.prompts import class_weights, fill, prompts_of
from explain.maps.nearest import nearest
from explain.scores.metrics import share
from imagesets import Item
from models import FAMILIES, text_reader
from tabs.map import projections
from tabs.map.asks import MapAsked
from tabs.map.sheets import sheet
from tabs.sets import LabelledSet, embed_picture, embed_set, labelled_set, pictures
from tabs.sets.predictions import answer_space, predict
from tabs.sets.shares import number
from tabs.sets.templates import template_sums
from tabs.wiring.gpu import loaded
from tabs.wiring.kept import opened
from tabs.wiring.lines import sentence
from tabs.wiring.packing import packed
from tabs.wiring.slowly import Progress, Step

MARKED = 60  # classes whose prompts are put on the map
NEAR = 8  # nearest pictures shown


def thumbnails(asked: MapAsked, progress: Progress) -> dict[str, Any]:
    """A sheet of the pictures at the asked places."""
    items, places = _items(asked)
    if not places:
        return {}
    return {**sheet([items[place] for place in places], progress), "places": places}


def large(asked: MapAsked) -> dict[str, Any]:
    """The picture at the asked place, to be looked at."""
    place, item = _item(asked)
    return {"place": place, **pictures.large(item)}


def original(asked: MapAsked) -> dict[str, Any]:
    """The picture at the asked place, as it is."""
    return pictures.whole(_item(asked)[1].content)


def prepared(asked: MapAsked, progress: Progress) -> dict[str, Any]:
    labelled = labelled_set(asked.source, asked.limit, progress)
    models = {family: _shown(asked, family, progress) for family in asked.models}
    able = {family: name for family, name in asked.models.items() if "error" not in models[family]}
    if not able:
        raise ValueError(next(iter(models.values()))["error"] if models else "Choose a model.")
    chosen = projections.shared(replace(asked, models=able))
    note = next(filter(None, (each.pop("note", "") for each in models.values())), "")
    return {**_about(labelled, chosen), "note": note, "models": models}


def _shown(asked: MapAsked, family: str, progress: Progress) -> dict[str, Any]:
    """One model's name, depth and answers; or why there are none."""
    name = asked.models[family]
    try:
        progress(Step(0, f"Loading {name}"))
        model = loaded(name, family)
        first, *_ = embed_set(
            asked.source, asked.limit, model, projections.spaces_at_first(model), progress
        )
    except (ValueError, OSError) as error:
        return {"error": sentence(error)}
    return {"depth": model.depth, "note": first.encoded.note, **_answers(asked, family, progress)}


def _answers(asked: MapAsked, family: str, progress: Progress) -> dict[str, Any]:
    """What one model answers to every picture, -1 for none; and why there is none to some, or to any."""
    model = loaded(asked.models[family])
    (found,) = embed_set(asked.source, asked.limit, model, [answer_space(model)], progress)
    try:
        predictions = predict(found, asked.template, progress=progress)
    except ValueError as error:
        return {"silent": str(error)}
    answers = np.full(found.encoded.kept.max() + 1, NO_ANSWER)
    answers[found.encoded.kept] = predictions.predicted
    return {
        "answers": answers.tolist(),
        "accuracy": number(share(predictions.right, predictions.predicted).accuracy),
        "silent": unanswered_note(predictions.predicted),
        "unknown": predictions.label_map.unmapped if predictions.label_map else (),
    }


def _about(labelled: LabelledSet, chosen: np.ndarray) -> dict[str, Any]:
    """The set as the browser keeps it; lists go by place among its items. pictures: the places on the map."""
    images = labelled.images
    kinds = {name: number for number, name in enumerate(images.conditions)}
    return {
        "title": images.title,
        "pictures": len(chosen),
        "total": images.total,
        "classes": images.classes,
        "conditions": images.conditions,
        "skipped": images.skipped,
        "chosen": chosen.tolist(),
        "labels": labelled.codes.tolist(),
        "kinds": [kinds.get(name, -1) for name in labelled.conditions],
        "names": [item.name for item in images.items],
    }


def arranged(asked: MapAsked, family: str, progress: Progress) -> dict[str, Any]:
    """One model's map: where each picture lies, and how far that may be trusted."""
    found = projections.arranged(asked, family, progress)
    first = next(iter(asked.models))
    return {
        "points": packed(found.points),
        "space": found.words,
        "joint": found.space[0] == "joint",
        "layer": found.space[1],
        "notes": found.projected.notes,
        "explained": getattr(found.projected.arrangement, "explained", None),
        "quality": vars(found.quality),
        "overlap": _overlap(asked, found, first) if family != first else None,
        "with": FAMILIES[first],
    }


def _overlap(asked: MapAsked, found: projections.Arranged, other: str) -> dict[str, Any] | None:
    both = projections.overlap(asked, found, other)
    return both._asdict() if both else None


def _items(asked: MapAsked) -> tuple[tuple[Item, ...], list[int]]:
    items = labelled_set(asked.source, asked.limit).images.items
    return items, [place for place in asked.places if place < len(items)]


def _item(asked: MapAsked) -> tuple[int, Item]:
    items, places = _items(asked)
    if not places:
        raise ValueError(pictures.GONE)
    return places[0], items[places[0]]


def neighbours(asked: MapAsked) -> dict[str, Any]:
    """{family: {places, similarities}} of the pictures most like the one at the asked place, nearest first."""
    answer = {}
    for family in asked.models:
        shown, rows = projections.embedded_set(asked, family)
        (at,) = np.nonzero(np.isin(shown, asked.places[:1]))
        count = min(NEAR, len(shown) - 1)
        if len(at) and count:
            near = nearest(rows[at], rows, count, own=at)
            cosines = 1 - near.distances[0] ** 2 / 2
            answer[family] = _pictures(shown, near.places[0], cosines)
    return {"place": asked.places[0] if asked.places else None, "near": answer}


def prompted(asked: MapAsked, progress: Progress) -> dict[str, Any]:
    """Where each class's prompt comes to lie on CLIP's map, with the pictures nearest to it; and CLIP's answers with them.

    Classes whose prompts are one text to CLIP share one mark. progress may raise to stop.
    """
    family = next((f for f, name in asked.models.items() if loaded(name).reads_texts), "")
    if not family:
        return {"marks": [], "note": "Prompts need a CLIP."}
    model = loaded(asked.models[family])
    answers = {"family": family, **_answers(asked, family, progress)}
    classes = labelled_set(asked.source, asked.limit).images.classes
    texts = prompts_of(classes, asked.template)
    if projections.space_of(model, asked.pool, asked.depth)[0] != "joint":
        return {**answers, "marks": [], "note": "Prompts lie in CLIP's joint space alone."}
    found = projections.arranged(asked, family, progress)
    weights = class_weights(template_sums(text_reader(model), texts, progress))[:MARKED]
    placement, points = found.placed(weights, NEAR)
    says = [fill(texts.templates[0], name) for name in texts.classes]
    marks = [
        {
            "id": texts.classes[group[0]],
            "label": ", ".join(texts.classes[at] for at in group),
            "classes": [texts.classes[at] for at in group],
            "says": says[group[0]],
            "x": float(points[group[0], 0]),
            "y": float(points[group[0], 1]),
            **_pictures(
                found.pictures,
                placement.neighbours[group[0]],
                placement.similarities[group[0]],
            ),
        }
        for group in same_texts(weights.numpy())
    ]
    more = f"The first {MARKED} of {len(classes):,} classes." if len(classes) > MARKED else ""
    return {**answers, "marks": marks, "note": more}


def placed(asked: MapAsked, path: str | None, progress: Progress) -> dict[str, Any]:
    if not path:
        raise ValueError("Upload a picture to place it on the maps.")
    photo = opened(path)
    marks = {}
    for family, name in asked.models.items():
        found = projections.arranged(asked, family, progress)
        features = embed_picture(name, photo.image, found.space)[None]
        placement, points = found.placed(features, NEAR)
        near_by = _pictures(found.pictures, placement.neighbours[0], placement.similarities[0])
        marks[family] = {"x": float(points[0, 0]), "y": float(points[0, 1]), **near_by}
    return {"src": pictures.small(photo.image, 192), "marks": marks}


def _pictures(shown: np.ndarray, near: np.ndarray, similarities: np.ndarray) -> dict:
    return {"places": shown[near].tolist(), "similarities": similarities.tolist()}
