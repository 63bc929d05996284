"""The eight things in the toybox: how each is built, coloured, placed and looked at.

Things are about two units long, face +x, stand on y = 0 and are symmetric about z = 0 but for their
gait. A description draws its proportions from the generator it is given, so no two are alike, and
may suit itself to the scene: a duck on water has no legs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imagesets.toybox.animals import dog, donkey, duck
from imagesets.toybox.household import chair, cup, hat
from imagesets.toybox.paint import COLOURS
from imagesets.toybox.shapes import Parts
from imagesets.toybox.vehicles import airplane, car

EVERY_COLOUR = tuple(COLOURS)


@dataclass(frozen=True)
class Thing:
    """A category: how it is built, how it may look, and from where and before what it is seen."""

    build: Callable[[np.random.Generator, str], Parts]
    colours: tuple[str, ...]
    accents: tuple[str, ...]  # colours of the second paint; none = a shade of the first
    patterns: tuple[str, ...]
    scenes: tuple[str, ...]
    azimuths: tuple[float, float]  # degrees from the nose; 90 is a side view
    elevations: tuple[float, float]
    gloss: float


THINGS = {
    "airplane": Thing(
        build=airplane,
        colours=("white", "grey", "red", "blue", "yellow", "green", "orange"),
        accents=("white", "grey", "white"),
        patterns=("plain",),
        scenes=("sky", "sky", "sky", "road", "studio"),
        azimuths=(30, 125),
        elevations=(4, 35),
        gloss=0.4,
    ),
    "car": Thing(
        build=car,
        colours=EVERY_COLOUR,
        accents=(),
        patterns=("plain",),
        scenes=("road", "road", "road", "grass", "room", "studio"),
        azimuths=(38, 128),
        elevations=(4, 22),
        gloss=0.6,
    ),
    "chair": Thing(
        build=chair,
        colours=EVERY_COLOUR,
        accents=("white", "black", "brown"),
        patterns=("plain", "wood"),
        scenes=("room", "room", "room", "studio", "grass"),
        azimuths=(15, 75),
        elevations=(6, 28),
        gloss=0.15,
    ),
    "cup": Thing(
        build=cup,
        colours=EVERY_COLOUR,
        accents=("white", "black"),
        patterns=("plain", "plain", "bands", "dots"),
        scenes=("room", "room", "studio"),
        azimuths=(52, 122),
        elevations=(12, 35),
        gloss=0.5,
    ),
    "dog": Thing(
        build=dog,
        colours=("brown", "black", "white", "grey"),
        accents=(),
        patterns=("fur", "fur", "patches"),
        scenes=("grass", "grass", "room", "road", "studio"),
        azimuths=(40, 115),
        elevations=(2, 22),
        gloss=0.02,
    ),
    "donkey": Thing(
        build=donkey,
        colours=("grey", "brown", "black", "white"),
        accents=(),
        patterns=("fur",),
        scenes=("grass", "grass", "road", "studio"),
        azimuths=(35, 110),
        elevations=(2, 18),
        gloss=0.02,
    ),
    "duck": Thing(
        build=duck,
        colours=("yellow", "white", "brown"),
        accents=(),
        patterns=("plain", "fur"),
        scenes=("water", "water", "grass", "studio"),
        azimuths=(30, 115),
        elevations=(4, 25),
        gloss=0.1,
    ),
    "hat": Thing(
        build=hat,
        colours=EVERY_COLOUR,
        accents=("black", "white", "brown"),
        patterns=("plain", "fur", "weave"),
        scenes=("room", "room", "studio", "grass"),
        azimuths=(0, 180),
        elevations=(3, 18),
        gloss=0.04,
    ),
}
