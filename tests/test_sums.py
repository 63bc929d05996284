"""Maps that add up, and other gradients' maps, against their textbook versions on tiny random models."""

import copy
import threading
from collections import OrderedDict

import numpy as np
import pytest
import reference
import tiny
import torch
from held import (
    chefer_dense,
    first_grid,
    gradients,
    held,
    legrad_dense,
    relevance_dense,
)
from reference import (
    clip_image_dense,
    clip_text_dense,
    clip_text_forward,
    swin_dense,
    unit,
    vit_dense,
)

from explain import METHODS, explain, explained, words

VITS = [name for name in tiny.CLASSIFIERS if "swin" not in name]
SWINS = [name for name in tiny.CLASSIFIERS if "swin" in name]
CLIP_VITS = ["hf_clip", "open_clip_vit"]
DENSE = [*VITS, *SWINS, *CLIP_VITS]
EVERY = [*DENSE, "open_clip_resnet"]
TARGET, OTHER = 2, 0
MEASURED = ("occlusion", "kernel_shap")  # by many forward passes
GRADIENT = [key for key, method in METHODS.items() if method.follows_target and key not in MEASURED]


def labels_of(name):
    return tiny.TEXTS if name in tiny.CLIPS else None


def in_double(model):
    """The same checkpoint in float64."""
    double = copy.copy(model)
    double.lock, double.module = threading.RLock(), tiny.doubled(model.module)
    if hasattr(model, "_texts"):
        double._texts = OrderedDict()
        double.tower = getattr(double.module, "vision_model", None) or double.module.visual

    def pixels_of(photo):
        pixels, view = model._pixels_of(photo)
        return pixels.double(), view

    double._pixels_of = pixels_of
    return double


@pytest.fixture(scope="module")
def of(tiny_model):
    """A function: name → the tiny model in float64."""
    made = {}
    return lambda name: made.setdefault(name, in_double(tiny_model(name)))


@pytest.fixture(scope="module")
def dense(of, photo):
    """A function: name, cut → (textbook forward pass, ledger, logits), its bent factors held."""

    def run(name, cut=False, plain=False):
        model = of(name)
        pixels = model.pixels([photo])
        if name in CLIP_VITS:
            texts = torch.stack([clip_text_dense(model.module, ids)[0] for ids in tiny.token_ids()])
            texts = unit(texts).detach() * model.module.logit_scale.exp()
            if plain:
                found = clip_image_dense(model.module, pixels)
                return found, None, texts @ unit(found.embedding)
            with held(cut) as ledger:
                found = clip_image_dense(model.module, pixels)
                return found, ledger, texts @ reference.unit(found.embedding)
        forward = swin_dense if name in SWINS else vit_dense
        if plain:
            found = forward(model.module, pixels)
            return found, None, found.logits
        with held(cut) as ledger:
            found = forward(model.module, pixels)
        return found, ledger, found.logits

    return run


def again(model, photo):
    return {"model": model, "image": photo}


def specials(name):
    return {"deit": 2, "deit_teacher": 2}.get(name, 0 if name in SWINS else 1)


def start(name, found):
    """Where the answer is read from, on the last tokens."""
    count = len(found.states[-1])
    share = torch.zeros(count, dtype=torch.float64)
    share[: 2 if name == "deit_teacher" else 1] = 0.5 if name == "deit_teacher" else 1
    return torch.full((count,), 1 / count, dtype=torch.float64) if name in SWINS else share


def close(found, wanted, tolerance=3e-5):  # a float32 trace beside float64
    wanted = np.asarray(wanted)
    np.testing.assert_allclose(found.ravel(), wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("name", DENSE)
def test_relevance_is_the_held_gradient_times_what_enters_a_layer(name, biases, of, dense, photo):
    found, ledger, logits = dense(name)
    layers = relevance_dense(found, ledger, logits[TARGET], biases)
    model = of(name)
    trace = model.trace(photo, TARGET, labels_of(name), gradients=False)
    for layer, (share, apart) in enumerate(layers):
        ours = explained(trace, "relevance", layer, biases=biases, **again(model, photo))
        assert ours.map.shape == found.grids[layer] and ours.signed
        close(ours.map, share[specials(name) :])
        rest = apart + float(share[: specials(name)].sum())
        assert ours.check["rest"] == pytest.approx(rest, rel=1e-5, abs=1e-5)
    whole = explained(trace, "relevance", biases=biases, **again(model, photo))
    mean = sum(first_grid(found, layer, share) for layer, (share, _) in enumerate(layers))
    close(whole.map, mean[specials(name) :] / len(layers))


@pytest.mark.parametrize("versus", [None, OTHER])
@pytest.mark.parametrize("name", EVERY)
def test_what_adds_up_adds_up(name, versus, of, tiny_model, photo):
    """To 1e-9 in float64 and 1e-4 of the largest part in float32, at every layer."""
    for model, tolerance in ((of(name), 1e-9), (tiny_model(name), 1e-4)):
        trace = model.trace(photo, TARGET, labels_of(name), gradients=False)
        logits = model.logits(model.pixels([photo]), trace.labels)[0].detach()
        score = float(logits[TARGET] - (0 if versus is None else logits[versus]))
        for method, options in (
            ("relevance", {}),
            ("relevance", {"biases": False}),
            ("decomposition", {}),
        ):
            for layer in (None, *range(len(trace.attention_blocks))):
                asked = options | again(model, photo) | {"versus": versus, "layer": layer}
                found = explained(trace, method, **asked)
                check = found.check
                assert set(check) == {"sum", "rest", "score", "error"}
                size = max(1, abs(check["sum"]), abs(check["rest"]))
                assert abs(check["error"]) < tolerance * size
                assert check["score"] == pytest.approx(score, abs=1e-4)
                assert check["error"] == check["score"] - check["sum"] - check["rest"]
                assert found.map.sum() == pytest.approx(check["sum"], abs=1e-4 * size)


@pytest.mark.parametrize("name", DENSE)
def test_decomposition_is_what_each_head_wrote_for_the_answer(name, of, dense, photo):
    """Σ over asking tokens q of g_q · W_O (A_qi v_i) along the residual stream, g held; here by A ⊙ ∂score/∂A, dense."""
    found, _, logits = dense(name, cut=True)
    model = of(name)
    trace = model.trace(photo, TARGET, labels_of(name), gradients=False)
    slopes = gradients(logits[TARGET], found.attentions)
    whole = 0
    for layer, (weights, slope) in enumerate(zip(found.attentions, slopes, strict=True)):
        count = len(found.states[layer])
        heads = (weights * slope).sum(1)[:, :count].detach()
        for head in range(len(heads)):
            ours = explain(trace, "decomposition", layer, head, **again(model, photo))
            close(ours, heads[head, specials(name) :])
        whole = whole + first_grid(found, layer, heads.sum(0))
    close(explain(trace, "decomposition", **again(model, photo)), whole[specials(name) :])


@pytest.mark.parametrize("name", [*VITS, *CLIP_VITS])
def test_decomposition_is_the_papers_own_formula(name, of, dense, photo):
    """c_{l,h,i} = ⟨slope of the final norm and head, W_O A_{CLS,i} v_i⟩, with the weights taken by hand."""
    model = of(name)
    found, _, _ = dense(name, plain=True)
    trace = model.trace(photo, TARGET, labels_of(name), gradients=False)
    norm, heads = head_of(name, model.module)
    for index, block in enumerate(model._layers()):
        layer = (
            reference.open_clip_layer(block)
            if name == "open_clip_vit"
            else reference.transformers_layer(block)
        )
        _, _, value, (out, _) = layer.projections
        values = reference.linear(reference.layer_norm(found.states[index], layer.norms[0]), value)
        written = torch.einsum(
            "ihd,chd->hic",
            values.reshape(len(values), layer.heads, -1),
            out.reshape(len(out), layer.heads, -1),
        )
        wanted = 0
        for token, weight in heads:
            last = found.states[-1][token]
            slope = weight * norm.weight / (last.var(correction=0) + norm.eps).sqrt()
            if name in CLIP_VITS:
                slope = slope / found.embedding.norm()
            slope = slope - slope.mean()
            wanted = wanted + found.attentions[index][:, token] * (written @ slope)
        for head in range(layer.heads):
            ours = explain(trace, "decomposition", index, head, **again(model, photo))
            close(ours, wanted[head, specials(name) :].detach())


def head_of(name, module):
    """The final norm, and (token, (width,) weight of the target's score) of each head; CLIP's not yet over the length."""
    if name in CLIP_VITS:
        text = clip_text_dense(module, tiny.token_ids()[TARGET])[0]
        text = (unit(text) * module.logit_scale.exp()).detach()
        if name == "hf_clip":
            norm, weight = (
                module.vision_model.post_layernorm,
                text @ module.visual_projection.weight,
            )
        else:
            norm, weight = module.visual.ln_post, module.visual.proj @ text
        return norm, [(0, weight)]
    norm = getattr(module, module.config.model_type).layernorm
    if name == "deit_teacher":
        heads = module.cls_classifier, module.distillation_classifier
        return norm, [(token, head.weight[TARGET] / 2) for token, head in enumerate(heads)]
    return norm, [(0, module.classifier.weight[TARGET])]


def own_score(name, model, pooled):
    """What the head makes of one token; biases leave the gradient alone."""
    norm, heads = head_of(name, model.module)
    normed = reference.layer_norm(pooled, norm)
    if name not in CLIP_VITS:
        return sum(normed @ weight for _, weight in heads)
    project = (
        model.module.visual_projection.weight if name == "hf_clip" else model.module.visual.proj.T
    )
    return normed @ heads[0][1] / (project @ normed).norm()


@pytest.mark.parametrize("name", DENSE)
def test_cams_with_the_papers_gradient_and_with_libras(name, of, dense, photo):
    """Grad-CAM averages the gradient over the patches, HiResCAM does not; Libra's gradient is that of held factors."""
    model = of(name)
    trace = model.trace(photo, TARGET, labels_of(name), gradients=False)
    maps = {}
    for gradient in ("paper", "libra"):
        found, _, logits = dense(name, plain=gradient == "paper")
        slope = gradients(logits[TARGET], [found.features])[0][specials(name) :]
        features = found.features[specials(name) :].detach()
        asked = {"gradient": gradient} | again(model, photo)
        maps[gradient] = explain(trace, "gradcam", **asked)
        close(maps[gradient], features @ slope.mean(0))
        close(explain(trace, "hirescam", **asked), (features * slope).sum(-1))
    differ = np.abs(maps["paper"] - maps["libra"]).max()
    assert differ > 1e-3 or name in SWINS  # after Swin's features all is linear already


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", DENSE)
def test_chefer_is_the_papers_recursion(name, first, of, dense, photo):
    found, _, logits = dense(name, plain=True)
    model = of(name)
    trace = model.trace(photo, TARGET, labels_of(name), gradients=True)
    wanted = chefer_dense(found, logits[TARGET], start(name, found), first)
    close(explain(trace, "chefer", start=first), wanted[specials(name) :])
    lean = model.trace(photo, TARGET, labels_of(name), gradients=False)
    close(explain(lean, "chefer", start=first, **again(model, photo)), wanted[specials(name) :])


@pytest.mark.parametrize("name", [*VITS, *CLIP_VITS])
def test_legrad_is_the_mean_positive_gradient_of_every_layers_own_score(name, of, dense, photo):
    found, _, _ = dense(name, plain=True)
    model = of(name)
    scores = [own_score(name, model, state.mean(0)) for state in found.states[1:]]
    trace = model.trace(photo, TARGET, labels_of(name), gradients=False)
    wanted = legrad_dense(found, scores)
    close(explain(trace, "legrad", **again(model, photo)), wanted[specials(name) :])


def text_dense(model, photo, plain=False):
    """The textbook text tower on the target's text, its ledger and its score beside the photo."""
    image = model.embed([photo], pool="joint")[0].double()
    scale = model.module.logit_scale.detach().exp()
    (ids,) = tiny.token_ids(tiny.TEXTS[TARGET : TARGET + 1])
    ids = ids[: ids.tolist().index(tiny.tokenizer().eos_token_id) + 1]
    if plain:
        found, _ = clip_text_forward(model.module, ids)
        return found, None, scale * (unit(found.embedding) @ image)
    with held() as ledger:
        found, _ = clip_text_forward(model.module, ids)
        return found, ledger, scale * (reference.unit(found.embedding) @ image)


@pytest.mark.parametrize("name", ["vit_wide", "swin_padded", "open_clip_resnet"])
def test_occlusion_is_the_score_less_the_score_of_the_painted_photo(name, tiny_model, photo):
    model = tiny_model(name)
    trace = model.trace(photo, TARGET, labels_of(name), gradients=False)
    heard = []
    found = explain(trace, "occlusion", progress=heard.append, **again(model, photo))
    pixels = model.pixels([photo])
    rows, cols = (min(14, side) for side in trace.attention_blocks[0].grid.shape)
    assert found.shape == (rows, cols) and heard[0] == 0 and len(heard) > 1
    row = np.arange(pixels.shape[-2]) * rows // pixels.shape[-2]
    col = np.arange(pixels.shape[-1]) * cols // pixels.shape[-1]
    for place in ((0, 0), (1, 2), (rows - 1, 0)):
        painted = pixels.clone()
        there = torch.from_numpy((row == place[0])[:, None] & (col == place[1])[None])
        painted[..., there] = 0
        scores = model.logits(torch.cat([pixels, painted]), trace.labels)[:, TARGET].tolist()
        assert found[place] == pytest.approx(scores[0] - scores[1], rel=1e-3, abs=1e-4)


class Regions:
    """A model of four regions' means whose Shapley values are known: one alone, and two that count together."""

    drop_refused = ""

    def __init__(self, model):
        self.inner = model

    def pixels(self, images):
        return torch.ones(1, 3, 32, 32)

    def logits(self, pixels, labels):
        a, b, c, _ = (
            pixels.mean(1).unflatten(1, (2, 16)).unflatten(3, (2, 16)).mean((2, 4)).flatten(1).T
        )
        return torch.stack([3 * a - 2 * b * c, torch.zeros_like(a)], 1)


def test_kernel_shap_finds_known_shapley_values(tiny_model, photo):
    """3 a - 2 b c on quadrants: a alone has 3, b and c share their -2, the fourth has nothing."""
    from dataclasses import replace

    model = tiny_model("vit")
    trace = model.trace(photo, 0, gradients=False)
    block = replace(trace.attention_blocks[0], grid=torch.arange(4).view(2, 2))
    four = replace(trace, blocks=(block, *trace.blocks[1:]))
    asked = again(Regions(model), photo)
    found = explained(four, "kernel_shap", samples=400, **asked)
    np.testing.assert_allclose(found.map, [[3, -1], [-1, 0]], atol=0.2)
    assert found.check["score"] == pytest.approx(1) and abs(found.check["error"]) < 1e-3
    same = explain(four, "kernel_shap", samples=50, seed=1, **asked)
    np.testing.assert_array_equal(same, explain(four, "kernel_shap", samples=50, seed=1, **asked))
    with pytest.raises(ValueError, match="from 1"):
        explain(four, "kernel_shap", samples=0, **asked)


@pytest.mark.parametrize("name", tiny.CLIPS)
def test_a_texts_words_are_explained_as_a_photos_patches_are(name, of, photo):
    """Read at end-of-text, the grid is the tokens between start and end, and the score is the photo's own."""
    model = of(name)
    trace = model.trace(photo, TARGET, tiny.TEXTS, side="text")
    image = model.trace(photo, TARGET, tiny.TEXTS, gradients=False)
    assert trace.score == pytest.approx(image.score, rel=1e-5) and trace.side == "text"
    assert [word.removesuffix("</w>") for word in trace.words] == tiny.TEXTS[TARGET].split()
    found, ledger, score = text_dense(model, photo)
    for layer, (share, apart) in enumerate(relevance_dense(found, ledger, score)):
        ours = explained(trace, "relevance", layer, **again(model, photo))
        assert ours.map.shape == (1, len(trace.words))
        close(ours.map, share[1:-1])
        assert abs(ours.check["error"]) < 1e-9
        rest = apart + float(share[0] + share[-1])
        assert ours.check["rest"] == pytest.approx(rest, rel=1e-5, abs=1e-5)
    whole = explained(trace, "decomposition", **again(model, photo))
    assert abs(whole.check["error"]) < 1e-9
    found, _, score = text_dense(model, photo, plain=True)
    end = torch.zeros(len(found.states[-1]), dtype=torch.float64)
    end[-1] = 1
    for first in (0, 2):
        close(explain(trace, "chefer", start=first), chefer_dense(found, score, end, first)[1:-1])
    row = found.attentions[1].mean(0)[-1, 1:-1]
    close(explain(trace, "attention", 1), row.detach())


@pytest.mark.parametrize("name", tiny.CLIPS)
def test_words_left_out_are_measured(name, tiny_model, photo):
    """The score less that of the text without the word, from the two towers' own embeddings; relevance beside it."""
    model, text = tiny_model(name), "a photo of a dog"
    found = words(model, photo, text)
    image = model.embed([photo], pool="joint")[0]
    texts = (
        text,
        "photo of a dog",
        "a of a dog",
        "a photo a dog",
        "a photo of dog",
        "a photo of a",
    )
    whole, *without = (model.scale * model.embed_texts(texts) @ image).tolist()
    assert [word for word, _ in found.words] == text.split()
    assert [drop for _, drop in found.words] == pytest.approx(
        [whole - each for each in without], abs=1e-3
    )
    assert found.score == pytest.approx(whole, abs=1e-3)
    assert [token.removesuffix("</w>") for token, _ in found.tokens] == text.split()
    assert sum(amount for _, amount in found.tokens) == pytest.approx(found.check["sum"], abs=1e-4)
    assert abs(found.check["error"]) < 1e-3
    assert words(model, photo, "dog").words == []
    with pytest.raises(ValueError, match="no 'text' side"):
        words(tiny_model("vit"), photo, text)


def test_what_has_no_text_side_says_so(tiny_model, photo):
    with pytest.raises(ValueError, match="no 'text' side"):
        tiny_model("vit").trace(photo, side="text")
    clip = tiny_model("hf_clip")
    with pytest.raises(ValueError, match="one text"):
        clip.trace(photo, 0, tiny.TEXTS, side="text", versus=1)
    trace = clip.trace(photo, 0, tiny.TEXTS, side="text")
    with pytest.raises(ValueError, match="read at its end"):
        explain(trace, "legrad", **again(clip, photo))


@pytest.mark.parametrize("name", EVERY)
def test_frozen_operators_leave_the_score_and_the_model_alone(name, tiny_model, photo):
    """The forward pass is the same to rounding, other passes get their ordinary gradients, and no hook stays."""
    model = tiny_model(name)
    before = model.trace(photo, TARGET, labels_of(name))
    hooks = lambda: [  # noqa: E731
        (len(m._forward_hooks), len(m._forward_pre_hooks), "forward" in vars(m))
        for m in model.module.modules()
    ]
    standing = hooks()
    for backward in ("frozen", "direct"):
        trace = model.trace(photo, TARGET, labels_of(name), backward=backward)
        torch.testing.assert_close(trace.logits, before.logits, rtol=1e-4, atol=1e-4)
        assert (
            not torch.allclose(trace.features_gradient, before.features_gradient, rtol=1e-2)
            or name in SWINS
        )
    assert hooks() == standing
    assert all(
        not weight.requires_grad and weight.grad is None for weight in model.module.parameters()
    )
    after = model.trace(photo, TARGET, labels_of(name))
    assert torch.equal(after.features_gradient, before.features_gradient)


def test_other_threads_keep_their_gradients(tiny_model, photo):
    """While one thread is inside frozen operators, another's softmax and norm have ordinary gradients."""
    from models.frozen import Frozen

    def slope():
        x = torch.arange(4.0).requires_grad_()
        return torch.autograd.grad(
            torch.nn.functional.layer_norm(x.softmax(-1), (4,))[0], x, allow_unused=True
        )[0]

    ordinary, found = slope(), []
    with Frozen(lambda *_: None):
        assert slope() is None
        thread = threading.Thread(target=lambda: found.append(slope()))
        thread.start()
        thread.join()
    assert torch.equal(found[0], ordinary)


@pytest.mark.parametrize("activation", ["gelu", "silu", "mish", "hardswish"])
def test_gates_are_held(activation):
    """x × gate(x): the gradient is the gate itself, and one half where GELU and SiLU have it at zero."""
    from models.frozen import Frozen

    function = getattr(torch.nn.functional, activation)
    x = torch.tensor([-2.0, -0.5, 0.0, 1.5], dtype=torch.float64).requires_grad_()
    with Frozen(lambda *_: None):
        y = function(x)
    torch.testing.assert_close(y, function(x))
    slope = torch.autograd.grad(y.sum(), x)[0]
    torch.testing.assert_close(slope * x, function(x))
    assert slope[2] == 0.5


@pytest.mark.parametrize("method", GRADIENT)
@pytest.mark.parametrize("name", EVERY)
def test_why_one_and_not_the_other(name, method, of, photo):
    """Where a map is linear in the score, it is exactly the difference of the two classes' maps."""
    model = of(name)
    one, other = (
        model.trace(photo, each, labels_of(name), gradients=False) for each in (TARGET, OTHER)
    )
    if method == "legrad" and model.own_scores_refused:
        with pytest.raises(ValueError, match="LeGrad reads"):
            explain(one, method, versus=OTHER, **again(model, photo))
        return
    found = explain(one, method, versus=one.labels[OTHER], **again(model, photo))
    left, right = (explain(each, method, **again(model, photo)) for each in (one, other))
    if METHODS[method].signed:
        np.testing.assert_allclose(found, left - right, rtol=0, atol=1e-5 * np.abs(left).max())
    else:
        assert np.abs(found - left).max() > 1e-3 * np.abs(left).max()
    back = explain(other, method, versus=TARGET, **again(model, photo))
    assert np.abs(found - back).max() > 1e-3 * np.abs(found).max()
