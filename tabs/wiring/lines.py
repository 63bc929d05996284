"""The hidden lines between a tab's script and Python: one for each kind of question, so that none waits for another.

The browser's end is assets/page/tab.js. A question carries all it needs and its serial number; the answer carries the
same number, so that the browser knows the newest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tabs.wiring.slowly import Told, stepwise
from tabs.wiring.widget import Widget

OURS = "Something went wrong here, and the mistake is ours. Try again, or choose another photo or checkpoint."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """answers(raw, *uploads) → JSON, or a generator of it. reads: the uploads it takes; together: how many run at once."""

    answers: Callable
    reads: tuple[str, ...] = ()
    together: int = 4
    stops: bool = False  # whether the browser may cancel it


def connect(tab: str, lines: Mapping[str, Line], uploads: Mapping[str, gr.UploadButton]) -> None:
    """Draw a tab's lines, which `headlight.tab(tab, …)` finds, and give each its callback."""
    private = {"api_visibility": "private", "show_progress": "hidden"}
    for name, line in lines.items():
        widget = Widget(f"{tab}_line", ("ask", "cancel"), line=name)
        event = widget.ask(
            line.answers,
            [widget, *(uploads[each] for each in line.reads)],
            widget,
            js=f"(line, ...files) => [headlight.{tab}.question('{name}'), ...files]",
            concurrency_id=f"{tab}-{name}",
            concurrency_limit=line.together,
            trigger_mode="always_last",
            api_name=f"{tab}_{name}",  # else its function's, which a public endpoint may want
            **private,
        )
        event.failure(None, js=f"() => headlight.{tab}.failed('{name}')", **private)
        if line.stops:
            widget.cancel(None, cancels=event, **private)
    for name, upload in uploads.items():
        told = f"headlight.{tab}.{name}Changed(file)"
        upload.upload(None, upload, js=f"file => {told}", **private)


def reply(answer: Callable[[], dict[str, Any]], raw: Any) -> dict[str, Any]:
    """What `answer` returns, {"wrong": {field, line, text}} for a line of a box that cannot be used, or {"error"}."""
    try:
        return {**answer(), "serial": serial(raw)}
    except Exception as error:
        return {**trouble(error), "serial": serial(raw)}


def replies(raw: Any, work: Callable[[Told], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As `reply`, for slow work: {"done", "doing"} for each Step that it tells, then what it returns.

    Closing this stops the work at its next step.
    """
    number = serial(raw)
    try:
        with closing(stepwise(work)) as steps:
            for news in steps:
                yield {**(news[0] if isinstance(news, tuple) else vars(news)), "serial": number}
    except Exception as error:
        yield {**trouble(error), "serial": number}


def trouble(error: Exception) -> dict[str, Any]:
    """An error as the browser shows it: beside its box, where it names one."""
    if isinstance(error, ValueError) and hasattr(error, "field"):
        return {"wrong": {"field": error.field, "line": error.line, "text": str(error)}}
    return {"error": sentence(error)}


def sentence(error: Exception) -> str:
    """The words of an error that was meant for people; any other is logged, and apologised for."""
    if isinstance(error, ValueError | OSError) and not getattr(error, "errno", None):
        return str(error)
    log.error("A question failed.", exc_info=error)
    return OURS


def serial(raw: Any) -> int:
    """A question's number; 0 where there is none."""
    found = raw.get("serial") if isinstance(raw, dict) else None
    return found if isinstance(found, int) else 0


def whole(value: str, name: str) -> str:
    """A text that is one; half a surrogate pair, which JSON can carry, breaks a tokenizer."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"The {name} hold a broken letter; type them again.") from None
    return value
