"""What ships with Headlight so that nobody waits for it is what would be computed now."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import explain.shipped as embeddings
from models import load
from tabs import ship
from tabs.wiring import shipped

ROOT = Path(__file__).parents[1]
ROUNDING = 1e-3  # of what another processor may round differently, in logits of up to some tens


def same(one, other):
    """Whether two answers are alike but for rounding in numbers."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == pytest.approx(other, abs=ROUNDING, nan_ok=True)
    return one == other


def test_answers_belong_to_the_models_and_pictures_that_ship():
    assert shipped.shipped(), "make them again: python -m tabs.ship"


def test_embeddings_are_those_of_the_models(nothing_shipped, monkeypatch):
    digests, live = ship.embedded()
    monkeypatch.undo()
    for name in ship.BUNDLED.values():
        model = load(name)
        for space in ship.spaces_at_first(model):
            kept = embeddings.shipped(model, *space)
            rows = live[embeddings.space(model, *space)]
            stored = np.stack([kept[digest] for digest in digests])
            np.testing.assert_allclose(stored, rows, atol=ROUNDING)


def test_figures_are_those_of_the_models(nothing_shipped, monkeypatch):
    """Every answer but the arranged maps, whose points hang on rounding: of these, the quality and what is said."""
    live = dict(ship.answers())
    monkeypatch.undo()
    kept = shipped.shipped()
    assert live.keys() == kept.keys()
    for key, answer in live.items():
        if key.startswith("map_arrange"):
            assert answer["space"] == kept[key]["space"]
            for name, value in answer["quality"].items():
                assert kept[key]["quality"][name] == pytest.approx(value, abs=0.05, nan_ok=True)
        else:
            assert same(answer, kept[key]), key.split()[0]


def test_no_model_is_needed_for_the_first_answers():
    """The page's first questions are answered before torch is there."""
    code = """
import sys
from tabs import compare, map as maps, ship
for name in ship.SETS:
    asked = ship.question(name)
    *_, first = maps.prepare({**asked, "depth": 1, "perplexity": 30}, None)
    assert first["models"]["clip"]["answers"], first
    *_, drawn = maps.arrange(asked, None, "swin")
    assert drawn["points"], drawn
    *_, ready = compare.prepare(asked, None)
    assert compare.attempt(asked, None)["pairs"]
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_other_models_are_answered_afresh(monkeypatch):
    monkeypatch.setattr(shipped, "bundled", lambda: "other weights")
    shipped.shipped.cache_clear()
    try:
        assert shipped.shipped() == {}
    finally:
        shipped.shipped.cache_clear()
