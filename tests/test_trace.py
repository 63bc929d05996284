"""The trace engine against the dense textbook models: one photo, every family, every block."""

import copy
import threading

import numpy as np
import pytest
import tiny
import torch
from PIL import Image
from reference import (
    clip_dense,
    dense_from_windows,
    resnet50_attention_pool_dense,
    swin_dense,
    vit_dense,
)
from torch.testing import assert_close

from models.trace import Merge

LABELS = tiny.TEXTS
VITS = [name for name in tiny.CLASSIFIERS if "swin" not in name]
SWINS = [name for name in tiny.CLASSIFIERS if "swin" in name]
CLIP_VITS = ["hf_clip", "open_clip_vit"]
DENSE = [*VITS, *SWINS, *CLIP_VITS]


def labels_of(name):
    return LABELS if name in tiny.CLIPS else None


def dense(name, model, photo):
    """The textbook version of a loaded model, on the pixels it would see."""
    module, pixels = tiny.doubled(model.module), model.pixels([photo])
    if name in CLIP_VITS:
        return clip_dense(module, pixels, tiny.token_ids())
    return (swin_dense if name in SWINS else vit_dense)(module, pixels)


def close(actual, expected, tolerance=2e-5):
    assert_close(actual.double(), expected.detach().double(), rtol=1e-4, atol=tolerance)


@pytest.fixture(scope="module")
def both(tiny_model, photo):
    """A function: name → (trace for target 2, textbook version with gradients of its score)."""
    made = {}

    def pair(name):
        if name not in made:
            model = tiny_model(name)
            made[name] = model.trace(photo, 2, labels_of(name)), dense(name, model, photo)
        return made[name]

    return pair


@pytest.mark.parametrize("name", DENSE)
def test_answers(name, both):
    trace, textbook = both(name)
    close(trace.logits, textbook.logits, 1e-4)
    embedding = textbook.embedding
    close(trace.embedding, embedding / embedding.norm() if name in CLIP_VITS else embedding)
    close(torch.tensor(trace.score), textbook.logits[2], 1e-4)


@pytest.mark.parametrize("name", DENSE)
def test_every_block_is_the_textbook_attention(name, both):
    trace, textbook = both(name)
    blocks = trace.attention_blocks
    assert len(blocks) == len(textbook.attentions)
    assert [tuple(block.grid.shape) for block in blocks] == textbook.grids
    for block, attention in zip(blocks, textbook.attentions, strict=True):
        tokens = block.tokens
        found = dense_from_windows(block.weights, block.queries, block.keys, tokens)
        close(found, attention[:, :tokens, :tokens])


@pytest.mark.parametrize("name", DENSE)
def test_every_gradient_is_the_textbook_gradient(name, both):
    trace, textbook = both(name)
    wanted = torch.autograd.grad(textbook.logits[2], textbook.attentions, retain_graph=True)
    for index, (block, gradient) in enumerate(zip(trace.attention_blocks, wanted, strict=True)):
        tokens = block.tokens
        found = dense_from_windows(block.gradients, block.queries, block.keys, tokens)
        gradient = gradient[:, :tokens, :tokens]
        if textbook.visible:
            seen = textbook.visible[index][:tokens, :tokens]
            found, gradient = found[:, seen], gradient[:, seen]
        assert gradient.abs().max() > 1e-4
        close(found, gradient)


@pytest.mark.parametrize("name", DENSE)
def test_features_and_their_gradient(name, both):
    trace, textbook = both(name)
    gradient = torch.autograd.grad(textbook.logits[2], textbook.features, retain_graph=True)[0]
    count = len(trace.features)
    assert count == trace.features_grid[0] * trace.features_grid[1]
    close(trace.features, textbook.features[-count:])
    close(trace.features_gradient, gradient[-count:])
    assert trace.features_gradient.abs().max() > 1e-4


@pytest.mark.parametrize("name", SWINS)
def test_merges_are_the_textbook_merges(name, both):
    trace, textbook = both(name)
    merges = [block for block in trace.blocks if isinstance(block, Merge)]
    assert len(merges) == len(textbook.merges) > 0
    for merge, matrix in zip(merges, textbook.merges.values(), strict=True):
        for parent, children in zip(matrix, merge.children, strict=True):
            assert set(children[children >= 0].tolist()) == set(parent.nonzero().flatten().tolist())


def test_swin_windows_are_shifted_where_they_should_be(both):
    blocks = both("swin")[0].attention_blocks
    assert blocks[0].keys[0].tolist() == [r * 16 + c for r in range(4) for c in range(4)]
    assert blocks[1].keys[0].tolist() == [r * 16 + c for r in range(2, 6) for c in range(2, 6)]
    assert blocks[1].keys[-1].tolist()[-1] == 17  # the last window wraps round to row 1, column 1


def test_resnet_pool_is_one_block(tiny_model, photo):
    model = tiny_model("open_clip_resnet")
    trace = model.trace(photo, 2, LABELS)
    module = tiny.doubled(model.module)
    tower, pixels = module.visual, model.pixels([photo]).double()
    features = tower.layer4(tower.layer3(tower.layer2(tower.layer1(tower.stem(pixels)))))
    output, row = resnet50_attention_pool_dense(tower.attnpool, features)
    close(trace.attention_blocks[0].weights[0], row)
    close(trace.embedding, output / output.norm())
    close(trace.features, features[0].flatten(1).T)
    score = module.get_logits(pixels, tiny.token_ids())[0][0, 2]
    close(torch.tensor(trace.score), score, 1e-4)
    assert "convolutional" in trace.rollout_refused


@pytest.mark.parametrize("name", tiny.TINY)
def test_without_gradients_the_rest_is_the_same(name, tiny_model, photo):
    model = tiny_model(name)
    full = model.trace(photo, 1, labels_of(name))
    light = model.trace(photo, 1, labels_of(name), gradients=False)
    assert all(block.gradients is None for block in light.attention_blocks)
    assert_close(light.features_gradient, full.features_gradient, rtol=1e-4, atol=1e-6)
    assert_close(light.logits, full.logits)


@pytest.mark.parametrize("name", tiny.TINY)
def test_classify_embed_and_trace_agree(name, tiny_model, photo):
    model = tiny_model(name)
    trace = model.trace(photo, labels=labels_of(name))
    flipped = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    logits = model.classify([flipped, photo], labels_of(name))
    close(logits[1], trace.logits)
    assert (logits[0] - logits[1]).abs().max() > 1e-3
    pool = "joint" if "joint" in model.pools else "readout"
    close(model.embed([flipped, photo], pool=pool)[1], trace.embedding)
    assert trace.target == int(trace.logits.argmax())
    top = trace.top(3)
    assert top[0][0] == trace.labels[trace.target]
    assert [p for _, p in top] == sorted((p for _, p in top), reverse=True)
    assert top[0][1] == pytest.approx(float(trace.logits.softmax(-1).max()))


@pytest.mark.parametrize("name", tiny.TINY)
def test_nothing_stays_behind(name, tiny_model, photo):
    """No hook, no gradient, no replaced forward, the attention kernel as it was: after success and after failure."""
    model = tiny_model(name)

    def state():
        hooks = sum(
            len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.module.modules()
        )
        replaced = [m for m in model.module.modules() if "forward" in vars(m)]
        kernel = getattr(getattr(model.module, "config", None), "_attn_implementation", None)
        return (
            hooks,
            replaced,
            kernel,
            [p.grad for p in model.module.parameters() if p.grad is not None],
        )

    before = state()
    model.trace(photo, labels=labels_of(name))
    assert state() == before
    with pytest.raises(ValueError, match="target must be"):
        model.trace(photo, 99, labels_of(name))
    assert state() == before


@pytest.mark.parametrize("name", ["vit", "swin", "hf_clip", "open_clip_vit"])
def test_threads_do_not_mix(name, tiny_model, photo):
    model = tiny_model(name)
    photos = [photo.rotate(angle) for angle in range(0, 80, 10)]
    alone = [model.trace(each, labels=labels_of(name)) for each in photos]
    found = [None] * len(photos)

    def work(index):
        found[index] = model.trace(photos[index], labels=labels_of(name))
        model.classify([photos[index]], labels_of(name))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(photos))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, found, strict=True):
        assert_close(one.logits, other.logits)
        for a, b in zip(one.attention_blocks, other.attention_blocks, strict=True):
            assert_close(a.weights, b.weights)
            assert_close(a.gradients, b.gradients)


def test_targets(tiny_model, photo):
    model = tiny_model("vit")
    assert model.trace(photo, "cup").target == model.trace(photo, 2).target == 2
    for wrong in ("zebra", 5, -1, True, 1.0):
        with pytest.raises(ValueError, match="label"):
            model.trace(photo, wrong)
    with pytest.raises(ValueError, match="its own 5 classes"):
        model.trace(photo, labels=["a zebra"])


def test_clip_labels(tiny_model, photo):
    model = tiny_model("open_clip_vit")
    assert model.labels[0] == "a photo of a airplane" and len(model.labels) == 51
    for wrong in ([], ["a dog", " "], [None]):
        with pytest.raises(ValueError, match="must be a text"):
            model.classify([photo], wrong)
    with pytest.raises(ValueError, match="twice"):
        model.classify([photo], ["a dog", "a dog"])


@pytest.mark.parametrize("name", tiny.CLIPS)
def test_text_features_do_not_depend_on_company(name, tiny_model):
    """Cached, trimmed to the batch's longest, or alone: the same features as the whole context gives."""
    model = tiny_model(name)
    long, short = "a photo of a duck", "dog"
    together = model.embed_texts([long, short])
    model._texts.clear()
    close(model.embed_texts([short])[0], together[1])
    close(model.embed_texts([long, short]), together)
    ids = tiny.token_ids((long, short))
    with torch.no_grad():
        if name == "hf_clip":
            own = model.module.get_text_features(ids).pooler_output
        else:
            own = model.module.encode_text(ids)
    close(together, torch.nn.functional.normalize(own, dim=-1))


def test_clip_takes_lists_of_texts_and_its_joint_space_has_no_layers(tiny_model, photo):
    model = tiny_model("hf_clip")
    for texts in ("cat", [], ()):
        with pytest.raises(ValueError, match="list of at least one text"):
            model.embed_texts(texts)
    with pytest.raises(ValueError, match="as a list"):
        model.classify([photo], labels="cat")
    with pytest.raises(ValueError, match="after all layers"):
        model.embed([photo], 0, "joint")
    with pytest.raises(ValueError, match="layers 0 to"):
        model.embed([photo], "1")


def test_hidden_layers_embed(tiny_model, photo):
    """Layer l's readout and mean are the hidden states transformers itself reports."""
    model = tiny_model("vit")
    states = model.module(model.pixels([photo]), output_hidden_states=True).hidden_states
    for layer in (0, 1):
        close(model.embed([photo], layer)[0], states[layer + 1][0, 0])
        close(model.embed([photo], layer, "mean")[0], states[layer + 1][0, 1:].mean(0))
    with pytest.raises(ValueError, match="layers 0 to 2"):
        model.embed([photo], 3)
    with pytest.raises(ValueError, match="readout or mean"):
        model.embed([photo], pool="joint")


def test_view_is_what_the_crop_kept(tiny_model):
    """A grey photo with one white stripe: the stripe lands in the column of the grid that the view says."""
    photo = Image.new("RGB", (96, 48))
    photo.paste((255, 255, 255), (60, 0, 66, 48))  # five eighths across
    squashed, cropped = tiny_model("vit"), tiny_model("hf_clip")
    assert squashed.trace(photo).view == (0, 0, 1, 1)
    left, top, right, bottom = cropped.trace(photo, labels=LABELS).view
    assert (left, top, right, bottom) == pytest.approx((0.25, 0, 0.75, 1))
    for model, (start, end) in ((squashed, (0, 1)), (cropped, (left, right))):
        columns = model.pixels([photo])[0].mean((0, 1))
        brightest = (int(columns.argmax()) + 0.5) / len(columns)
        assert start + brightest * (end - start) == pytest.approx(63 / 96, abs=0.03)


@pytest.mark.parametrize("size", [(96, 48), (277, 554), (640, 427), (50, 51)])
@pytest.mark.parametrize("resized", [32, 40])
@pytest.mark.parametrize("name", ["vit", "vit_wide", "hf_clip", "open_clip_vit"])
def test_view_is_read_off_the_pixels(name, resized, size, tiny_model):
    """A photo whose red grows across and whose green grows down: the pixels themselves say what the view must be."""
    width, height = size
    across, down = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    ramp = np.stack([across, down, 0 * across], -1)
    photo = Image.fromarray((255 * ramp).round().astype(np.uint8))
    pixels_of = tiny_model(name)._pixels_of
    if name == "hf_clip":  # as DeiT does: resize to more than is kept, then crop
        pixels_of = copy.copy(pixels_of)
        pixels_of.processor = copy.deepcopy(pixels_of.processor)
        pixels_of.processor.size = {"shortest_edge": resized}
    pixels, view = pixels_of(photo)
    for channel, axis, (start, end) in ((0, 1, view[0::2]), (1, 0, view[1::2])):
        seen = (pixels[channel] * tiny.STD[channel] + tiny.MEAN[channel]).mean(1 - axis).numpy()
        places = (np.arange(len(seen)) + 0.5) / len(seen)
        slope, first = np.polyfit(places[3:-3], seen[3:-3], 1)
        assert (first, first + slope) == pytest.approx((start, end), abs=0.012)


@pytest.mark.parametrize("name", tiny.TINY)
def test_what_a_model_sees_is_the_photo_in_its_own_size_and_colours(name, tiny_model):
    """Above red, below blue: so is what the model gets, whatever its normalisation."""
    model = tiny_model(name)
    photo = Image.new("RGB", (96, 80), (200, 30, 90))
    photo.paste((10, 60, 240), (0, 40, 96, 80))
    seen = np.asarray(model.seen(photo)).astype(int)
    assert seen.shape[:2] == tuple(model.pixels([photo]).shape[-2:])
    rows = len(seen)
    assert np.abs(seen[rows // 8 : rows // 4] - (200, 30, 90)).max() <= 2
    assert np.abs(seen[-rows // 4 : -rows // 8] - (10, 60, 240)).max() <= 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
@pytest.mark.parametrize("name", tiny.TINY)
def test_cuda_maps_are_the_cpus(name, tiny_folder, tiny_model, photo, monkeypatch):
    from explain import METHODS, explain
    from models import load

    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    here, there = tiny_model(name), load(tiny_folder(name), device="cuda")
    one, other = (model.trace(photo, 1, labels_of(name)) for model in (here, there))
    for a, b in zip(one.attention_blocks, other.attention_blocks, strict=True):
        assert_close(a.gradients, b.gradients, rtol=1e-3, atol=1e-3)
    for method, described in METHODS.items():
        if method == "rollout" and one.rollout_refused:
            continue
        if method == "legrad" and here.own_scores_refused:
            continue
        maps = [
            explain(
                trace, method, **({"model": model, "image": photo} if described.needs_model else {})
            )
            for model, trace in ((here, one), (there, other))
        ]
        assert_close(*map(torch.from_numpy, maps), rtol=1e-3, atol=1e-3)


def test_integrated_gradients_and_traces_do_not_mix(tiny_model, photo):
    """One person waits for integrated gradients while others ask on: each gets what it would alone."""
    from explain import explain

    model = tiny_model("vit")
    trace = model.trace(photo, 1)
    alone = explain(trace, "integrated_gradients", model=model, image=photo, steps=20)
    found, stop = [], threading.Event()

    def ask_on():
        while not stop.is_set():
            found.append(model.trace(photo, 1))

    thread = threading.Thread(target=ask_on)
    thread.start()
    try:
        for _ in range(5):
            again = explain(trace, "integrated_gradients", model=model, image=photo, steps=20)
            assert_close(torch.from_numpy(again), torch.from_numpy(alone))
    finally:
        stop.set()
        thread.join()
    assert found and all(len(each.attention_blocks) == 3 for each in found)
    assert_close(found[-1].attention_blocks[0].gradients, trace.attention_blocks[0].gradients)
