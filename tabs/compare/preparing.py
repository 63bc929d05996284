"""What comes before a comparison: the set is loaded, and every model is shown its pictures."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tabs.compare.asks import CompareQuestion
from tabs.compare.comparison import NO_MODEL
from tabs.sets import embed_set, labelled_set
from tabs.sets.predictions import answer_space
from tabs.wiring.gpu import loaded
from tabs.wiring.lines import sentence
from tabs.wiring.slowly import Progress, Step


def prepared(asked: CompareQuestion, progress: Progress) -> dict[str, Any]:
    """The set as the page describes it; models: family → {error} where one cannot take part. progress may raise to stop."""
    if not asked.models:
        raise ValueError(NO_MODEL)
    images = labelled_set(asked.source, asked.limit, progress).images
    shown = {
        family: _shown(asked, family, _counted(progress, number, len(asked.models)))
        for number, family in enumerate(asked.models, start=1)
    }
    unread: Counter[str] = Counter()  # mostly the same pictures to every model
    note = ""
    for each in shown.values():
        unread |= Counter(each.pop("skipped", {}))
        note = each.pop("note", "") or note
    return {
        "title": images.title,
        "pictures": min(
            (each["pictures"] for each in shown.values() if "pictures" in each), default=0
        ),
        "total": images.total,
        "classes": images.classes,
        "conditions": images.conditions,
        "skipped": dict(Counter(images.skipped) + unread),
        "note": note,
        "models": shown,
    }


def _counted(progress: Progress, number: int, total: int) -> Progress:
    """`progress`, which says of each step for which of several models it is."""
    which = f" ({number} of {total} models)" if total > 1 else ""
    return lambda step: progress(Step(step.done, step.doing + which))


def _shown(asked: CompareQuestion, family: str, progress: Progress) -> dict[str, Any]:
    """What the page must know of one model that has seen the pictures, or {error}."""
    name = asked.models[family].name
    try:
        progress(Step(0, f"Loading {name}"))
        model = loaded(name, family)
        spaces = (answer_space(model),)
        (found,) = embed_set(asked.source, asked.limit, model, spaces, progress)
    except (ValueError, OSError) as error:
        return {"error": sentence(error)}
    outputs = None if model.reads_texts else len(model.labels)
    return {
        "pictures": len(found.items),
        "skipped": found.encoded.skipped,
        "note": found.encoded.note,
        "outputs": outputs,
    }
