"""What a CLIP makes of prompts that a person would not expect: words it never saw, prompts too long to read to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explain.classes.prompts import SLOT, Prompts, fill
from limits import NOTED

if TYPE_CHECKING:
    from models.clip import Clip

SHOWN = 4  # words named


def notes(model: Clip, prompts: Prompts, templates: str) -> list[dict[str, Any]]:
    """[{field, text, line?}]: sentences to stand beside the box of templates, as typed, or of classes.

    Of more than NOTED classes the first are looked over.
    """
    names = [name for names in prompts.names[:NOTED] for name in names]
    said = [
        *_unseen(model, "templates", [fill(template, " ") for template in prompts.templates]),
        *_unseen(model, "classes", names),
    ]
    longest = max(model.token_counts(names))
    lines = [line.strip() for line in templates.splitlines()]
    for template, count in zip(
        prompts.templates,
        model.token_counts([fill(t, " ") for t in prompts.templates]),
        strict=True,
    ):
        slots = len(SLOT.findall(template))
        if (
            count + slots * (longest - 1) <= model.context
        ):  # 2 of a name's tokens mark start and end
            continue
        most = max(model.token_counts([fill(template, name) for name in names]))
        if most > model.context:
            said.append(
                {
                    "field": "templates",
                    "line": lines.index(template) + 1,
                    "text": f"Line {lines.index(template) + 1} makes prompts of up to {most} tokens; "
                    f"this CLIP reads {model.context} and never sees the rest.",
                }
            )
    return said


def _unseen(model: Clip, field: str, texts: list[str]) -> list[dict[str, Any]]:
    words = model.unseen_words(texts)
    if not words:
        return []
    shown = ", ".join(f"“{word[:30]}”" for word in words[:SHOWN])
    more = " …" if len(words) > SHOWN else ""
    text = f"This CLIP never saw {shown}{more} in training: to it, that means nothing."
    return [{"field": field, "text": text}]
