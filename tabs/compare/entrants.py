"""The models of a comparison, one by one: shown the pictures, asked for their label map, timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from explain.classes.label_map import as_text, suggest, with_suggestions
from tabs.compare import pace
from tabs.compare.asks import CompareAsked, Entrant
from tabs.compare.seats import seat
from tabs.sets import labelled_set, seen
from tabs.sets.judged import answer_space
from tabs.wiring.gpu import loaded
from tabs.wiring.lines import sentence
from tabs.wiring.slowly import Step, Told

LISTED = 200  # lines of a label map told one by one
NOTES = 5


def prepared(asked: CompareAsked, told: Told) -> dict[str, Any]:
    """The set as the page describes it, shown to every model in turn; models: family → {error} where one cannot take part."""
    if not asked.entrants:
        raise ValueError("Choose at least one model to compare.")
    images = labelled_set(asked.source, asked.limit, told).images
    shown = {}
    for number, (family, entrant) in enumerate(asked.entrants.items(), start=1):
        whole = f" ({number} of {len(asked.entrants)} models)" if len(asked.entrants) > 1 else ""

        def tell(step: Step, whole: str = whole) -> None:
            told(Step(step.done, step.doing + whole))

        shown[family] = _shown(asked, family, entrant, tell)
    note = ""
    unread: Counter[str] = Counter()  # mostly the same pictures to every model
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


def _shown(asked: CompareAsked, family: str, entrant: Entrant, told: Told) -> dict[str, Any]:
    """What the page must know of one model that has seen the pictures, or {error}."""
    name = entrant.name
    try:
        told(Step(0, f"Loading {name}"))
        model = loaded(name, family)
        (found,) = seen(asked.source, asked.limit, model, (answer_space(model),), told)
    except (ValueError, OSError) as error:
        return {"error": sentence(error)}
    outputs = None if model.reads_texts else len(model.labels)
    return {
        "pictures": len(found.items),
        "skipped": found.encoded.skipped,
        "note": found.encoded.note,
        "outputs": outputs,
    }


def label_map(asked: CompareAsked) -> dict[str, Any]:
    """One model's label map to be edited: as text, where each line came from, what is open, and what might
    fill it: suggestions, and the outputs that are spare.

    Lists are cut at LISTED, with `lines_count` and so on for the whole; the text is not cut.
    """
    if asked.family not in asked.entrants:
        raise ValueError("Choose a model first.")
    found = seat(asked.source, asked.limit, asked.family, asked.entrants[asked.family])
    if found.labels is None:
        raise ValueError(f"{found.model.name} reads the class names; it needs no label map.")
    labels, known = found.model.labels, found.labels
    offered = suggest(labels, known)
    written = dict(zip(known.outputs, as_text(known, labels).split("\n"), strict=True))
    whole = as_text(with_suggestions(known, offered), labels)
    filled = dict(zip(known.outputs, whole.split("\n"), strict=True))
    mapped = [name for name in known.outputs if known.outputs[name]]
    used = {output for outputs in known.outputs.values() for output in outputs}
    spare = [label for output, label in enumerate(labels) if output not in used]
    return {
        "family": asked.family,
        "text": "\n".join(written.values()),
        "with_all": whole,
        "lines": [
            {"line": written[name], "origin": known.origin[name]} for name in mapped[:LISTED]
        ],
        "lines_count": len(mapped),
        "unmapped": list(known.unmapped[:LISTED]),
        "unmapped_count": len(known.unmapped),
        "suggested": [{"name": name, "line": filled[name]} for name in list(offered)[:LISTED]],
        "suggested_count": len(offered),
        "spare": spare[:LISTED],
        "spare_count": len(spare),
        "notes": list(known.notes[:NOTES]),
    }


def paces(asked: CompareAsked) -> Iterator[dict[str, Any]]:
    """{"doing", "paces"} after each model, then {"paces"} of all: family → {name, images_per_second, how} or {name, error}."""
    found: dict[str, Any] = {}
    for family, entrant in asked.entrants.items():
        yield {"doing": f"Timing {entrant.name}", "paces": dict(found)}
        found[family] = {"name": entrant.name, **_pace(entrant.name)}
    yield {"paces": found}


def _pace(name: str) -> dict[str, Any]:
    try:
        found = pace.measured(name)
    except (ValueError, OSError) as error:
        return {"error": sentence(error)}
    return {"images_per_second": found.images_per_second, "how": found.how}
