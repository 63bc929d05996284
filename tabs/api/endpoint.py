"""What the endpoints share: how many calls run at once, sentences for errors, and a set as an argument."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from tabs.sets.asks import named, uploaded

AT_ONCE = 4  # calls of one endpoint that run together; a slow download must not hold up the rest


@contextmanager
def told_plainly() -> Iterator[None]:
    """Errors meant for people reach them; all others stay bugs, logged and not shown."""
    try:
        yield
    except (ValueError, OSError) as error:
        if getattr(error, "errno", None) is not None:  # the system's words may name our files
            raise
        raise gr.Error(str(error), print_exception=False) from None


class SetInput(gr.JSON):
    """A set's name, Hub id, or an uploaded zip or parquet file as Gradio's clients send it; callbacks get a `Source`."""

    is_template = True  # in the browser it is Gradio's JSON

    def preprocess(self, payload: Any) -> Any:
        """A name stays a name; a file's path is taken only from an upload, which Gradio marks and checks."""
        if not isinstance(payload, dict):
            return payload
        marked = (payload.get("meta") or {}) == {"_type": "gradio.FileData"}
        return {"path": payload.get("path") if marked else None}

    async def async_move_resource_to_block_cache(self, path: Any) -> str | None:
        """Refuses what Gradio would otherwise fetch."""
        if str(path).startswith(("http://", "https://")):
            raise gr.Error(
                "Send the set itself as a file; addresses on the web are not fetched.",
                print_exception=False,
            )
        return await super().async_move_resource_to_block_cache(path)


def source(imageset: Any) -> str:
    """What `tabs.sets` reads of a SetInput's value."""
    if isinstance(imageset, dict):
        return uploaded(imageset["path"])
    return named(imageset)
