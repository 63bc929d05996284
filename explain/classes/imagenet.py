"""Everyday words and the outputs of ImageNet-1k's thousand that they cover, for suggestions.

Read off the list of labels (Deng et al. 2009, doi 10.1109/CVPR.2009.5206848; Russakovsky et al. 2015, arXiv 1409.0575)
and its definitions. Related classes stand in rows, because the list follows the WordNet tree. Only what is beyond doubt
is here: a tusker may be an elephant or a boar, and no label at all is a deer or a donkey.
"""

from __future__ import annotations

from collections.abc import Sequence


def _rows(*runs: tuple[int, int]) -> tuple[int, ...]:
    return tuple(output for first, last in runs for output in range(first, last + 1))


CAR = (436, 468, 511, 609, 627, 656, 661, 751, 817)
AIRPLANE = (404,)
GROUPS: dict[str, tuple[int, ...]] = {
    "aeroplane": AIRPLANE,
    "airplane": AIRPLANE,
    "automobile": CAR,
    "bear": _rows((294, 297)),
    "bicycle": (444, 671),
    "bird": _rows((7, 24), (80, 100), (127, 146)),
    "boat": (472, 484, 554, 576, 625, 814, 871, 914),
    "bottle": (440, 720, 737, 898, 907),
    "bus": (654, 779, 874),
    "butterfly": _rows((321, 326)),
    "car": CAR,
    "cat": _rows((281, 285)),
    "chair": (423, 559, 765, 857),
    "clock": (409, 530, 892),
    "cup": (504, 968),
    "dog": _rows((151, 268)),
    "duck": (97, 98),
    "elephant": (385, 386),
    "fish": _rows((0, 6), (389, 397)),
    "fox": _rows((277, 280)),
    "frog": _rows((30, 32)),
    "hat": (439, 452, 515, 808),
    "horse": (339,),
    "lizard": _rows((38, 48)),
    "monkey": _rows((370, 382)),
    "rabbit": (330, 332),
    "shark": _rows((2, 4)),
    "sheep": (348, 349),
    "ship": (403, 510, 628, 724, 780),
    "snake": _rows((52, 68)),
    "spider": _rows((72, 77)),
    "truck": (555, 569, 675, 717, 734, 864, 867),
    "turtle": _rows((33, 37)),
    "wolf": _rows((269, 271)),
}

# What a label means where its word alone would say something else to most people.
MEANINGS = {
    "anemone": "the sea animal",
    "boa": "the scarf of feathers",
    "bullet": "the train",
    "ear": "the ear of corn",
    "head": "the headland",
    "hip": "the rose hip",
    "kite": "the bird of prey",
    "light": "the lighter",
    "mail": "the armour",
    "mouse": "the computer mouse",
    "plane": "the carpenter's tool",
    "wing": "the aeroplane's wing",
}

LANDMARKS = {0: "tench", 151: "Chihuahua", 281: "tabby", 404: "airliner", 999: "toilet tissue"}


def is_imagenet(labels: Sequence[str]) -> bool:
    """Whether these are ImageNet-1k's labels in their usual order."""
    return len(labels) == 1000 and all(
        labels[place].split(",")[0].casefold() == name.casefold()
        for place, name in LANDMARKS.items()
    )
