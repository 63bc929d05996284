"""Where a GPU is lent for one call at a time (Hugging Face's ZeroGPU), the mark on the functions that need it.

Such a function runs in a forked process: what it returns is pickled, so it returns arrays and numbers, never a Trace.
Elsewhere the mark does nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress

try:
    import spaces
except ImportError:
    spaces = None

LENT = bool(os.environ.get("SPACES_ZERO_GPU"))
SECONDS = 30  # asked of the quota for one call


def on_gpu(function):
    """`function`, run on a lent GPU where there is one."""
    return spaces.GPU(duration=SECONDS)(function) if spaces and LENT else function


def load_bundled() -> None:
    """Load the bundled models ahead of the first question; where a GPU is lent, before the page opens.

    What cannot be loaded is told in its column, when it is asked for.
    """
    from models import CATALOGUE, load

    for entry in CATALOGUE.values():
        if entry.folder:
            with suppress(ValueError, OSError):
                load(entry.name)
