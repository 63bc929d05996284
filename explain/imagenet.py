"""Everyday words and the outputs of ImageNet-1k's thousand that they cover, for suggestions.

Read off the list of labels (Deng et al. 2009, doi 10.1109/CVPR.2009.5206848; Russakovsky et al. 2015, arXiv 1409.0575),
whose order follows the WordNet tree, so that its dogs or birds stand in rows.
"""

from __future__ import annotations

from collections.abc import Sequence


def _rows(*runs: tuple[int, int]) -> tuple[int, ...]:
    return tuple(output for first, last in runs for output in range(first, last + 1))


CAR = (436, 468, 511, 609, 627, 656, 661, 751, 817)
GROUPS: dict[str, tuple[int, ...]] = {
    "airplane": (404,),
    "automobile": CAR,
    "bird": _rows((7, 24), (80, 100), (127, 146)),
    "car": CAR,
    "cat": _rows((281, 285)),
    "chair": (423, 559, 765),
    "cup": (504, 968),
    "dog": _rows((151, 268)),
    "duck": (97, 98),
    "frog": _rows((30, 32)),
    "hat": (515, 808),
    "horse": (339,),
    "ship": (403, 510, 628, 724),
    "truck": (555, 569, 717, 864, 867),
}
LANDMARKS = {0: "tench", 151: "Chihuahua", 281: "tabby", 404: "airliner", 999: "toilet tissue"}


def is_imagenet(labels: Sequence[str]) -> bool:
    """Whether these are ImageNet-1k's labels in their usual order."""
    return len(labels) == 1000 and all(
        labels[place].split(",")[0].casefold() == name.casefold()
        for place, name in LANDMARKS.items()
    )
