"""The hidden lines between a tab's modules and Python: one for each kind of question, so that none waits for another.

The browser's end is assets/page/shared/tab.js. A question carries all it needs and its serial number; the answer carries
the same number, so that the browser knows the newest. Slow work can be stopped: the browser says below which number
nothing is wanted any more, and the work ends at its next step. Gradio's own `cancels` takes back whatever runs when the
word arrives, which may be the next question.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from limits import ASKERS, QUESTION_SECONDS
from tabs.wiring.assets import call
from tabs.wiring.listening import Stopped, patient
from tabs.wiring.slowly import SILENCE, Progress, stepwise
from tabs.wiring.widget import Widget

OURS = "Something went wrong here, and the mistake is ours. Try again, or choose another photo or checkpoint."

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
STOPPING: dict[str, Any] = {
    "queue": False,
    "trigger_mode": "multiple",
    **PRIVATE,
}
MOST_SERIAL = 2**53  # beyond, a browser cannot count

log = logging.getLogger(__name__)
_newest: OrderedDict[str, int] = OrderedDict()  # asker → the smallest number still wanted
_lock = threading.Lock()


@dataclass(frozen=True)
class Line:
    """answers(raw, *uploads) → JSON, or a generator of it. reads: the uploads it takes; together: how many run at once."""

    answers: Callable
    reads: tuple[str, ...] = ()
    together: int = 4
    stops: bool = False  # whether it may be slow, and the browser can stop it


def connect(
    tab: str, lines: Mapping[str, Line], files: Mapping[str, gr.components.Component]
) -> None:
    """Draw a tab's lines, which assets/page/bridge.js hands to its modules, and give each its callback.

    files: the inputs whose file goes with the questions, an upload button or the photo.
    """
    for name, line in lines.items():
        widget, given = Widget(tab, "line", line=name), ", ".join(line.reads)
        event = widget.ask(
            line.answers,
            [widget, *(files[each] for each in line.reads)],
            widget,
            js=f"(line, {given}) => {call('inputs', tab, name, last=f'{{{given}}}')}",
            concurrency_id=f"{tab}-{name}",
            concurrency_limit=line.together,
            trigger_mode="always_last",
            api_name=f"{tab}_{name}",  # else its function's, which a public endpoint may want
            **PRIVATE,
        )
        event.failure(None, js=f"() => {call('failed', tab, name)}", **PRIVATE)
        if line.stops:
            widget.stop(
                stop, widget, js=f"async () => [await {call('wanted', tab, name)}]", **STOPPING
            )
    for name, file in files.items():
        heard = {"fn": None, "js": f"file => {call('changed', tab, name, last='file')}", **PRIVATE}
        if isinstance(file, gr.UploadButton):
            file.upload(inputs=file, **heard)
        else:
            gr.on(None, inputs=file, **heard)  # at the start and whenever it is another


def reply(answer: Callable[[], dict[str, Any]], raw: Any) -> dict[str, Any]:
    """What `answer` returns, {"wrong": {field, line, text}} for a line of a box that cannot be used, or {"error"}."""
    try:
        return {**answer(), "serial": serial(raw)}
    except Exception as error:
        return {**trouble(error), "serial": serial(raw)}


def replies(raw: Any, work: Callable[[Progress], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As `reply`, for slow work: {"done", "doing"} for each Step that it tells, then what it returns."""
    steps = stepwise(lambda progress: work(patient(progress, QUESTION_SECONDS)), every=SILENCE)
    yield from parts(
        raw, (news[0] if isinstance(news, tuple) else news and vars(news) for news in steps)
    )


def reply_while_wanted(raw: Any, work: Callable[[Progress], dict[str, Any]]) -> dict[str, Any]:
    """As `reply`, for what is most often quick but may be slow: it tells nothing meanwhile, and ends like `replies`."""
    last = deque(replies(raw, work), maxlen=1)
    return last[0] if last and "doing" not in last[0] else {"serial": serial(raw)}


def parts(raw: Any, answers: Generator[dict[str, Any] | None]) -> Iterator[dict[str, Any]]:
    """An answer that comes in parts (None: nothing new), closed once it is no longer wanted."""
    number = serial(raw)
    if not _wanted(raw):
        return
    try:
        with closing(answers):
            for part in answers:
                if not _wanted(raw):
                    return
                if part:
                    yield {**part, "serial": number}
        _remember(raw, number + 1)  # Gradio can ask a question again that was answered
    except Exception as error:
        yield {**trouble(error), "serial": number}


def stop(raw: Any) -> None:
    """Of the one who asks in `raw`, no question with a smaller number is wanted any more."""
    _remember(raw, serial(raw))


def _remember(raw: Any, newest: int) -> None:
    asker = _asker(raw)
    if not asker:
        return
    with _lock:
        _newest[asker] = max(newest, _newest.pop(asker, 0))
        while len(_newest) > ASKERS:
            _newest.popitem(last=False)


def _wanted(raw: Any) -> bool:
    return serial(raw) >= _newest.get(_asker(raw), 0)


def _asker(raw: Any) -> str:
    """One line of one open page, by the name that the page drew for itself; "" for who has none."""
    found = raw.get("asker") if isinstance(raw, dict) else None
    return found[:100] if isinstance(found, str) else ""


def trouble(error: Exception) -> dict[str, Any]:
    """An error as the browser shows it: beside its box, where it names one."""
    field, line = getattr(error, "field", None), getattr(error, "line", None)
    if isinstance(error, ValueError) and field:
        return {"wrong": {"field": field, "line": line, "text": str(error)}}
    return {"error": sentence(error)}


def sentence(error: Exception) -> str:
    """The words of an error that was meant for people; any other is logged, and apologised for."""
    if isinstance(error, Stopped):
        return str(error)
    if isinstance(error, ValueError | OSError) and not getattr(error, "errno", None):
        return str(error)
    log.error("A question failed.", exc_info=error)
    return OURS


def serial(raw: Any) -> int:
    """A question's number; 0 where there is none."""
    found = raw.get("serial") if isinstance(raw, dict) else None
    return found if type(found) is int and 0 <= found < MOST_SERIAL else 0


def whole(value: str, name: str) -> str:
    """A text that is one; half a surrogate pair, which JSON can carry, breaks a tokenizer."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"The {name} hold a broken letter; type them again.") from None
    return value
