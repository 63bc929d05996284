"""A model's label map to be edited: which of its outputs stands for which class of the set."""

from __future__ import annotations

from typing import Any

from explain.classes.label_map import as_text, suggest, with_suggestions
from tabs.compare.asks import CompareQuestion
from tabs.compare.compared_model import compared_model

LISTED = 200  # lines told one by one
NOTES = 5


def label_map(asked: CompareQuestion) -> dict[str, Any]:
    """One model's label map as text, where each line came from, which classes are open, and what might fill them:
    suggestions, and the outputs that are spare.

    Lists are cut at LISTED, with `lines_count` and so on for the whole; the text is not cut.
    """
    if asked.family not in asked.models:
        raise ValueError("Choose a model first.")
    choice = asked.models[asked.family]
    found = compared_model(asked.source, asked.limit, asked.family, choice)
    if found.label_map is None:
        raise ValueError(f"{found.model.name} reads the class names; it needs no label map.")
    labels, known = found.model.labels, found.label_map
    offered = suggest(labels, known)
    written = dict(zip(known.outputs, as_text(known, labels).split("\n"), strict=True))
    completed = as_text(with_suggestions(known, offered), labels)
    filled = dict(zip(known.outputs, completed.split("\n"), strict=True))
    mapped = [name for name in known.outputs if known.outputs[name]]
    used = {output for outputs in known.outputs.values() for output in outputs}
    spare = [label for output, label in enumerate(labels) if output not in used]
    return {
        "family": asked.family,
        "text": "\n".join(written.values()),
        "with_all": completed,
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
