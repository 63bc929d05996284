"""The toybox: eight things rendered in five conditions, each picture made from a seed alone.

Categories and conditions have the structure of the classroom image set on which infants' and CLIP's
object recognition were compared. Geons: Biederman 1987, "Recognition-by-components". From the
inside out: shapes, camera, patterns, paint, scenes, things, samples.
"""

from imagesets.toybox.samples import (
    CATEGORIES,
    CONDITIONS,
    TRAINING_SEED,
    Sample,
    render,
    render_all,
)

__all__ = ["CATEGORIES", "CONDITIONS", "TRAINING_SEED", "Sample", "render", "render_all"]
