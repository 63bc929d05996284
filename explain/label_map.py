"""Which of a closed-set model's outputs stand for which class of a labelled set.

Only names tell: a label that is the class's name, or one of the synonyms that ImageNet's labels list after commas. What
looks likely beyond that is suggested, and people decide; so a comparison never rests on a guess nobody saw.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from explain.imagenet import GROUPS, is_imagenet

LONGEST = 2_000_000  # characters of a typed map
NAME, SYNONYM, TYPED = "name", "synonym", "typed"
RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")


class LabelMapError(ValueError):
    """What is wrong with a typed map; line counts from 1. field: the box it stands in."""

    field = "label_map"

    def __init__(self, line: int, sentence: str):
        super().__init__(sentence)
        self.line = line


@dataclass(frozen=True)
class LabelMap:
    """outputs: class → indices of the outputs that stand for it, maybe none; origin: class → what told, "" for none.

    notes: sentences on names that could not be decided.
    """

    outputs: dict[str, tuple[int, ...]]
    origin: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def unmapped(self) -> tuple[str, ...]:
        return tuple(name for name, outputs in self.outputs.items() if not outputs)


def derive(classes: Sequence[str], labels: Sequence[str]) -> LabelMap:
    """The map that names tell: whole labels first, then synonyms.

    A name that several outputs bear (ImageNet has two cranes), or two classes that differ only in case, are left open
    with a note.
    """
    whole = _places({index: [label] for index, label in enumerate(labels)})
    parts = _places({index: label.split(",") for index, label in enumerate(labels)})
    wanted = _places({place: [name] for place, name in enumerate(classes)})
    outputs, origin, notes = {}, {}, []
    for name in classes:
        key = _key(name)
        found, told = (whole[key], NAME) if key in whole else (parts.get(key, ()), SYNONYM)
        if found and len(wanted[key]) > 1:
            notes.append(f"{name!r} and another class have the same label; say which means it.")
            found = ()
        if len(found) > 1:
            which = ", ".join(map(str, found[:4]))
            notes.append(f"{name!r} is the name of outputs {which}; say which of them is meant.")
            found = ()
        outputs[name], origin[name] = tuple(found), told if found else ""
    return _once(outputs, origin, notes)


def suggest(labels: Sequence[str], label_map: LabelMap) -> dict[str, tuple[int, ...]]:
    """What the classes without an output might be: ImageNet's own groups, else labels that end with the name.

    "sports car, sport car" ends with "car". Nothing that stands for a class already is suggested for another.
    """
    taken = {output for outputs in label_map.outputs.values() for output in outputs}
    ends: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        for word in {part.split()[-1] for part in _key(label).split(",") if part.split()}:
            ends.setdefault(word, []).append(index)
    groups = GROUPS if is_imagenet(labels) else {}
    likely = {
        name: groups.get(_key(name)) or ends.get(_key(name), ()) for name in label_map.unmapped
    }
    found: dict[str, tuple[int, ...]] = {}
    for name in sorted(likely, key=lambda name: len(likely[name])):  # ducks before birds
        found[name] = tuple(index for index in likely[name] if index not in taken)
        taken.update(found[name])
    return {name: found[name] for name in likely if found[name]}


def with_suggestions(label_map: LabelMap, suggested: Mapping[str, tuple[int, ...]]) -> LabelMap:
    """`label_map` with what somebody took from `suggest`."""
    return LabelMap(
        {**label_map.outputs, **suggested}, {**label_map.origin, **dict.fromkeys(suggested, TYPED)}
    )


def as_text(label_map: LabelMap, labels: Sequence[str]) -> str:
    """One line a class, "dog: Chihuahua; 152-268": a single output by its label, several in a row by their range.

    An output whose label could be read as something else goes by its index.
    """
    unclear = _unclear(labels)
    return "\n".join(
        f"{name}: {'; '.join(_runs(outputs, labels, unclear))}".rstrip()
        for name, outputs in label_map.outputs.items()
    )


def read_label_map(text: str, classes: Sequence[str], labels: Sequence[str]) -> LabelMap:
    """A map as `as_text` writes it; classes that have no line get no output.

    A line's class is the longest class name that it begins with, before ":"; its outputs stand between ";", each an
    index, a range of indices, a label or one of a label's synonyms. Raises LabelMapError, which names the line.
    """
    if len(text) > LONGEST:
        raise LabelMapError(1, f"The label map is longer than {LONGEST:,} characters.")
    known = {name: name for name in classes}
    named = _places({index: [label] for index, label in enumerate(labels)})
    parts = _places({index: label.split(",") for index, label in enumerate(labels)})
    outputs: dict[str, tuple[int, ...]] = {}
    owner: dict[int, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, rest = _split(number, line.strip(), known)
        if name in outputs:
            raise LabelMapError(number, f"Line {number} names {name!r} again; keep one line of it.")
        found: list[int] = []
        for word in filter(None, map(str.strip, rest.split(";"))):
            found += _read(number, word, labels, named, parts)
        for output in found:
            if output in owner:
                raise LabelMapError(
                    number,
                    f"Line {number}: output {output} stands for {owner[output]!r} already; it can stand for one class.",
                )
            owner[output] = name
        outputs[name] = tuple(found)
    outputs = {name: outputs.get(name, ()) for name in classes}
    return LabelMap(outputs, {name: TYPED if found else "" for name, found in outputs.items()})


def closed_set(logits: np.ndarray, label_map: LabelMap, classes: Sequence[str]) -> np.ndarray:
    """(images, outputs) logits → (images, classes) float32: softmax over the mapped outputs, summed for each class.

    A class without outputs gets 0. Raises ValueError where nothing is mapped.
    """
    owner = _owners(label_map, classes)
    if not owner:
        raise ValueError(
            "None of this model's labels is a class of the set. Say in the label map which outputs stand for which class."
        )
    outputs = np.array(list(owner))
    chosen = np.asarray(logits, dtype=np.float64)[:, outputs]
    raised = np.exp(chosen - chosen.max(1, keepdims=True))
    shares = raised / raised.sum(1, keepdims=True)
    found = np.zeros((len(classes), len(shares)))
    np.add.at(found, np.array(list(owner.values())), shares.T)
    return found.T.astype(np.float32)


def unrestricted(
    logits: np.ndarray, label_map: LabelMap, classes: Sequence[str], truth: np.ndarray
) -> np.ndarray:
    """(images,) booleans: whether the best of all outputs stands for the true class, an index among `classes`."""
    logits = np.asarray(logits)
    stands = np.full(logits.shape[1], -1)
    for output, place in _owners(label_map, classes).items():
        stands[output] = place
    return stands[logits.argmax(1)] == np.asarray(truth)


def _owners(label_map: LabelMap, classes: Sequence[str]) -> dict[int, int]:
    """Output → the place of the class it stands for."""
    return {
        output: place
        for place, name in enumerate(classes)
        for output in label_map.outputs.get(name, ())
    }


def _key(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())


def _places(names: Mapping[int, Sequence[str]]) -> dict[str, tuple[int, ...]]:
    """Name, in small letters → the places that bear it."""
    found: dict[str, list[int]] = {}
    for place, several in names.items():
        for key in dict.fromkeys(map(_key, several)):
            found.setdefault(key, []).append(place)
    return {key: tuple(places) for key, places in found.items()}


def _once(outputs: dict, origin: dict, notes: list[str]) -> LabelMap:
    """An output that two classes want stays with the one whose whole name it bears."""
    owner: dict[int, str] = {}
    for name in sorted(outputs, key=lambda name: origin[name] != NAME):
        for output in outputs[name]:
            if output in owner:
                notes.append(
                    f"{name!r} and {owner[output]!r} want output {output}; it can stand for one."
                )
                outputs[name], origin[name] = (), ""
            else:
                owner[output] = name
    return LabelMap(outputs, origin, tuple(notes))


def _unclear(labels: Sequence[str]) -> set[int]:
    """Outputs whose labels a line cannot hold: twice there, empty, with its signs in them, or like an index."""
    bearers = _places({index: [label] for index, label in enumerate(labels)})
    return {
        index
        for index, label in enumerate(labels)
        if len(bearers[_key(label)]) > 1
        or not label.strip()
        or label != " ".join(label.split())
        or set(label) & set(";:")
        or RANGE.fullmatch(label)
    }


def _runs(outputs: Sequence[int], labels: Sequence[str], unclear: set[int]) -> list[str]:
    """Outputs in words: runs of three and more as ranges."""
    runs: list[list[int]] = []
    for output in outputs:
        if runs and output == runs[-1][-1] + 1:
            runs[-1].append(output)
        else:
            runs.append([output])
    written: list[str] = []
    for run in runs:
        if len(run) > 2:
            written.append(f"{run[0]}-{run[-1]}")
        else:
            written += [str(each) if each in unclear else labels[each] for each in run]
    return written


def _split(number: int, line: str, known: Mapping[str, str]) -> tuple[str, str]:
    """A line's class, the longest that is known, and the rest."""
    cuts = [place for place, letter in enumerate(line) if letter == ":"]
    for cut in reversed(cuts):
        if (name := line[:cut].strip()) in known:
            return known[name], line[cut + 1 :]
    if not cuts:
        raise LabelMapError(number, f"Line {number} has no “:” between the class and its labels.")
    asked = line[: cuts[0]].strip()
    near = get_close_matches(asked, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise LabelMapError(number, f"Line {number}: the set has no class {asked[:60]!r}{hint}")


def _read(
    number: int,
    word: str,
    labels: Sequence[str],
    named: Mapping[str, tuple[int, ...]],
    parts: Mapping[str, tuple[int, ...]],
) -> list[int]:
    """The outputs one entry of a line means; digits always mean an index."""
    if match := RANGE.fullmatch(word):
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last < len(labels):
            return list(range(first, last + 1))
        raise LabelMapError(
            number, f"Line {number}: {word} is no output; they count from 0 to {len(labels) - 1}."
        )
    key = _key(word)
    found = named.get(key) or parts.get(key, ())
    if len(found) == 1:
        return list(found)
    if found:
        which = ", ".join(map(str, found[:4]))
        raise LabelMapError(
            number, f"Line {number}: {word[:60]!r} is the label of outputs {which}; give an index."
        )
    near = get_close_matches(key, parts, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise LabelMapError(number, f"Line {number}: the model has no label {word[:60]!r}{hint}")
