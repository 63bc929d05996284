"""The endpoint /embedding_map: a labelled set as one model arranges it in the plane, for other programs."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explain.maps.projection import PROJECTIONS
from limits import DRAWN, ENDPOINT_CALLS, ENDPOINT_SECONDS
from tabs.api import arguments
from tabs.api.endpoint import SetInput, source, told_plainly
from tabs.map import projections
from tabs.map.asks import MapAsked
from tabs.sets import labelled_set
from tabs.wiring.gpu import loaded
from tabs.wiring.inputs import Json, Textbox
from tabs.wiring.listening import patient
from tabs.wiring.slowly import silent

MOST_SEED = 2**31 - 1


def embedding_map(model: str, imageset: Any, method: str = "tsne", seed: int = 0) -> dict[str, Any]:
    """Where each of a labelled set's pictures lies on a map of one model's embeddings, at most 2,000 of them.

    model: a name or Hub id. imageset: a catalogue name such as toybox, a Hub id, or an uploaded zip or parquet file.
    method: tsne, umap or pca. seed: the same seed gives the same map. The embedding is a CLIP's joint space, any other
    model's readout. Answers {points: [{x, y, label, condition, file}], trustworthiness, purity, embedding_purity,
    chance, notes}: purity is the share of a picture's ten nearest on the map that have its label, embedding_purity the
    same in the embedding; rates are fractions, null where they mean nothing.
    """
    with told_plainly():
        name = arguments.model_name(model)
        family = loaded(name).family
        asked = MapAsked(
            source(imageset),
            DRAWN,
            {family: name},
            method=arguments.one_of(method, tuple(PROJECTIONS), "method"),
            seed=_seed(seed),
        )
        found = projections.arranged(asked, family, patient(silent, ENDPOINT_SECONDS))
        items = labelled_set(asked.source, asked.limit).images.items
        return {
            "points": [
                {
                    "x": float(x),
                    "y": float(y),
                    "label": items[place].label,
                    "condition": items[place].condition,
                    "file": items[place].name,
                }
                for place, (x, y) in zip(found.pictures, found.points, strict=True)
            ],
            "trustworthiness": found.quality.trustworthiness,
            "purity": found.quality.purity,
            "embedding_purity": found.quality.embedding_purity,
            "chance": found.quality.chance,
            "notes": list(found.projected.notes),
        }


def _seed(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MOST_SEED:
        raise ValueError(f"The seed is a whole number from 0 to {MOST_SEED:,}.")
    return value


def add() -> None:
    """Give the Blocks being built the endpoint, out of sight."""
    with gr.Row(visible=False):
        asking = [
            Textbox(label="model"),
            SetInput(label="imageset"),
            Textbox(label="method", value="tsne"),
            Json(label="seed", value="0"),
        ]
        gr.Button().click(
            embedding_map,
            asking,
            gr.JSON(label="map"),
            api_name="embedding_map",
            concurrency_limit=ENDPOINT_CALLS,
        )
