"""Where a GPU is lent for one call at a time (Hugging Face's ZeroGPU), the mark on the functions that need it.

Such a function runs in a forked process: what it returns is pickled, so it returns arrays and numbers, never a Trace.
Elsewhere the mark does nothing. Outside such a call the weights of a model on the GPU cannot be read, so `loaded` gives
one on the CPU there: for its labels, its scale and its fingerprint.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from inspect import isgeneratorfunction
from typing import TYPE_CHECKING

try:
    import spaces
except ImportError:
    spaces = None

if TYPE_CHECKING:
    from models.model import Model

LENT = bool(os.environ.get("SPACES_ZERO_GPU"))
SECONDS = 30  # asked of the quota for one call

_inside = False  # whether this process holds the GPU


def loaded(name: str, family: str | None = None) -> Model:
    """The model called `name`, where work is to be done now; a stranger's words never name a folder.

    family: the one whose place it is chosen for; ValueError if it is of another.
    """
    from models import FAMILIES, load

    model = load(name, device="cpu" if LENT and not _inside else None, folders=False)
    if family and model.family != family:
        title = FAMILIES.get(model.family, model.family)
        raise ValueError(f"{name} is a {title}; choose it in that column.")
    return model


def on_gpu(function):
    """`function`, run on a lent GPU where there is one."""
    return _lent(function) if spaces and LENT else function


def _lent(function):
    """`function`, run in a process that has the GPU. Of an exception raised there, only the class's name would arrive here.

    So a ValueError or OSError, whose sentence is meant for people, is returned as a Refusal and raised again here.
    """
    if isgeneratorfunction(function):

        def guarded(*given):
            try:
                with _lent_call():
                    yield from function(*given)
            except (ValueError, OSError) as error:
                yield Refusal(type(error), str(error))

        run = spaces.GPU(duration=SECONDS)(guarded)

        @wraps(function)
        def stepped(*given):
            for part in run(*given):
                yield _raised(part)

        return stepped

    def answered(*given, **named):
        try:
            with _lent_call():
                return function(*given, **named)
        except (ValueError, OSError) as error:
            return Refusal(type(error), str(error))

    run_once = spaces.GPU(duration=SECONDS)(answered)
    return wraps(function)(lambda *given, **named: _raised(run_once(*given, **named)))


@contextmanager
def _lent_call() -> Iterator[None]:
    """Marks the forked process as one that holds the GPU."""
    global _inside
    _inside = True
    try:
        yield
    finally:
        _inside = False


@dataclass(frozen=True)
class Refusal:
    """What to raise here of an error in the process that has the GPU."""

    kind: type[Exception]
    sentence: str


def _raised(answer):
    if isinstance(answer, Refusal):
        raise (ValueError if issubclass(answer.kind, ValueError) else OSError)(answer.sentence)
    return answer


def load_bundled() -> None:
    """Load the bundled models ahead of the first question; where a GPU is lent, before the page opens.

    What cannot be loaded is told in its column, when it is asked for.
    """
    from models import CATALOGUE, load

    for entry in CATALOGUE.values():
        if entry.folder:
            with suppress(ValueError, OSError):
                load(entry.name)
