"""Gradio's description of the page, without what nobody reads of it: that is half of the first download.

Gradio sends every component's and event's settings with each page. Here go the empty ones of what is not public, which
the browser takes for absent, and those that only the documentation of public endpoints is made of.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

DOCUMENTATION = ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs")
FLAGS = (  # of a component, false unless told
    "_retryable",
    "_selectable",
    "_undoable",
    "autoscroll",
    "likeable",
    "streamable",
)
NAMES = (
    "component_class_id",
    "component_class_name",
    "key",
    "preserved_by_key",
    "skip_api",
)
UNREAD = (  # of a private event, by the browser
    "api_description",
    "api_visibility",
    "batch",
    "component_prop_inputs",
    "max_batch_size",
    "scroll_to_output",
    "stream_every",
)
ASKING = (  # of an event that asks nothing of Python
    "api_name",
    "collects_event_data",
    "connection",
    "queue",
    "show_progress",
    "trigger_mode",
    "trigger_only_on_success",
    "types",
)


class Page(gr.Blocks):
    """Blocks that are described in few words."""

    def get_config_file(self) -> Any:
        found: dict[str, Any] = {**super().get_config_file()}
        public = self._public()
        for component in found["components"]:
            _shorten(component)
            if component["id"] in public:
                _say_once(component)
            else:
                _drop(component, DOCUMENTATION)
                component["props"].pop("name", None)  # the documentation asks for a public one's
        for event in found["dependencies"]:
            for when in ("trigger_only_on_success", "trigger_only_on_failure"):
                if not event[when]:
                    del event[when]
            if not event["collects_event_data"]:
                del event["collects_event_data"]
            if event["api_visibility"] == "private":
                _drop(event, UNREAD if event["backend_fn"] else UNREAD + ASKING)
        return found

    def _public(self) -> set[int]:
        """The components that an endpoint for other programs takes or returns."""
        events = [event for event in self.fns.values() if event.api_visibility != "private"]
        return {each._id for event in events for each in (*event.inputs, *event.outputs)}


def _shorten(component: dict[str, Any]) -> None:
    for name in NAMES:
        component.pop(name, None)
    told = component["props"]
    _drop(told, ("events", *NAMES, *(flag for flag in FLAGS if told.get(flag) is False)))


def _say_once(component: dict[str, Any]) -> None:
    """As input and as output it is the same unless told; Gradio then reads the first."""
    for name in DOCUMENTATION[1:3]:
        if name in component and component[name] == component["api_info"]:
            del component[name]


def _drop(told: dict[str, Any], names: tuple[str, ...]) -> None:
    """Take away what is named, and what is empty."""
    for name, value in list(told.items()):
        if name in names or value is None or value in ("", {}):
            del told[name]
