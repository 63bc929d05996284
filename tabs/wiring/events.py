"""A question held against the event it is for, because Gradio logs a traceback for inputs that do not fit one."""

from __future__ import annotations

from typing import Any

from tabs.wiring.inputs import UploadButton
from tabs.wiring.photo import PhotoInput
from tabs.wiring.question import NO_FILE
from tabs.wiring.visitors import Refused


def check_inputs(blocks: Any, route: str, asked: dict[str, Any]) -> None:
    """Raises Refused where there is no such event, where inputs are missing, or where a file stands for something else.

    route: after Gradio's prefix, such as "queue/join" or "call/classify".
    """
    event = _event(blocks, route, asked)
    if event is None or event.fn is None:
        raise Refused(
            "There is no such question here; see the API's own page for those there are.", 404
        )
    if "/v2/" in route:
        return  # inputs by name, which Gradio itself puts in order and refuses in a sentence
    data = asked.get("data") or []
    if len(data) < len(event.inputs):
        raise Refused(
            f"This question has {len(event.inputs)} inputs, and {len(data)} were sent; send null for none."
        )
    for component, value in zip(event.inputs, data, strict=False):
        if isinstance(component, PhotoInput | UploadButton) and not _is_file(value):
            raise Refused(NO_FILE)


def _event(blocks: Any, route: str, asked: dict[str, Any]) -> Any:
    """Gradio's own record of the event; None for none."""
    number, name = asked.get("fn_index"), route.strip("/").split("/")[-1]
    if route.startswith("queue/") or (name == "predict" and number is not None):
        return blocks.fns.get(number)
    return next((event for event in blocks.fns.values() if event.api_name == name), None)


def _is_file(value: Any) -> bool:
    """None, or what `read_question` has found to be an uploaded file."""
    return value is None or (isinstance(value, dict) and "path" in value and "meta" in value)
