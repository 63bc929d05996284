"""Whether the one who asked still waits for the answer. Gradio ends neither a function nor a thread whose asker has left."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from gradio.context import LocalContext

from limits import QUESTION_SECONDS

if TYPE_CHECKING:
    from tabs.wiring.slowly import Progress, Step


class TooLong(ValueError):
    """A question that has had its time."""


class Stopped(Exception):
    """Raised inside work, by the progress it reports, once nobody waits for it; nobody reads the sentence."""

    def __init__(self):
        super().__init__("Nobody waits for this answer any more.")


def listener() -> Callable[[], bool]:
    """A function that tells whether the asker of the question in this context is there; always True outside of one."""
    blocks, number = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    jobs = blocks._queue.active_jobs if blocks and number else ()
    job = next((job for jobs in list(jobs) if jobs for job in jobs if job._id == number), None)
    return (lambda: job.alive) if job else (lambda: True)


def attentive() -> Progress:
    """For work that tells nobody how far it is, but is to end like any other."""
    return patient(lambda step: None, QUESTION_SECONDS)


def patient(progress: Progress, seconds: float) -> Progress:
    """`progress` that raises once the asker has left, or the work has taken `seconds`."""
    listens, end = listener(), monotonic() + seconds

    def report(step: Step) -> None:
        if not listens():
            raise Stopped
        if monotonic() > end:
            raise TooLong(
                f"This takes more than {seconds / 60:.0f} minutes. Ask again, which goes on from here, or draw fewer pictures."
            )
        progress(step)

    return report
