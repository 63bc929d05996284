"""The references proved: each library's own numbers, and sharp enough to catch known mistakes."""

import math

import open_clip
import pytest
import reference
import tiny
import torch
import transformers
from captum.attr import IntegratedGradients
from reference import (
    clip_dense,
    clip_text_dense,
    dense_from_windows,
    discard_rollout_dense,
    gradcam_dense,
    integrated_gradients_dense,
    merge_matrix,
    resnet50_attention_pool_dense,
    rollout_dense,
    swin_dense,
    vit_dense,
)
from safetensors.torch import load_file

SWINS = [name for name in tiny.CLASSIFIERS if "swin" in name]
VITS = [name for name in tiny.CLASSIFIERS if "swin" not in name]
SHIFTED = {
    "swin": [False, True] * 2,
    "swinv2": [False, True] * 2,
    "swin_padded": [*[False, True] * 2, False, False],
    "swinv2_padded": [False, True, False, False],
}
CLIP_VITS = ["hf_clip", "open_clip_vit"]


def close(actual, expected, tolerance):
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)


def dense(name, model=None):
    """The reference of a tiny model on its own pixels."""
    built = tiny.TINY[name]()
    model, pixels = model or built.model, built.pixels()
    if name in tiny.CLIPS:
        return clip_dense(model, pixels, tiny.token_ids())
    return (swin_dense if name in SWINS else vit_dense)(model, pixels)


def uniform(tokens):
    return torch.full((tokens,), 1 / tokens, dtype=torch.float64)


def start_of(found):
    """Where rollout starts: [CLS], or every token of Swin's last grid alike."""
    return uniform(math.prod(found.grids[-1])) if found.merges else None


@pytest.mark.parametrize("name", tiny.CLASSIFIERS)
def test_classifier_logits_are_the_models_own(name):
    built = tiny.TINY[name]()
    model = tiny.doubled(built.model)
    close(dense(name, model).logits, model(built.pixels().double()).logits[0], 1e-12)


@pytest.mark.parametrize("name", CLIP_VITS)
def test_clip_logits_are_the_models_own(name):
    built, ids = tiny.TINY[name](), tiny.token_ids()
    model, pixels = tiny.doubled(built.model), built.pixels().double()
    if name == "hf_clip":
        own = model(input_ids=ids, pixel_values=pixels).logits_per_image[0]
        embedding = model.get_image_features(pixels).pooler_output[0]
    else:
        own, embedding = model.get_logits(pixels, ids)[0][0], model.encode_image(pixels)[0]
    found = dense(name, model)
    close(found.logits, own, 1e-10)
    close(found.embedding, embedding, 1e-12)


def test_attention_pool_is_the_models_own():
    model = tiny.doubled(tiny.open_clip_resnet().model).visual
    pixels = tiny.open_clip_resnet().pixels().double()
    features = model.layer4(model.layer3(model.layer2(model.layer1(model.stem(pixels)))))
    output, row = resnet50_attention_pool_dense(model.attnpool, features)
    close(output, model(pixels)[0], 1e-12)
    assert row.shape == (4, 1, 1 + 4 * 4)
    close(row.sum(-1), torch.ones(4, 1, dtype=torch.float64), 1e-12)


@pytest.mark.parametrize("name", [*VITS, "hf_clip"])
def test_attentions_and_gradients_match_transformers(name):
    built = tiny.TINY[name]()
    model, pixels = tiny.doubled(built.model), built.pixels().double()
    model.set_attn_implementation("eager")  # its softmax is in float32, hence 1e-6
    if name == "hf_clip":
        output = model(tiny.token_ids(), pixels, output_attentions=True)
        own, score = output.vision_model_output.attentions, output.logits_per_image[0, 2]
    else:
        output = model(pixels, output_attentions=True)
        own, score = output.attentions, output.logits[0, 2]
    found = dense(name, model)
    compare_blocks(found, [weights[0] for weights in own], gradients(score, own, batch=True))


def gradients(score, tensors, batch=False):
    found = torch.autograd.grad(score, tensors, retain_graph=True)
    return [gradient[0] if batch else gradient for gradient in found]


def compare_blocks(found, own, own_gradients):
    assert len(found.attentions) == len(own)
    for mine, theirs in zip(found.attentions, own, strict=True):
        close(mine, theirs, 1e-6)
    for mine, theirs in zip(
        gradients(found.logits[2], found.attentions), own_gradients, strict=True
    ):
        assert theirs.abs().max() > 1e-3
        close(mine, theirs, 1e-5)


@pytest.mark.parametrize("tower", ["image", "text"])
def test_attentions_match_open_clip(tower):
    model = tiny.doubled(tiny.open_clip_vit().model)
    ids = tiny.token_ids()[:1]
    stack = model.visual.transformer if tower == "image" else model.transformer
    own = []
    settings = {"need_weights": True, "average_attn_weights": False}
    for block in stack.resblocks:
        block.attn.register_forward_pre_hook(lambda _, x, k: (x, k | settings), with_kwargs=True)
        block.attn.register_forward_hook(lambda _, x, out: own.append(out[1][0]))
    model.get_logits(tiny.open_clip_vit().pixels().double(), ids)
    found = (
        dense("open_clip_vit", model).attentions
        if tower == "image"
        else clip_text_dense(model, ids[0])[1]
    )
    assert len(found) == len(own)
    for mine, theirs in zip(found, own, strict=True):
        close(mine, theirs, 1e-12)


def test_text_attentions_match_transformers():
    model = tiny.doubled(tiny.hf_clip().model)
    model.set_attn_implementation("eager")
    ids = tiny.token_ids()[:1]
    own = model.text_model(ids, output_attentions=True).attentions
    _, found, end = clip_text_dense(model, ids[0])
    assert ids[0, end] == tiny.tokenizer().eos_token_id
    assert end == 6
    for mine, theirs in zip(found, own, strict=True):
        close(mine, theirs[0], 1e-6)
        assert not mine.triu(1).any()


def window_ids(grid, window, shift):
    """(windows, places) token ids, -1 = padding, the way the library cuts them."""
    rows, cols = (-(-side // window) * window for side in grid)
    ids = torch.full((rows, cols), -1)
    ids[: grid[0], : grid[1]] = torch.arange(math.prod(grid)).view(grid)
    ids = torch.roll(ids, (-shift, -shift), (0, 1))
    cut = ids.view(rows // window, window, cols // window, window).transpose(1, 2)
    return cut.reshape(-1, window * window)


def library_blocks(model):
    """A list that the next forward pass fills with every block's weights, in order."""
    blocks = []
    for module in model.modules():
        if type(module).__name__ == "Swinv2SelfAttention":
            module.register_forward_pre_hook(lambda _, inputs: (*inputs[:2], True))
        if type(module).__name__ in ("SwinAttention", "Swinv2Attention"):
            module.register_forward_hook(lambda _, x, out: blocks.append(out[1]))
    return blocks


@pytest.mark.parametrize("name", SWINS)
def test_swin_attention_and_gradients_are_the_librarys_in_image_order(name):
    built = tiny.TINY[name]()
    model = tiny.doubled(built.model)
    if model.config.model_type == "swin":
        model.set_attn_implementation("eager")
    own = library_blocks(model)
    score = model(built.pixels().double()).logits[0, 2]
    found = dense(name, model)
    stages = getattr(model, model.config.model_type).encoder.layers
    layers = [layer for stage in stages for layer in stage.blocks]
    windows = [
        window_ids(grid, layer.window_size, layer.shift_size)
        for grid, layer in zip(found.grids, layers, strict=True)
    ]
    assert [layer.shift_size > 0 for layer in layers] == SHIFTED[name]
    assert any((ids < 0).any() for ids in windows) == name.endswith("padded")
    tokens = [math.prod(grid) for grid in found.grids]
    mine = [weights[:, :n, :n] for weights, n in zip(found.attentions, tokens, strict=True)]
    theirs = [dense_from_windows(w, i, i, n) for w, i, n in zip(own, windows, tokens, strict=True)]
    for left, right in zip(mine, theirs, strict=True):
        close(left, right, 1e-6)
    lost = max((1 - weights.sum(-1)).max() for weights in mine)  # to padding
    assert (lost > 0.5) == name.endswith("padded")
    slopes = gradients(found.logits[2], found.attentions)
    own_slopes = gradients(score, own)
    for slope, other, ids, n in zip(slopes, own_slopes, windows, tokens, strict=True):
        other = dense_from_windows(other, ids, ids, n)
        pairs = dense_from_windows(torch.ones(len(ids), 1, *2 * ids.shape[1:]), ids, ids, n).bool()[
            0
        ]
        assert other.abs().max() > 1e-4
        close(slope[:, :n, :n] * pairs, other, 1e-5)


@pytest.mark.parametrize("grid", [(4, 6), (5, 3)])
def test_merging_takes_from_the_children_that_the_library_reads(grid):
    layer = tiny.swin().model.swin.encoder.layers[0].downsample
    x = torch.randn(1, math.prod(grid), 12)
    moved = torch.stack(
        [(layer(x + bump, grid) - layer(x, grid)).abs().amax((0, 2)) for bump in bumps(x)]
    )
    matrix = merge_matrix(grid)
    assert torch.equal((moved.T > 1e-6).double(), matrix.sign())
    close(matrix.sum(-1), torch.ones(len(matrix), dtype=torch.float64), 0)
    assert all(len(set(row[row > 0].tolist())) == 1 for row in matrix)


def bumps(x):
    """One input per token, changed at that token alone."""
    return torch.eye(x.shape[1])[:, None, :, None] * torch.linspace(1, 2, x.shape[2])


right_pairs = reference.visible_pairs


def unshifted(cells, padded, window, shift):
    return right_pairs(cells, padded, window, 0)


def unmasked(cells, padded, window, shift):
    tile = reference.places_of(cells, padded, shift) // window
    return (tile[:, None] == tile[None]).all(-1)


@pytest.mark.parametrize("wrong", [unshifted, unmasked])
@pytest.mark.parametrize("name", SWINS)
def test_wrong_windows_are_noticed(name, wrong, monkeypatch):
    right = dense(name)
    monkeypatch.setattr(reference, "visible_pairs", wrong)
    if wrong is unshifted:
        monkeypatch.setattr(reference, "places_of", lambda cells, padded, shift: cells)
    assert (dense(name).logits - right.logits).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["swin_padded", "swinv2_padded"])
def test_rolling_the_other_way_is_noticed(name, monkeypatch):
    right, places = dense(name), reference.places_of
    monkeypatch.setattr(
        reference, "places_of", lambda cells, size, shift: places(cells, size, -shift)
    )
    assert (dense(name).logits - right.logits).abs().max() > 1e-3


@pytest.mark.parametrize("name", SWINS)
def test_a_block_left_rolled_is_noticed(name, monkeypatch):
    right, attention = dense(name), reference.window_attention

    def left_rolled(block, x, grid, window, shift, pretrained):
        out, *rest = attention(block, x, grid, window, shift, pretrained)
        return out.view(*grid, -1).roll((-shift, -shift), (0, 1)).flatten(0, 1), *rest

    monkeypatch.setattr(reference, "window_attention", left_rolled)
    assert (dense(name).logits - right.logits).abs().max() > 1e-3


@pytest.mark.parametrize("name", [*tiny.CLASSIFIERS, *CLIP_VITS])
def test_every_weight_of_the_model_moves_the_logits(name):
    logits = dense(name).logits
    names, weights = zip(*tiny.TINY[name]().model.named_parameters(), strict=True)
    slopes = torch.autograd.grad(logits @ torch.linspace(-1, 2, len(logits)).double(), weights)
    dead = [name for name, slope in zip(names, slopes, strict=True) if slope.abs().max() < 1e-5]
    # A key's bias adds the same to every score of a row, which softmax forgets.
    assert [name for name in dead if not name.endswith("k_proj.bias")] == []


@pytest.mark.parametrize("name", [*tiny.CLASSIFIERS, *CLIP_VITS])
def test_rows_sum_to_one_and_are_far_from_uniform(name):
    for weights in dense(name).attentions:
        close(weights.sum(-1), torch.ones_like(weights[..., 0]), 1e-12)
        assert weights.amax(-1).mean() > 0.3


def test_rollout_by_hand():
    first = torch.tensor([[[0.2, 0.8], [0.6, 0.4]], [[0.6, 0.4], [1.0, 0.0]]])  # mean .4 .6 / .8 .2
    second = torch.tensor([[[0.0, 1.0], [0.5, 0.5]]])
    # [.5 .5] x [[.7 .3], [.4 .6]] = [.55 .45]
    close(rollout_dense([first, second]), torch.tensor([0.55, 0.45]).double(), 1e-7)


def test_rollout_through_a_merge_and_past_padding_by_hand():
    # Token 2 is padding. The real part, renormalised, is [[0 1], [5/6 1/6]];
    # with half the identity [[1/2 1/2], [5/12 7/12]]; the parent asks both rows alike.
    first = torch.tensor([[[0.0, 0.3, 0.7], [0.5, 0.1, 0.4], [1.0, 0.0, 0.0]]])
    merged = rollout_dense([first, torch.ones(1, 1, 1)], {0: merge_matrix((1, 2))}, torch.ones(1))
    close(merged, torch.tensor([11 / 24, 13 / 24]).double(), 1e-7)


@pytest.mark.parametrize("name", [*tiny.CLASSIFIERS, *CLIP_VITS])
def test_rollout_keeps_all_mass(name):
    found = dense(name)
    share = rollout_dense(found.attentions, found.merges, start_of(found))
    assert share.min() >= 0
    assert share.sum().item() == pytest.approx(1, abs=1e-12)
    assert share.max() > 1.5 * share.mean()
    specials = 0 if found.merges else found.features.shape[0] - math.prod(found.grids[0])
    assert len(share) == math.prod(found.grids[0]) + specials


@pytest.mark.parametrize("name", ["vit", "swin_padded"])
def test_column_normalisation_and_reversed_layers_are_noticed(name, monkeypatch):
    found = dense(name)
    inputs = found.attentions, found.merges, start_of(found)
    right = rollout_dense(*inputs)
    if not found.merges:
        assert (rollout_dense(found.attentions[::-1]) - right).abs().max() > 1e-3
    monkeypatch.setattr(reference, "row_normalised", lambda m: m / m.sum(-2, keepdim=True))
    assert (rollout_dense(*inputs) - right).abs().max() > 1e-3


def test_discard_by_hand():
    weights = torch.tensor([[[0.2, 0.5, 0.1, 0.2], *torch.eye(4)[1:].tolist()]])
    # int(0.7 x 3) = 2 patches go, [CLS] stays: half of [2/7 5/7 0 0] and half of [1 0 0 0]
    found = discard_rollout_dense([weights.double()], 0.7)
    close(found, torch.tensor([9, 5, 0, 0]).double() / 14, 1e-7)


def test_discard_counts_visible_patches_only():
    weights = torch.eye(4)[None].double()
    weights[0, 0] = torch.tensor([0.6, 0.4, 0, 0])
    start, seen = torch.eye(4)[0], torch.tensor([[True, True, False, False]] * 4)
    seen[2:] = True
    found = discard_rollout_dense([weights], 0.5, start=start, specials=0, visible=[seen])
    close(found, torch.tensor([1.0, 0, 0, 0]).double(), 1e-7)  # one of two goes
    found = discard_rollout_dense([weights], 0.5, start=start, specials=0)
    close(found, torch.tensor([0.8, 0.2, 0, 0]).double(), 1e-7)  # two of four go: the zeros


@pytest.mark.parametrize("name", tiny.CLASSIFIERS)
def test_discard_rollout_keeps_all_mass_and_at_ratio_zero_is_rollout(name):
    found = dense(name)
    inputs = found.merges, start_of(found)
    specials = 0 if found.merges else 2 if name.startswith("deit") else 1
    settings = {"specials": specials, "visible": found.visible or None}
    plain = rollout_dense(found.attentions, *inputs)
    close(discard_rollout_dense(found.attentions, 0.0, *inputs, **settings), plain, 1e-12)
    sharp = discard_rollout_dense(found.attentions, 0.9, *inputs, **settings)
    assert sharp.sum().item() == pytest.approx(1, abs=1e-12)
    assert (sharp - plain).abs().max() > 1e-4


def test_dividing_discarded_rows_without_keepdim_is_noticed(monkeypatch):
    found = dense("vit")
    right = discard_rollout_dense(found.attentions, 0.5)
    monkeypatch.setattr(reference, "row_normalised", lambda m: m / m.sum(-1))
    assert (discard_rollout_dense(found.attentions, 0.5) - right).abs().max() > 1e-3


def test_gradcam_by_hand():
    features = torch.tensor([[9.0, 9.0], [1.0, 2.0], [3.0, -1.0]])  # [CLS] and a 1 x 2 grid
    gradient = torch.tensor([[7.0, 7.0], [0.0, 1.0], [2.0, -4.0]])  # patch means 1 and -1.5
    close(gradcam_dense(features, gradient, (1, 2)), torch.tensor([[-2.0, 4.5]]), 0)
    close(gradcam_dense(features, gradient, (1, 2), relu=True), torch.tensor([[0.0, 4.5]]), 0)


@pytest.mark.parametrize("name", SWINS)
def test_swins_gradcam_and_bias_add_up_to_the_logit(name):
    found = dense(name)
    [gradient] = gradients(found.logits[1], [found.features])
    cam = gradcam_dense(found.features, gradient, found.grids[-1])
    bias = tiny.TINY[name]().model.classifier.bias[1].double()
    close(cam.sum() + bias, found.logits[1], 1e-12)


@pytest.mark.parametrize("name", [*VITS, *CLIP_VITS])
def test_the_features_of_a_vit_pull_on_the_logit_through_their_patches(name):
    found = dense(name)
    [gradient] = gradients(found.logits[1], [found.features])
    assert gradcam_dense(found.features, gradient, found.grids[-1]).abs().max() > 1e-4


def test_integrated_gradients_by_hand():
    x = torch.tensor([3.0, 2.0], dtype=torch.float64)
    found = integrated_gradients_dense(lambda x: x[0] ** 2 * x[1], x, torch.zeros_like(x), steps=4)
    close(found, torch.tensor([12.0, 6.0]).double(), 1e-12)  # 2/3 and 1/3 of 18


def test_integrated_gradients_are_captums():
    model = tiny.doubled(tiny.vit().model)
    pixels = tiny.vit().pixels().double()
    zero = torch.zeros_like(pixels)
    mine = integrated_gradients_dense(lambda x: model(x).logits[0, 3], pixels, zero, steps=32)
    theirs = IntegratedGradients(lambda x: model(x).logits).attribute(
        pixels, zero, target=3, n_steps=32
    )
    close(mine, theirs, 1e-9)
    right = integrated_gradients_dense(lambda x: model(x).logits[0, 2], pixels, zero, steps=32)
    assert (mine - right).abs().max() > 1e-3


@pytest.mark.parametrize("name", [*tiny.CLASSIFIERS, "hf_clip"])
def test_a_saved_transformers_folder_loads_to_the_same_model(name, tmp_path):
    built = tiny.TINY[name]()
    folder = built.save(tmp_path)
    loader = getattr(transformers, type(built.model).__name__)
    loaded, pixels = loader.from_pretrained(folder), built.pixels()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    assert list(processor.image_mean) == list(tiny.MEAN)
    assert {"model.safetensors", "preprocessor_config.json"} <= {
        file.name for file in tmp_path.iterdir()
    }
    if name == "hf_clip":
        words = transformers.CLIPProcessor.from_pretrained(folder)(
            text=list(tiny.TEXTS), padding="max_length"
        )
        ids = torch.tensor(words["input_ids"])
        assert torch.equal(ids, tiny.token_ids())
        close(loaded(ids, pixels).logits_per_image, built.model(ids, pixels).logits_per_image, 1e-4)
    else:
        assert loaded.config.id2label == dict(enumerate(tiny.LABELS))
        close(loaded(pixels).logits, built.model(pixels).logits, 1e-5)


@pytest.mark.parametrize("name", ["open_clip_vit", "open_clip_resnet"])
def test_a_saved_open_clip_folder_loads_to_the_same_model(name, tmp_path):
    built, ids = tiny.TINY[name](), tiny.token_ids()
    folder = f"local-dir:{built.save(tmp_path)}"
    loaded, preprocess = open_clip.create_model_from_pretrained(folder)
    assert tuple(preprocess.transforms[-1].mean) == tiny.MEAN
    assert torch.equal(open_clip.get_tokenizer(folder)(list(tiny.TEXTS)), ids)
    loaded.eval()  # open_clip hands over a model in training mode: its batch norms would drift
    own = built.model.get_logits(built.pixels(), ids)
    close(loaded.get_logits(built.pixels(), ids)[0], own[0], 1e-4)


@pytest.mark.parametrize("name", ["vit", "open_clip_vit"])
def test_a_folder_can_hold_float16(name, tmp_path):
    tiny.TINY[name]().save(tmp_path, torch.float16)
    [file] = tmp_path.glob("*.safetensors")
    weights = load_file(file)
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
