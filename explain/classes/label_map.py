"""Which of a closed-set model's outputs stand for which class of a labelled set.

Only names tell: a label that is the class's name, or one of the synonyms that ImageNet's labels list after commas. What
looks likely beyond that is suggested, and people decide; so a comparison never rests on a guess nobody saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explain.classes.answers import sharing_the_highest
from explain.classes.imagenet import GROUPS, MEANINGS, is_imagenet
from explain.classes.label_text import LabelMapError, places, plain, read, write

__all__ = [
    "LabelMap",
    "LabelMapError",
    "as_text",
    "closed_set",
    "derive",
    "read_label_map",
    "suggest",
    "unrestricted",
    "with_suggestions",
]

NAME, SYNONYM, TYPED = "name", "synonym", "typed"
LETTER = 2  # ways of bearing a name to the letter, before those that forgive its case


@dataclass(frozen=True)
class LabelMap:
    """outputs: class → indices of the outputs that stand for it, maybe none; origin: class → what told, "" for none.

    notes: sentences on names that could not be decided, and on those that may mean something else.
    """

    outputs: dict[str, tuple[int, ...]]
    origin: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def unmapped(self) -> tuple[str, ...]:
        return tuple(name for name, outputs in self.outputs.items() if not outputs)


def derive(classes: Sequence[str], labels: Sequence[str]) -> LabelMap:
    """The map that names tell: a label that is the class's name or begins with it, else one with that synonym.

    Of several labels the one fits best that is the name to the letter, then one that begins so; of several classes the
    one that fits an output best gets it. What this leaves undecided (ImageNet has two cranes, and two labels with the
    synonym panda) stays without an output, and a note says so.
    """
    ways = _ways(labels)
    wanted: dict[str, tuple[int, int]] = {}
    notes = []
    for name in classes:
        fit, bearers = _bearers(name, ways)
        if len(bearers) > 1:
            which = ", ".join(map(str, bearers[:4]))
            notes.append(f"{name!r} is the name of outputs {which}; say which of them is meant.")
        elif bearers:
            wanted[name] = fit, bearers[0]
    found, disputes = _undisputed(wanted)
    notes += [*disputes, *_other_meanings(found, labels, ways[-1])]
    return LabelMap(
        {name: (found[name],) if name in found else () for name in classes},
        {name: _origin(name, labels[found[name]]) if name in found else "" for name in classes},
        tuple(notes),
    )


def _ways(labels: Sequence[str]) -> tuple[dict[str, tuple[int, ...]], ...]:
    """Name → the outputs that bear it, for each way of bearing a name, the best first."""
    begins = [label.split(",")[:1] for label in labels]
    return (
        places([[label] for label in labels], str),
        places(begins, str),
        places([[label, *each] for label, each in zip(labels, begins, strict=True)]),
        places([label.split(",") for label in labels]),
    )


def _bearers(
    name: str, ways: Sequence[Mapping[str, tuple[int, ...]]]
) -> tuple[int, tuple[int, ...]]:
    """The place of the best of `ways` in which outputs bear this name, and these outputs."""
    for place, bearers in enumerate(ways):
        if found := bearers.get(name if place < LETTER else plain(name)):
            return place, found
    return len(ways), ()


def _origin(name: str, label: str) -> str:
    return NAME if plain(name) == plain(label) else SYNONYM


def _undisputed(wanted: Mapping[str, tuple[int, int]]) -> tuple[dict[str, int], list[str]]:
    """Class → its output, of (fit, output) those that no other class fits as well, and notes on the others."""
    rivals: dict[int, list[str]] = {}
    for name, (_, output) in wanted.items():
        rivals.setdefault(output, []).append(name)
    found, notes = {}, []
    for output, names in rivals.items():
        fit = min(wanted[name][0] for name in names)
        best = [name for name in names if wanted[name][0] == fit]
        if len(best) == 1:
            found[best[0]] = output
        if len(names) > 1:
            several = ", ".join(map(repr, names[:4]))
            settled = f"{best[0]!r} fits best and has it" if len(best) == 1 else "say whose it is"
            notes.append(f"{several}: all of them are names of output {output}; {settled}.")
    return found, notes


def _other_meanings(
    found: Mapping[str, int], labels: Sequence[str], synonyms: Mapping[str, tuple[int, ...]]
) -> list[str]:
    """Notes on names that other outputs bear as well, and on ImageNet's labels that are not what one would think."""
    notes, taken, known = [], set(found.values()), is_imagenet(labels)
    for name, output in found.items():
        others = [other for other in synonyms.get(plain(name), ()) if other not in taken]
        if others:
            which = ", ".join(map(str, others[:4]))
            notes.append(f"{name!r} is read as output {output}; that is a name of {which}, too.")
        if known and plain(name) in MEANINGS:
            meant = MEANINGS[plain(name)]
            notes.append(
                f"{name!r} is output {output}, {meant}; take it out if the set means another."
            )
    return notes


def suggest(labels: Sequence[str], label_map: LabelMap) -> dict[str, tuple[int, ...]]:
    """What the classes without an output might be: ImageNet's own groups, else labels that end with the name.

    "sports car, sport car" ends with "car". Nothing that stands for a class already is suggested for another, and
    what two classes might be goes to the narrower: ducks are ducks before they are birds.
    """
    taken = {output for outputs in label_map.outputs.values() for output in outputs}
    groups = GROUPS if is_imagenet(labels) else {}
    asked = {name: plain(name) for name in label_map.unmapped}
    ends = _ends(labels, max((len(name.split()) for name in asked.values()), default=0))
    likely = {name: groups.get(word) or ends.get(word, ()) for name, word in asked.items()}
    found: dict[str, tuple[int, ...]] = {}
    for name in sorted(likely, key=lambda name: len(likely[name])):
        found[name] = tuple(index for index in likely[name] if index not in taken)
        taken.update(found[name])
    return {name: found[name] for name in likely if found[name]}


def _ends(labels: Sequence[str], most: int) -> dict[str, tuple[int, ...]]:
    """Up to `most` words → the outputs one of whose synonyms ends with them, as "polar bear" does with "bear"."""
    synonyms = [[plain(part).split() for part in label.split(",")] for label in labels]
    return places(
        [[" ".join(words[-n:]) for words in each for n in range(1, most + 1)] for each in synonyms]
    )


def with_suggestions(label_map: LabelMap, suggested: Mapping[str, tuple[int, ...]]) -> LabelMap:
    """`label_map` with what somebody took from `suggest`."""
    return LabelMap(
        {**label_map.outputs, **suggested}, {**label_map.origin, **dict.fromkeys(suggested, TYPED)}
    )


def as_text(label_map: LabelMap, labels: Sequence[str]) -> str:
    """The map as lines that people edit and `read_label_map` reads; see explain/classes/label_text.py."""
    return write(label_map.outputs, labels)


def read_label_map(text: str, classes: Sequence[str], labels: Sequence[str]) -> LabelMap:
    """A map as `as_text` writes it or people type it; classes without a line get no output.

    Raises LabelMapError, which names the line.
    """
    outputs = read(text, classes, labels)
    return LabelMap(outputs, {name: TYPED if found else "" for name, found in outputs.items()})


def closed_set(logits: np.ndarray, label_map: LabelMap, classes: Sequence[str]) -> np.ndarray:
    """(images, outputs) logits → (images, classes) float32: softmax over the mapped outputs, summed for each class.

    A class without outputs gets 0. Raises ValueError where nothing is mapped.
    """
    owner = _owners(label_map, classes)  # one class's outputs side by side
    if not owner:
        raise ValueError(
            "None of this model's labels is a class of the set by name; a label map, as Compare has one, can say which stand for one."
        )
    chosen = np.asarray(logits)[:, list(owner)].astype(np.float64)
    raised = np.exp(chosen - chosen.max(1, keepdims=True))
    shares = raised / raised.sum(1, keepdims=True)
    mapped, starts = np.unique(list(owner.values()), return_index=True)
    found = np.zeros((len(shares), len(classes)), dtype=np.float32)
    found[:, mapped] = np.add.reduceat(shares, starts, axis=1)
    return found


def unrestricted(
    logits: np.ndarray, label_map: LabelMap, classes: Sequence[str], truth: np.ndarray
) -> np.ndarray:
    """(images,) booleans: whether the best of all outputs stands for the true class, an index among `classes`.

    Of outputs that share the highest score, all must.
    """
    stands = np.full(np.shape(logits)[1], -1)
    for output, place in _owners(label_map, classes).items():
        stands[output] = place
    elsewhere = stands != np.asarray(truth)[:, None]
    return ~(sharing_the_highest(logits) & elsewhere).any(1)


def _owners(label_map: LabelMap, classes: Sequence[str]) -> dict[int, int]:
    """Output → the place of the class it stands for."""
    return {
        output: place
        for place, name in enumerate(classes)
        for output in label_map.outputs.get(name, ())
    }
