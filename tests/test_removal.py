"""Heads, blocks and patches really taken out, against weights zeroed by hand, and the SRG of maps whose truth is known."""

import copy
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import reference
import tiny
import torch
from reference import clip_image_dense, clip_text_dense, unit, vit_dense

from explain import ablate, explain, faithfulness, flip
from explain.attribution.faithfulness import STEPS
from explain.attribution.faithfulness import faithfulness as measured
from explain.attribution.flip import flip as searched

VITS = [name for name in tiny.CLASSIFIERS if "swin" not in name]
SWINS = [name for name in tiny.CLASSIFIERS if "swin" in name]
TARGET = 2


def labels_of(name):
    return tiny.TEXTS if name in tiny.CLIPS else None


def traced(model, name, photo, target=TARGET):
    return model.trace(photo, target, labels_of(name), gradients=False)


def edited(model, edit):
    """A copy of the model whose module was edited."""
    other = copy.copy(model)
    other.module = copy.deepcopy(model.module)
    if hasattr(model, "tower"):
        other.tower = getattr(other.module, "vision_model", None) or other.module.visual
    edit(other)
    return other


def attentions(model):
    """Per layer the linear layer that reads the heads side by side, and how many heads there are; found by name."""
    module, found = getattr(model, "tower", model.module), []
    for each in module.modules():
        kind = type(each).__name__
        if kind in ("ViTAttention", "DeiTAttention", "SwinAttention"):
            found.append((each.o_proj, each.num_attention_heads))
        elif kind == "Swinv2Attention":
            found.append((each.output.dense, each.self.num_attention_heads))
        elif kind in ("CLIPAttention", "MultiheadAttention"):
            found.append((each.out_proj, each.num_heads))
        elif kind == "AttentionPool2d":
            found.append((each.c_proj, each.num_heads))
    return found


@pytest.mark.parametrize("name", tiny.TINY)
def test_a_head_that_is_off_is_a_head_whose_weights_are_zero(name, tiny_model, photo):
    model = tiny_model(name)
    off = [(0, 1)] if name == "open_clip_resnet" else [(0, 1), (1, 0)]

    def silence(other):
        for layer, head in off:
            out, count = attentions(other)[layer]
            width = out.weight.shape[1] // count
            out.weight.data[:, head * width : (head + 1) * width] = 0

    wanted = edited(model, silence).classify([photo], labels_of(name))[0]
    trace = traced(model, name, photo)
    found = ablate(trace, model, photo, heads=off)
    assert found.score_after == pytest.approx(float(wanted[TARGET]), rel=1e-4, abs=1e-4)
    assert found.score_before == pytest.approx(trace.score, rel=1e-4, abs=1e-4)
    assert abs(found.score_after - found.score_before) > 1e-3
    assert dict(found.after) == pytest.approx(
        dict(zip(trace.labels, wanted.softmax(-1).tolist(), strict=True)), abs=1e-4
    )
    again = model.classify([photo], labels_of(name))[0]
    assert float(again[TARGET]) == pytest.approx(trace.score, rel=1e-4, abs=1e-4)


class Same(torch.nn.Module):
    """A block that does nothing."""

    def __init__(self, alone):
        super().__init__()
        self.alone = alone

    def forward(self, hidden, *_, **__):
        return hidden if self.alone else (hidden, None)


@pytest.mark.parametrize("name", [*tiny.CLASSIFIERS, "hf_clip", "open_clip_vit"])
def test_a_skipped_block_is_one_that_does_nothing(name, tiny_model, photo):
    model = tiny_model(name)

    def skip(other):
        block = other._layers()[1]
        for parent in other.module.modules():
            for key, child in parent.named_children():
                if child is block:
                    setattr(parent, key, Same(name not in SWINS))

    wanted = edited(model, skip).module
    pixels = model.pixels([photo])
    if name in tiny.CLASSIFIERS:
        score = float(wanted(pixels).logits[0, TARGET])
    else:
        texts = model.embed_texts(tiny.TEXTS)
        image = (
            wanted.visual_projection(wanted.vision_model(pixels).pooler_output)
            if name == "hf_clip"
            else wanted.encode_image(pixels)
        )
        score = float(model.scale * (unit(image) @ texts.T)[0, TARGET])
    found = ablate(traced(model, name, photo), model, photo, blocks=[1])
    assert found.score_after == pytest.approx(score, rel=1e-4, abs=1e-4)
    assert abs(found.score_after - found.score_before) > 1e-3


@pytest.mark.parametrize("name", [*VITS, "hf_clip", "open_clip_vit"])
def test_a_dropped_patch_is_one_that_nobody_can_attend_to(name, tiny_model, photo):
    model = tiny_model(name)
    trace = traced(model, name, photo)
    rows, cols = trace.attention_blocks[0].grid.shape
    gone = [(0, 1), (rows - 1, cols - 1), (1, 0)]
    closed = [int(trace.attention_blocks[0].grid[place]) for place in gone]
    softmax = reference.softmax

    def masked(scores):
        return softmax(scores.index_fill(-1, torch.tensor(closed), -torch.inf))

    module = tiny.doubled(model.module)
    texts = (
        [clip_text_dense(module, ids)[0] for ids in tiny.token_ids()] if name in tiny.CLIPS else []
    )
    with patch.object(reference, "softmax", masked):
        if texts:
            image = clip_image_dense(module, model.pixels([photo])).embedding
            logits = module.logit_scale.exp() * unit(torch.stack(texts)) @ unit(image)
        else:
            logits = vit_dense(module, model.pixels([photo])).logits
    found = ablate(trace, model, photo, patches=gone)
    assert found.fill == "drop"
    assert found.score_after == pytest.approx(float(logits[TARGET].detach()), rel=1e-4, abs=1e-4)
    assert abs(found.score_after - found.score_before) > 1e-3


@pytest.mark.parametrize("name", ["vit_wide", "swin_padded", "open_clip_resnet"])
def test_a_painted_patch_is_its_pixels_at_the_mean(name, tiny_model, photo):
    model = tiny_model(name)
    trace = traced(model, name, photo)
    rows, cols = trace.attention_blocks[0].grid.shape
    pixels = model.pixels([photo])
    height, width = pixels.shape[-2] // rows, pixels.shape[-1] // cols
    pixels[..., height : 2 * height, 2 * width : 3 * width] = 0
    wanted = float(model.logits(pixels, labels_of(name))[0, TARGET])
    found = ablate(trace, model, photo, patches=[(1, 2)], fill="mean")
    assert found.score_after == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    assert abs(found.score_after - found.score_before) > 1e-4


class Adding:
    """A model whose score is the sum of its patches' worths: the truth of every patch is known."""

    drop_refused = ""

    def __init__(self, worth):
        self.worth = torch.tensor(worth, dtype=torch.float32)

    def pixels(self, images):
        return torch.zeros(1)

    def changed(self, pixels, labels, removed, fill):
        kept = (~removed.flatten(1)).float() @ self.worth.flatten()
        return torch.stack([kept, torch.zeros_like(kept)], 1)


@pytest.fixture(scope="module")
def adding(tiny_model, photo):
    """(a trace of 4 × 4 patches and two classes, the model whose truth is known, the truth)"""
    worth = np.random.default_rng(5).normal(size=(4, 4)) ** 3
    trace = replace(traced(tiny_model("vit"), "vit", photo, 0), labels=("one", "none"))
    return trace, Adding(worth), worth


def curve(worth, order):
    """The score before the first patch goes, and after each, one by one."""
    left = [worth.sum()]
    for place in order:
        left.append(left[-1] - worth.flat[place])
    return np.array(left)


def test_srg_is_the_area_between_the_two_curves(adding, photo):
    trace, model, worth = adding
    found = measured(trace, worth, model, photo, steps=16)
    order = np.argsort(-worth.ravel())
    falling, rising = curve(worth, order), curve(worth, order[::-1])
    np.testing.assert_allclose(found.most_first, falling, atol=1e-5)
    np.testing.assert_allclose(found.least_first, rising, atol=1e-5)
    between = sum(
        (a + b) / 2 for a, b in zip(rising - falling, (rising - falling)[1:], strict=False)
    )
    assert found.srg == pytest.approx(between / 16, abs=1e-5)
    assert found.srg > found.random["high"] and "logits more than chance" in found.verdict
    against = measured(trace, -worth, model, photo, steps=16)
    assert against.srg == pytest.approx(-found.srg, abs=1e-5)
    assert "less than chance" in against.verdict


def test_fewer_steps_take_more_patches_at_a_time(adding, photo):
    trace, model, worth = adding
    whole, coarse = (measured(trace, worth, model, photo, steps=steps) for steps in (16, 4))
    np.testing.assert_allclose(coarse.most_first, whole.most_first[::4], atol=1e-5)
    assert len(measured(trace, worth, model, photo, steps=STEPS).most_first) == 17


def test_a_random_map_is_within_the_band_of_random_orders(adding, photo):
    """As often as the band says, over many maps and seeds; and a map without any differences is random."""
    trace, model, _ = adding
    random = np.random.default_rng(11)
    inside, srgs = [], []
    for seed in range(200):
        blank = np.zeros((4, 4)) if seed % 2 else random.normal(size=(4, 4))
        found = measured(trace, blank, model, photo, steps=16, seed=seed)
        inside.append(found.random["low"] <= found.srg <= found.random["high"])
        srgs.append(found.srg)
    assert 0.90 <= np.mean(inside) <= 0.99
    assert abs(np.mean(srgs)) < 3 * np.std(srgs) / np.sqrt(len(srgs))


def test_the_same_seed_the_same_answer_and_progress_can_stop_it(adding, photo):
    trace, model, worth = adding
    heard = []
    one, again = (measured(trace, worth, model, photo, seed=3, progress=heard.append) for _ in "ab")
    assert one == again and heard[:2] == [0.0, 1 / 17] and len(heard) == 34
    assert one.random != measured(trace, worth, model, photo, seed=4).random

    def stop(done):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        measured(trace, worth, model, photo, progress=stop)


@pytest.mark.parametrize("name", ["vit", "swin_padded", "hf_clip", "open_clip_resnet"])
def test_faithfulness_removes_in_the_maps_own_order(name, tiny_model, photo):
    """The curve of the method's map, point by point, as `ablate` measures it."""
    model = tiny_model(name)
    trace = traced(model, name, photo)
    steps = 4
    found = faithfulness(trace, "gradcam", model, photo, steps=steps)
    heat = explain(trace, "gradcam")
    rows, cols = trace.attention_blocks[0].grid.shape
    repeat = -(-rows // heat.shape[0]), -(-cols // heat.shape[1])
    if name != "swin_padded":  # where patches of one value tie, the order among them is the seed's
        values = np.kron(heat, np.ones(repeat))
        order = np.argsort(-values.ravel())
        count = len(order)
        for step in range(steps + 1):
            gone = [divmod(int(place), cols) for place in order[: round(step * count / steps)]]
            wanted = ablate(trace, model, photo, patches=gone)
            assert found.most_first[step] == pytest.approx(wanted.score_after, rel=1e-3, abs=1e-3)
    assert found.most_first[0] == pytest.approx(trace.score, rel=1e-4, abs=1e-4)
    assert found.most_first[-1] == pytest.approx(found.least_first[-1], rel=1e-4, abs=1e-4)
    assert found.fill == ("mean" if name in ("swin_padded", "open_clip_resnet") else "drop")
    other = faithfulness(trace, "gradcam", model, photo, steps=steps, versus=0)
    logits = trace.logits
    assert other.most_first[0] == pytest.approx(
        float(logits[TARGET] - logits[0]), rel=1e-3, abs=1e-3
    )


def test_flip_takes_the_fewest_patches_where_their_worths_add(adding, photo):
    """Where the score is a sum, the fewest patches that make it negative are the largest ones; a map may not know them."""
    trace, model, _ = adding
    worth = np.array([[5, 1, 1, 1], [4, -3, -2, -2], [3, -1, -1, 0.5], [0, 0, 0, 0]], dtype=float)
    model, first = Adding(worth), replace(trace, versus=1, score=float(worth.sum()))
    found = searched(first, worth, model, photo)
    assert found.patches == ((0, 0), (1, 0)) and found.fill == "drop"
    assert (found.lead_before, found.lead_after) == (6.5, -2.5)
    misled = np.zeros((4, 4))
    misled[1, 0], misled[0, 1], misled[0, 2], misled[0, 0] = 4, 3, 2, 1
    found = searched(first, misled, model, photo)  # two of these four were not needed
    assert found.patches == ((1, 0), (0, 0)) and found.lead_after == -2.5
    stubborn = searched(replace(first, score=16.0), np.ones((4, 4)), Adding(np.ones((4, 4))), photo)
    assert stubborn.patches is None and stubborn.lead_after == 0


def test_flip_searches_large_grids_in_few_passes(adding, photo, tiny_model):
    """56 × 56 patches: the first steps take many at once, then within the one that lost the lead."""
    trace, _, _ = adding
    grid = torch.arange(56 * 56).view(56, 56)
    blocks = (replace(trace.attention_blocks[0], grid=grid), *trace.blocks[1:])
    worth = np.full((56, 56), -0.01)
    worth[10, 10:40] = 2
    model, calls = Adding(worth), []
    changed = model.changed
    model.changed = lambda *a, **named: calls.append(1) or changed(*a, **named)
    first = replace(trace, blocks=blocks, versus=1, score=float(worth.sum()))
    found = searched(first, worth, model, photo)
    removed = sum(worth[place] for place in found.patches)
    assert worth.sum() - removed < 0 <= worth.sum() - removed + 2
    assert set(found.patches) <= {(10, col) for col in range(10, 40)} and len(calls) < 120


@pytest.mark.parametrize("name", ["vit", "swin_padded", "hf_clip"])
def test_flip_is_true_of_the_model(name, tiny_model, photo):
    model = tiny_model(name)
    logits = traced(model, name, photo).logits
    best, *others = logits.argsort(descending=True).tolist()
    trace = traced(model, name, photo, best)
    for other in others[:2]:
        found = flip(trace, "relevance", other, model, photo)
        assert found.lead_before == pytest.approx(float(logits[best] - logits[other]), abs=1e-3)
        if found.patches is None:
            continue
        ablated = ablate(trace, model, photo, patches=found.patches)
        without = dict(ablated.after)
        assert found.lead_after < 0
        assert without[trace.labels[best]] < without[trace.labels[other]]
        assert np.log(without[trace.labels[best]] / without[trace.labels[other]]) == pytest.approx(
            found.lead_after, abs=1e-3
        )
    with pytest.raises(ValueError, match="already prefers"):
        flip(traced(model, name, photo, others[-1]), "gradcam", best, model, photo)
    with pytest.raises(ValueError, match="versus="):
        searched(trace, np.ones((2, 2)), model, photo)


@pytest.mark.parametrize(
    ("name", "call", "sentence"),
    [
        ("vit", {"heads": [(3, 0)]}, "layers 0 to 2"),
        ("vit", {"heads": [(0, 2)]}, "heads 0 to 1"),
        ("vit", {"blocks": [-1]}, "layers 0 to 2"),
        ("vit", {"patches": [(4, 0)]}, "4 × 4"),
        ("vit", {"fill": "black"}, "one of drop, mean"),
        ("swin", {"patches": [(0, 0)], "fill": "drop"}, "windows need every patch"),
        ("open_clip_resnet", {"blocks": [0]}, "cannot be skipped"),
    ],
)
def test_what_cannot_be_taken_out_is_one_sentence(name, call, sentence, tiny_model, photo):
    model = tiny_model(name)
    with pytest.raises(ValueError, match=sentence) as caught:
        ablate(traced(model, name, photo), model, photo, **call)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [({"steps": 0}, "1 to 28"), ({"steps": 2.5}, "1 to 28"), ({"seed": -1}, "from 0")],
)
def test_what_does_not_fit_faithfulness_is_one_sentence(asked, sentence, adding, photo):
    trace, model, worth = adding
    with pytest.raises(ValueError, match=sentence):
        measured(trace, worth, model, photo, **asked)
    with pytest.raises(ValueError, match="image's side"):
        measured(replace(trace, side="text"), worth, model, photo)
