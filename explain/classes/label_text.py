"""A label map as lines that people edit: "dog: Chihuahua; 152-268", one for each class of the set.

A line's class is the longest class name that it begins with and that a ":" follows, so that names may hold ":" themselves.
Its outputs stand between ";", because ImageNet's labels hold commas: each a label, one of a label's synonyms, an index
that counts from 0, or a range of them. What reads like an index is one; a label that does, or that could be taken for
anything else, is therefore written by its index.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from limits import TEXT_LETTERS

Outputs = Mapping[str, tuple[int, ...]]

NEAR = 60  # characters of a name that are looked at for the nearest known one
KNOWN = 2000  # names among which it is looked for: each costs the square of its characters
RANGE = re.compile(r"(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?")


class LabelMapError(ValueError):
    """What is wrong with a typed map; line counts from 1. field: the box it stands in."""

    field = "label_map"

    def __init__(self, line: int, sentence: str):
        super().__init__(sentence)
        self.line = line


def plain(name: str) -> str:
    """A name as it is compared: small letters, and spaces for underscores and for several spaces."""
    return " ".join(name.casefold().replace("_", " ").split())


def places(
    names: Sequence[Sequence[str]], compared: Callable[[str], str] = plain
) -> dict[str, tuple[int, ...]]:
    """Name, as it is compared → the places in `names` that bear it, in order."""
    found: dict[str, list[int]] = {}
    for place, several in enumerate(names):
        for name in dict.fromkeys(map(compared, several)):
            found.setdefault(name, []).append(place)
    return {name: tuple(bearers) for name, bearers in found.items() if name}


def write(outputs: Outputs, labels: Sequence[str]) -> str:
    """One line a class: a single output by its label, three and more in a row by their range."""
    bearers = Counter(map(plain, labels))
    return "\n".join(
        f"{name}: {'; '.join(_words(indices, labels, bearers))}".rstrip()
        for name, indices in outputs.items()
    )


def read(text: str, classes: Sequence[str], labels: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Class → its outputs, in the order typed; none for a class without a line. Raises LabelMapError."""
    if len(text) > TEXT_LETTERS:
        raise LabelMapError(
            1, f"This label map has {len(text):,} characters; keep to {TEXT_LETTERS:,}."
        )
    known, most = set(classes), max((name.count(":") for name in classes), default=0) + 1
    lexicon = _lexicon(labels)
    outputs: dict[str, tuple[int, ...]] = {}
    owner: dict[int, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, rest = _split(number, line.strip(), known, most)
        if name in outputs:
            raise LabelMapError(number, f"Line {number} names {name!r} again; keep one line of it.")
        outputs[name] = _take(number, name, rest, lexicon, owner)
    return {name: outputs.get(name, ()) for name in classes}


@dataclass(frozen=True)
class _Lexicon:
    """The model's labels, and by plain name the outputs that bear it as a whole label or as a synonym."""

    labels: Sequence[str]
    whole: dict[str, tuple[int, ...]]
    parts: dict[str, tuple[int, ...]]


def _lexicon(labels: Sequence[str]) -> _Lexicon:
    return _Lexicon(
        labels, places([[label] for label in labels]), places([each.split(",") for each in labels])
    )


def _words(indices: Sequence[int], labels: Sequence[str], bearers: Counter[str]) -> list[str]:
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    words: list[str] = []
    for run in runs:
        if len(run) > 2:
            words.append(f"{run[0]}-{run[-1]}")
        else:
            words += [labels[each] if _clear(labels[each], bearers) else str(each) for each in run]
    return words


def _clear(label: str, bearers: Counter[str]) -> bool:
    """Whether a line can hold this label and nothing else could be meant by it."""
    tidy = label == " ".join(label.split()) and not set(label) & set(":;")
    name = plain(label)
    return tidy and bool(name) and bearers[name] == 1 and not RANGE.fullmatch(label)


def _split(number: int, line: str, known: set[str], most: int) -> tuple[str, str]:
    """A line's class and the rest. A name with n ":" is over at the next, so that `most` of them need be tried."""
    cuts = [found.start() for found in islice(re.finditer(":", line), most)]
    for cut in reversed(cuts):
        if (name := line[:cut].strip()) in known:
            return name, line[cut + 1 :]
    if not cuts:
        raise LabelMapError(number, f"Line {number} has no “:” between the class and its labels.")
    asked = line[: cuts[0]].strip()
    raise LabelMapError(
        number, f"Line {number}: the set has no class {asked[:60]!r}{_hint(asked, known)}"
    )


def _take(
    number: int, name: str, rest: str, lexicon: _Lexicon, owner: dict[int, str]
) -> tuple[int, ...]:
    """The outputs of one line, which from now on are `name`'s."""
    taken: list[int] = []
    for word in filter(None, map(str.strip, rest.split(";"))):
        for output in _meant(number, word, lexicon):
            if output in owner:
                label = lexicon.labels[output][:60]
                raise LabelMapError(
                    number,
                    f"Line {number}: output {output} ({label!r}) stands for {owner[output]!r} already; it can stand once.",
                )
            owner[output] = name
            taken.append(output)
    return tuple(taken)


def _meant(number: int, word: str, lexicon: _Lexicon) -> Sequence[int]:
    if match := RANGE.fullmatch(word):
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last < len(lexicon.labels):
            return range(first, last + 1)
        wrong = f"{word} is no output or range; they count from 0 to {len(lexicon.labels) - 1}."
        raise LabelMapError(number, f"Line {number}: {wrong}")
    name = plain(word)
    found = lexicon.whole.get(name) or lexicon.parts.get(name, ())
    if len(found) == 1:
        return found
    if found:
        which = ", ".join(map(str, found[:4]))
        wrong = f"{word[:60]!r} is the name of outputs {which}; give an index."
    else:
        wrong = f"the model has no label {word[:60]!r}{_hint(name, lexicon.parts)}"
    raise LabelMapError(number, f"Line {number}: {wrong}")


def _hint(asked: str, known: Collection[str]) -> str:
    near = get_close_matches(asked[:NEAR], islice((name[:NEAR] for name in known), KNOWN), 1)
    return f"; did you mean {near[0]!r}?" if near else "."
