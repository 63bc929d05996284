"""What the endpoints share: how many calls run at once, sentences for errors, and a set as an argument."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from tabs.sets.asks import named, uploaded
from tabs.wiring.inputs import Json
from tabs.wiring.listening import Stopped
from tabs.wiring.question import FILE, was_uploaded


@contextmanager
def told_plainly() -> Iterator[None]:
    """Errors meant for people reach them; all others stay bugs, logged and not shown."""
    try:
        yield
    except (ValueError, OSError, Stopped) as error:
        if getattr(error, "errno", None) is not None:  # the system's words may name our files
            raise
        raise gr.Error(str(error), print_exception=False) from None


def given(image: str | None) -> str:
    """The path of an uploaded photo."""
    if image is None:
        raise ValueError("There is no photo; send one as an uploaded file.")
    return image


class SetInput(Json):
    """A set's name, Hub id, or an uploaded zip or parquet file as Gradio's clients send it; callbacks get a `Source`."""

    def preprocess(self, payload: Any) -> Any:
        """A name stays a name; a file's path is taken only from an upload, which Gradio marks and checks."""
        if not isinstance(payload, dict):
            return payload
        path, marked = payload.get("path"), payload.get("meta") == FILE
        return {"path": path if marked and isinstance(path, str) and was_uploaded(path) else None}


def source(imageset: Any) -> str | Path:
    """What `tabs.sets` reads of a SetInput's value."""
    if isinstance(imageset, dict):
        return uploaded(imageset["path"])
    return named(imageset)
