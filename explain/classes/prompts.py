"""Zero-shot classification by prompts (Radford et al. 2021, arXiv 2103.00020): what a template does to accuracy.

Every template is filled with every class name (and its synonyms), each prompt's embedding is of unit length, the mean
over a class's prompts is normalised again and is that class's weight; an image gets the class whose weight is nearest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explain.classes.answers import answered
from explain.scores.metrics import share
from limits import (
    CELLS_AT_ONCE,
    LONGEST_LINE,
    LONGEST_PROMPT,
    PROMPT_LETTERS,
    PROMPTS,
    SET_CLASSES,
    TEMPLATES,
)

if TYPE_CHECKING:
    import torch

    from models.clip import Clip

SLOT = re.compile(r"\{c?\}")  # {} or {c}
NAME = re.compile(r"(?:^|\|)((?:\\[|\\]|[^|])*)")  # of those between the bars of a line
ESCAPED = re.compile(r"\\([|\\])")


class PromptError(ValueError):
    """What is wrong with a text of classes or templates. field: "classes" or "templates"; line counts from 1."""

    def __init__(self, field: str, line: int, sentence: str):
        super().__init__(sentence)
        self.field, self.line = field, line


@dataclass(frozen=True)
class Prompts:
    """What a person typed, read: names[class] are its synonyms, the first of which stands for it."""

    names: tuple[tuple[str, ...], ...]
    templates: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(names[0] for names in self.names)

    def texts(self, template: str) -> list[list[str]]:
        """Per class, the sentences of one template."""
        return [[fill(template, name) for name in names] for names in self.names]

    @property
    def of_classes(self) -> tuple[tuple[str, ...], ...]:
        """Per class, the sentences of all templates, whose mean is what the class is scored by."""
        return tuple(
            tuple(fill(template, name) for template in self.templates for name in names)
            for names in self.names
        )


def read_prompts(classes: str, templates: str) -> Prompts:
    """Classes one per line, synonyms after |; templates one per line, each with a {} or {c}. Empty lines are skipped.

    A | that belongs to a name is written with a backslash before it, as is a backslash that stands before a | or another.

    Raises PromptError where a line cannot be used.
    """
    return _bounded(Prompts(_read_classes(classes), _read_templates(templates)))


def prompts_of(names: Sequence[str], templates: str) -> Prompts:
    """Class names as they stand, | and all, in the templates as typed; PromptError as from `read_prompts`."""
    if len(names) > SET_CLASSES:
        raise ValueError(
            f"These are {len(names):,} classes; a CLIP is asked about {SET_CLASSES:,} at most."
        )
    return _bounded(Prompts(tuple((name,) for name in names), _read_templates(templates)))


def _bounded(prompts: Prompts) -> Prompts:
    """The prompts, whose number and length are known before one is written out; PromptError for too many."""
    names = [name for synonyms in prompts.names for name in synonyms]
    count = len(prompts.templates) * len(names)
    if count > PROMPTS:
        raise PromptError(
            "templates", 1, f"These make {count:,} prompts; keep to {PROMPTS:,} or fewer."
        )
    longest, letters = max(map(len, names)), 0
    for line, template in enumerate(prompts.templates, 1):
        slots = len(SLOT.findall(template))
        if len(template) + slots * longest > LONGEST_PROMPT:
            raise PromptError(
                "templates",
                line,
                f"Template {line} makes a prompt of more than {LONGEST_PROMPT:,} letters with the longest class name; "
                "shorten it, or put fewer {} in.",
            )
        letters += len(names) * len(template) + slots * sum(map(len, names))
    if letters > PROMPT_LETTERS:
        raise PromptError(
            "templates",
            1,
            f"These make {letters:,} letters of prompts; keep to {PROMPT_LETTERS:,} or fewer.",
        )
    return prompts


def fill(template: str, name: str) -> str:
    """The template with the name in each of its slots; a slot within the name stays as it is."""
    return SLOT.sub(lambda _: name, template)


def class_lines(names: Sequence[str]) -> str:
    """Class names as `read_prompts` reads them, one a line and each whole, with any | in it."""
    return "\n".join(name.replace("\\", "\\\\").replace("|", "\\|") for name in names)


def _plain(name: str) -> str:
    return ESCAPED.sub(r"\1", name)


def _lines(field: str, text: str, most: int) -> list[tuple[int, str]]:
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in numbered if line]
    if not lines:
        raise PromptError(field, 1, f"There are no {field} yet; type one per line.")
    if len(lines) > most:
        raise PromptError(
            field, lines[most][0], f"These are {len(lines):,} {field}; keep to {most:,} or fewer."
        )
    for number, line in lines:
        if len(line) > LONGEST_LINE:
            raise PromptError(
                field,
                number,
                f"Line {number} has {len(line):,} characters; keep to {LONGEST_LINE:,}.",
            )
    return lines


def _read_classes(text: str) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    first_line: dict[str, int] = {}
    for number, line in _lines("classes", text, SET_CLASSES):
        names = tuple(_plain(name.strip()) for name in NAME.findall(line))
        if not all(names):
            raise PromptError(
                "classes",
                number,
                f"Line {number} has an empty name beside a |; fill it or take the | out.",
            )
        for name in names:
            if name in first_line:
                raise PromptError(
                    "classes",
                    number,
                    f"{name[:60]!r} in line {number} stands in line {first_line[name]} already; use it once.",
                )
            first_line[name] = number
        found.append(names)
    return tuple(found)


def _read_templates(text: str) -> tuple[str, ...]:
    found: dict[str, int] = {}
    for number, line in _lines("templates", text, TEMPLATES):
        if not SLOT.search(line):
            raise PromptError(
                "templates", number, f"Line {number} has no {{}} for the class name; put one in."
            )
        if line in found:
            raise PromptError(
                "templates",
                number,
                f"Line {number} repeats line {found[line]}; each template counts once.",
            )
        found[line] = number
    return tuple(found)


def template_weights(
    model: Clip, prompts: Prompts, progress: Callable[[float], None] | None = None
) -> torch.Tensor:
    """(templates, classes, dim) sums of unit-length prompt embeddings over each class's synonyms.

    Only strings the model has not met are encoded. The class weights of any choice of templates are sums of these.
    progress hears the fraction done, a few hundred strings at a time, and may raise to stop.
    """
    import torch

    grid = [prompts.texts(template) for template in prompts.templates]
    flat = [text for row in grid for texts in row for text in texts]
    embedded = model.embed_texts(flat, progress)
    counts = torch.tensor([len(texts) for row in grid for texts in row])
    owner = torch.repeat_interleave(torch.arange(len(counts)), counts)
    sums = torch.zeros(len(counts), embedded.shape[1]).index_add(0, owner, embedded)
    return sums.view(len(prompts.templates), len(prompts.names), -1)


def class_weights(per_template: torch.Tensor) -> torch.Tensor:
    """(templates, classes, dim) → (classes, dim) of unit length: the zero-shot classifier."""
    import torch

    return torch.nn.functional.normalize(per_template.sum(0), dim=-1)


def cosines(features: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(images, classes) cosines of unit-length features and class weights."""
    return features @ weights.T


@dataclass(frozen=True)
class Scored:
    """One try on one set. predicted: (images,) class indices, NO_ANSWER (explain/classes/answers.py) where there is none;
    correct: (images,) booleans; margins: (images,) cosine of the true class minus the best other, inf where there is no
    other."""

    predicted: np.ndarray
    correct: np.ndarray
    margins: np.ndarray


def score(features: torch.Tensor, weights: torch.Tensor, truth: np.ndarray) -> Scored:
    """Predictions for (images, dim) features against (images,) true class indices."""
    import torch

    predicted = np.empty(len(features), dtype=int)
    margins = np.empty(len(features), dtype=np.float32)
    for rows in parts(len(features), len(weights)):
        found = cosines(features[rows], weights)
        wanted = torch.as_tensor(truth[rows])[:, None]
        true_cosine = found.gather(1, wanted)[:, 0]
        predicted[rows] = answered(found.numpy(), scale=1)
        margins[rows] = true_cosine - found.scatter_(1, wanted, -torch.inf).amax(1)
    return Scored(predicted, predicted == truth, margins)


def parts(images: int, classes: int) -> Iterator[slice]:
    """All images in parts whose scores, (images, classes), are few enough to be held several times over."""
    step = max(1, CELLS_AT_ONCE // max(1, classes))
    yield from (slice(start, start + step) for start in range(0, images, step))


def leave_one_out(
    features: torch.Tensor,
    per_template: torch.Tensor,
    truth: np.ndarray,
    progress: Callable[[float], None] | None = None,
) -> list[float]:
    """Accuracy without each template in turn, nan where no image has an answer; empty for a single one.

    progress hears the fraction done before each template, and may raise to stop.
    """
    if len(per_template) < 2:
        return []
    import torch

    total, rates = per_template.sum(0), []
    for number, part in enumerate(per_template):
        if progress:
            progress(number / len(per_template))
        rest = torch.nn.functional.normalize(total - part, dim=-1)
        tried = score(features, rest, truth)
        rates.append(share(tried.correct, tried.predicted).accuracy)
    return rates


@dataclass(frozen=True)
class Pairing:
    """Which line of the prompts stands for which class of a set.

    lines: set's class → index among the prompts' classes. by_order: the pairs that no name told, only their order.
    unasked: the set's classes that no line stands for; their images cannot be answered right and are left out.
    """

    lines: dict[str, int]
    by_order: tuple[tuple[str, str], ...]
    unasked: tuple[str, ...]


def pair(classes: Sequence[str], prompts: Prompts) -> Pairing:
    """Pair a set's classes with the typed lines: by any of a line's names; then, if as many are left, in order.

    So "dog" may become "puppy" or "a small dog" and still stand for the set's dogs, and the page says so.
    """
    places = {name.casefold(): line for line, names in enumerate(prompts.names) for name in names}
    lines = {name: places[name.casefold()] for name in classes if name.casefold() in places}
    left = [name for name in classes if name not in lines]
    taken = set(lines.values())
    free = [line for line in range(len(prompts.names)) if line not in taken]
    if len(left) != len(free):
        return Pairing(lines, (), tuple(left))
    told = dict(zip(left, free, strict=True))
    typed = prompts.classes
    by_order = tuple((name, typed[line]) for name, line in told.items())
    return Pairing(lines | told, by_order, ())
