"""Every method against its textbook version on tiny random models, and by what must always hold."""

import dataclasses

import numpy as np
import pytest
import tiny
import torch
from reference import (
    clip_dense,
    discard_rollout_dense,
    gradcam_dense,
    integrated_gradients_dense,
    rollout_dense,
    swin_dense,
    vit_dense,
)

from explain import METHODS, explain, explained
from explain.attribution.attention import every_head
from models.trace import Block, Merge

VITS = [name for name in tiny.CLASSIFIERS if "swin" not in name]
SWINS = [name for name in tiny.CLASSIFIERS if "swin" in name]
CLIP_VITS = ["hf_clip", "open_clip_vit"]
DENSE = [*VITS, *SWINS, *CLIP_VITS]
CLOSE = {"rtol": 1e-3, "atol": 2e-6}


def labels_of(name):
    return tiny.TEXTS if name in tiny.CLIPS else None


@pytest.fixture(scope="module")
def both(tiny_model, photo):
    """A function: name → (trace for target 2, textbook forward pass)."""
    made = {}

    def pair(name):
        if name not in made:
            model = tiny_model(name)
            module, pixels = tiny.doubled(model.module), model.pixels([photo])
            if name in CLIP_VITS:
                textbook = clip_dense(module, pixels, tiny.token_ids())
            else:
                textbook = (swin_dense if name in SWINS else vit_dense)(module, pixels)
            made[name] = model.trace(photo, 2, labels_of(name)), textbook
        return made[name]

    return pair


def specials(name):
    return {"deit": 2, "deit_teacher": 2}.get(name, 0 if name in SWINS else 1)


def start(name, textbook, layer):
    """Where the answer is read from, on the tokens of one block: the papers' choice."""
    tokens = textbook.grids[layer][0] * textbook.grids[layer][1] + specials(name)
    share = torch.zeros(tokens, dtype=torch.float64)
    if name in SWINS:
        share[:] = 1 / tokens
    elif name == "deit_teacher":
        share[:2] = 0.5
    else:
        share[0] = 1
    return share


def merges_before(textbook, layer):
    return {index: matrix for index, matrix in textbook.merges.items() if index < layer}


@pytest.mark.parametrize("layer", [None, 0, 1, 2])
@pytest.mark.parametrize("name", DENSE)
def test_rollout_is_the_product_of_dense_matrices(name, layer, both):
    trace, textbook = both(name)
    last = len(textbook.attentions) - 1 if layer is None else layer
    wanted = rollout_dense(
        textbook.attentions[: last + 1], merges_before(textbook, last), start(name, textbook, last)
    )
    found = explain(trace, "rollout", layer)
    np.testing.assert_allclose(found.ravel(), wanted[specials(name) :].numpy(), **CLOSE)
    assert found.shape == textbook.grids[0]


@pytest.mark.parametrize("ratio", [0.3, 0.9])
@pytest.mark.parametrize("name", DENSE)
def test_discarding_is_per_row_and_keeps_the_special_tokens(name, ratio, both):
    trace, textbook = both(name)
    last = len(textbook.attentions) - 1
    wanted = discard_rollout_dense(
        textbook.attentions,
        ratio,
        textbook.merges,
        start(name, textbook, last),
        specials(name),
        textbook.visible or None,
    )
    found = explain(trace, "rollout", discard=ratio)
    np.testing.assert_allclose(found.ravel(), wanted[specials(name) :].numpy(), **CLOSE)
    assert not np.allclose(found, explain(trace, "rollout"), **CLOSE)


@pytest.mark.parametrize("head", [None, 0, 1])
@pytest.mark.parametrize("name", DENSE)
def test_attention_is_a_row_of_the_dense_matrix(name, head, both):
    trace, textbook = both(name)
    for layer, attention in enumerate(textbook.attentions):
        rows, cols = textbook.grids[layer]
        tokens = rows * cols + specials(name)
        matrix = (attention.mean(0) if head is None else attention[head])[:tokens, :tokens]
        matrix = (matrix / matrix.sum(-1, keepdim=True)).detach()
        wanted = start(name, textbook, layer) @ matrix
        found = explain(trace, "attention", layer, head)
        np.testing.assert_allclose(found.ravel(), wanted[specials(name) :].numpy(), **CLOSE)
        patch = (rows - 1, 0)
        asked = matrix[specials(name) + patch[0] * cols + patch[1]]
        found = explain(trace, "attention", layer, head, patch)
        np.testing.assert_allclose(found.ravel(), asked[specials(name) :].numpy(), **CLOSE)


@pytest.mark.parametrize("patch", [None, (1, 2)])
@pytest.mark.parametrize("name", DENSE)
def test_all_heads_at_once_are_each_head_alone(name, patch, both):
    trace, _ = both(name)
    for layer, block in enumerate(trace.attention_blocks):
        found = every_head(trace, layer, patch).numpy()
        for head, each in zip((None, *range(block.heads)), found, strict=True):
            wanted = explain(trace, "attention", layer, head, patch)
            np.testing.assert_allclose(each, wanted, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", DENSE)
def test_gradcam_is_the_papers_two_equations(name, both):
    trace, textbook = both(name)
    gradient = torch.autograd.grad(textbook.logits[2], textbook.features, retain_graph=True)[0]
    for relu in (False, True):
        wanted = gradcam_dense(textbook.features, gradient, trace.features_grid, relu).detach()
        found = explain(trace, "gradcam", relu=relu)
        np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", SWINS)
def test_swins_gradcam_sums_to_its_logit(name, both, tiny_model):
    trace, _ = both(name)
    bias = float(tiny_model(name).module.classifier.bias[2])
    assert explain(trace, "gradcam").sum() + bias == pytest.approx(trace.score, abs=1e-4)


@pytest.mark.parametrize("name", ["vit", "deit", "swin", "swinv2", "open_clip_resnet"])
def test_gradcam_agrees_with_pytorch_grad_cam(name, tiny_model, photo):
    """Jacob Gildenblat's pytorch-grad-cam, given the layer and the reshaping it asks its users for."""
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    model = tiny_model(name)
    trace = model.trace(photo, 2, labels_of(name))
    rows, cols = trace.features_grid
    first = specials(name)

    def reshape(tokens):
        if tokens.ndim == 4:
            return tokens
        return tokens[:, first:].reshape(len(tokens), rows, cols, -1).permute(0, 3, 1, 2)

    class Scores(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model.module

        def forward(self, pixels):
            return model.logits(pixels, trace.labels)

    with GradCAM(Scores(), [model._features_module()], reshape_transform=reshape) as theirs:
        pixels = model.pixels([photo]).requires_grad_()
        cam = theirs.get_cam_image(
            pixels,
            [ClassifierOutputTarget(2)],
            *_activations_and_gradients(theirs, pixels),
            eigen_smooth=False,
        )
    np.testing.assert_allclose(
        explain(trace, "gradcam"), np.asarray(cam).reshape(rows, cols), rtol=1e-3, atol=1e-5
    )


def _activations_and_gradients(cam, pixels):
    """What pytorch-grad-cam's own pass hands to its arithmetic: (layer, activations, gradients)."""
    score = cam.activations_and_grads(pixels)[0, 2]
    score.backward()
    store = cam.activations_and_grads
    return cam.target_layers[0], store.activations[0].numpy(), store.gradients[0].numpy()


def test_gradcam_on_a_resnet_agrees_with_captum(tiny_model, photo):
    from captum.attr import LayerGradCam

    model = tiny_model("open_clip_resnet")
    trace = model.trace(photo, 2, tiny.TEXTS)
    theirs = LayerGradCam(
        lambda pixels: model.logits(pixels, tiny.TEXTS), model.module.visual.layer4
    )
    wanted = theirs.attribute(model.pixels([photo]).requires_grad_(), target=2)[0, 0].detach()
    np.testing.assert_allclose(explain(trace, "gradcam"), wanted.numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", tiny.TINY)
def test_integrated_gradients_is_the_textbook_integral(name, tiny_model, photo):
    model = tiny_model(name)
    trace = model.trace(photo, 2, labels_of(name))
    pixels = model.pixels([photo])
    wanted = integrated_gradients_dense(
        lambda x: model.logits(x, trace.labels)[0, 2], pixels, torch.zeros_like(pixels), 20
    )
    rows, cols = trace.attention_blocks[0].grid.shape
    height, width = pixels.shape[-2:]
    wanted = wanted[0].sum(0).view(rows, height // rows, cols, width // cols).sum((1, 3))
    done = []
    found = explained(
        trace, "integrated_gradients", model=model, image=photo, steps=20, progress=done.append
    )
    np.testing.assert_allclose(found.map, wanted.numpy(), rtol=1e-3, atol=1e-4)
    assert done == [0.0, 0.5] and "convergence delta" in found.note and found.signed


def test_integrated_gradients_is_complete_and_can_be_cancelled(tiny_model, photo):
    model = tiny_model("vit")
    trace = model.trace(photo, 2)
    pixels = model.pixels([photo])
    gained = model.logits(pixels)[0, 2] - model.logits(torch.zeros_like(pixels))[0, 2]
    found = explain(trace, "integrated_gradients", model=model, image=photo)
    assert found.sum() == pytest.approx(float(gained), abs=0.01)

    class Cancelled(Exception):
        pass

    def stop(fraction):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        explain(trace, "integrated_gradients", model=model, image=photo, progress=stop)


# What must always hold.


@pytest.mark.parametrize("name", DENSE)
def test_mass_stays_one(name, both):
    """Through windows, padding and merges nothing is lost: patches and special tokens together hold the whole."""
    trace, _ = both(name)
    total = explain(trace, "rollout").sum()
    if name in SWINS:
        assert total == pytest.approx(1, abs=1e-5)
    else:
        assert 0 < total < 1
    for layer in range(len(trace.attention_blocks)):
        for patch in ((0, 0), (1, 2)):
            asked = explain(trace, "attention", layer, patch=patch).sum()
            assert asked == pytest.approx(1, abs=1e-5) if name in SWINS else 0 < asked < 1


def test_uniform_attention_spreads_evenly_over_swins_first_grid(both):
    """When every real key gets the same share, an even start stays even, whatever the windows are."""
    trace, _ = both("swin")
    blocks = [
        dataclasses.replace(b, weights=torch.full_like(b.weights, 1 / b.weights.shape[-1]))
        if isinstance(b, Block)
        else b
        for b in trace.blocks
    ]
    found = explain(dataclasses.replace(trace, blocks=tuple(blocks)), "rollout")
    np.testing.assert_allclose(found, 1 / 256, rtol=1e-5)


def test_rollout_by_hand():
    """Two tokens, [CLS] and one patch: [CLS] gives the patch a half of a half, worked on paper."""
    weights = torch.tensor([[0.5, 0.5], [0.0, 1.0]])[None, None]
    ids = torch.arange(2)[None]
    block = Block(weights, None, ids, ids, torch.tensor([[1]]))
    assert explain(_bare((block,), [1.0, 0.0]), "rollout")[0, 0] == pytest.approx(0.25)
    again = dataclasses.replace(block)
    assert explain(_bare((block, again), [1.0, 0.0]), "rollout")[0, 0] == pytest.approx(1 - 0.75**2)


def test_a_merged_share_splits_over_real_children_only():
    ids = torch.arange(1)[None]
    parent = Block(torch.ones(1, 1, 1, 1), None, ids, ids, torch.zeros(1, 1, dtype=torch.long))
    two = torch.arange(2)[None]
    child = Block(torch.eye(2)[None, None], None, two, two, torch.arange(2).view(1, 2))
    trace = _bare((child, Merge(torch.tensor([[0, 1, -1, -1]])), parent), [1.0])
    np.testing.assert_allclose(explain(trace, "rollout"), [[0.5, 0.5]])


def _bare(blocks, readout):
    """A trace with nothing in it but its blocks."""
    from models.trace import Trace

    empty = torch.zeros(1, 1)
    return Trace(
        family="none",
        blocks=blocks,
        readout=torch.tensor(readout),
        features=empty,
        features_gradient=empty,
        features_grid=(1, 1),
        logits=empty[0],
        labels=("one",),
        target=0,
        score=0.0,
        embedding=empty[0],
        view=(0, 0, 1, 1),
    )


@pytest.mark.parametrize("name", tiny.TINY)
def test_a_shift_of_all_logits_changes_no_map(name, tiny_model, photo):
    """Maps explain a logit's change, not its level: adding a constant to every class leaves them as they are."""
    model = tiny_model(name)
    before = explain(model.trace(photo, 2, labels_of(name)), "gradcam")
    answer = model._answer

    def higher(pixels, labels):
        logits, embedding = answer(pixels, labels)
        return logits + 5, embedding

    model._answer = higher
    try:
        shifted = model.trace(photo, 2, labels_of(name), gradients=False)
    finally:
        del model._answer
    np.testing.assert_allclose(explain(shifted, "gradcam"), before, rtol=1e-4, atol=1e-6)


def test_no_gradient_no_map_and_the_opposite_gradient_the_opposite_map(both):
    trace, _ = both("vit")
    none = dataclasses.replace(trace, features_gradient=torch.zeros_like(trace.features_gradient))
    assert not explain(none, "gradcam").any()
    opposite = dataclasses.replace(trace, features_gradient=-trace.features_gradient)
    np.testing.assert_allclose(explain(opposite, "gradcam"), -explain(trace, "gradcam"))


def test_an_all_negative_map_says_so(both):
    trace, _ = both("vit")
    gradient = torch.ones_like(trace.features_gradient)
    below = dataclasses.replace(trace, features=-trace.features.abs(), features_gradient=gradient)
    found = explained(below, "gradcam")
    assert (found.map < 0).all() and found.note.startswith(METHODS["gradcam"].empty)
    assert explained(both("vit")[0], "attention").note == ""
    assert not explained(below, "gradcam", relu=True).signed


def test_an_all_negative_integral_says_so_beside_its_delta(tiny_model, photo, monkeypatch):
    from explain.attribution import integrated_gradients as file

    model = tiny_model("vit")
    trace = model.trace(photo, 2)
    monkeypatch.setattr(
        file, "integrated_gradients", lambda *_, **__: (-torch.ones(2, 2), "Delta.")
    )
    found = explained(trace, "integrated_gradients", model=model, image=photo)
    assert found.note == f"{METHODS['integrated_gradients'].empty} Delta."


def test_attention_and_rollout_ignore_the_target(tiny_model, photo):
    model = tiny_model("swin")
    for method in ("attention", "rollout"):
        one, other = (explain(model.trace(photo, target), method) for target in (0, 1))
        np.testing.assert_array_equal(one, other)
        assert not METHODS[method].follows_target
    one, other = (explain(model.trace(photo, target), "gradcam") for target in (0, 1))
    assert not np.allclose(one, other) and METHODS["gradcam"].follows_target


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", tiny.TINY)
def test_every_method_answers_every_family(name, method, tiny_model, photo):
    model = tiny_model(name)
    trace = model.trace(photo, labels=labels_of(name), gradients=False)
    again = {"model": model, "image": photo} if METHODS[method].needs_model else {}
    if method == "rollout" and trace.rollout_refused:
        with pytest.raises(ValueError, match="convolutional"):
            explain(trace, method)
        return
    if method == "legrad" and model.own_scores_refused:
        with pytest.raises(ValueError, match="LeGrad reads a score from every layer"):
            explain(trace, method, **again)
        return
    found = explain(trace, method, **again)
    assert found.dtype == np.float32 and found.ndim == 2 and np.isfinite(found).all()
    assert found.std() > 0
    assert METHODS[method].signed or (found >= 0).all()


@pytest.mark.parametrize(
    ("method", "wrong", "sentence"),
    [
        ("attention", {"layer": 3}, "layers 0 to 2"),
        ("attention", {"layer": -1}, "layers 0 to 2"),
        ("attention", {"layer": True}, "layers 0 to 2"),
        ("attention", {"layer": "0"}, "layers 0 to 2"),
        ("attention", {"head": 2}, "heads 0 to 1"),
        ("attention", {"head": 0.5}, "heads 0 to 1"),
        ("attention", {"patch": (4, 0)}, "4 × 4"),
        ("attention", {"patch": (0, -1)}, "4 × 4"),
        ("attention", {"patch": (1,)}, "4 × 4"),
        ("attention", {"patch": 3}, "4 × 4"),
        ("rollout", {"layer": 9}, "layers 0 to 2"),
        ("rollout", {"head": 0}, "takes no head"),
        ("rollout", {"discard": 1.0}, "fraction"),
        ("rollout", {"discard": "x"}, "fraction"),
        ("gradcam", {"layer": 0}, "takes no layer"),
        ("gradcam", {"gradient": "nice"}, "one of paper, libra"),
        ("gradcam", {"gradient": "libra"}, "give model="),
        ("gradcam", {"versus": 1}, "give model="),
        ("attention", {"versus": 1}, "takes no versus"),
        ("relevance", {}, "give model="),
        ("relevance", {"head": 0}, "takes no head"),
        ("chefer", {"start": 3}, "layers 0 to 2"),
        ("integrated_gradients", {}, "give model="),
        ("integrated_gradients", {"model": 0, "image": 0, "steps": 0}, "from 1"),
        ("integrated_gradients", {"model": 0, "image": 0, "steps": "5"}, "from 1"),
        ("magic", {}, "There is no method"),
    ],
)
def test_what_does_not_fit_is_one_sentence(method, wrong, sentence, both):
    with pytest.raises(ValueError, match=sentence) as caught:
        explain(both("vit")[0], method, **wrong)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("method", "wrong", "sentence"),
    [
        ("relevance", {"layer": 3}, "layers 0 to 2"),
        ("relevance", {"biases": 1}, "True or False"),
        ("relevance", {"versus": 2}, "against itself"),
        ("relevance", {"versus": "cow"}, "not among this model's 5 labels"),
        ("relevance", {"versus": 5}, "from 0 to 4"),
        ("decomposition", {"head": 0}, "choose the layer as well"),
        ("decomposition", {"layer": 0, "head": 2}, "heads 0 to 1"),
    ],
)
def test_what_does_not_fit_a_second_look_is_one_sentence(
    method, wrong, sentence, both, tiny_model, photo
):
    with pytest.raises(ValueError, match=sentence) as caught:
        explain(both("vit")[0], method, model=tiny_model("vit"), image=photo, **wrong)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_gradcam_says_what_its_patches_sum_to(both):
    trace, _ = both("vit")
    total = explain(trace, "gradcam").sum()
    words = f"The patches sum to {total:+.2f} of a score of {trace.score:+.2f}"
    assert explained(trace, "gradcam").note.startswith(words)
    for score, contradicted in ((-total, True), (total, False)):
        found = explained(dataclasses.replace(trace, score=float(score)), "gradcam")
        assert ("contradicts" in found.note) == contradicted
        assert found.check is None


def test_a_resnets_patches_ask_nothing(tiny_model, photo):
    trace = tiny_model("open_clip_resnet").trace(photo, labels=tiny.TEXTS)
    with pytest.raises(ValueError, match="pooled token"):
        explain(trace, "attention", patch=(0, 0))
