"""Textbook versions of what Headlight computes: dense, float64, one image, no code shared.

Attention (Vaswani et al. 2017, 1706.03762), ViT (Dosovitskiy et al. 2020, 2010.11929), DeiT
(Touvron et al. 2020, 2012.12877), CLIP (Radford et al. 2021, 2103.00020), Swin and Swin v2 (Liu et
al. 2021, 2103.14030 and 2111.09883), rollout (Abnar and Zuidema 2020, 2005.00928), Grad-CAM
(Selvaraju et al. 2017, 1610.02391), integrated gradients (Sundararajan et al. 2017, 1703.01365).
Slow on purpose; test_reference.py proves them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import torch
from torch import Tensor, nn

Pair = tuple[int, int]


@dataclass(frozen=True)
class Dense:
    """What one forward pass computed: float64, connected to the graph, no batch axis."""

    logits: Tensor  # (classes,) or, for CLIP, (texts,)
    # Per block (heads, tokens, tokens) in image order; special tokens first, Swin's padding last.
    attentions: list[Tensor]
    # (tokens, channels), what Grad-CAM reads: the last pre-attention norm, or Swin's final norm.
    features: Tensor
    embedding: Tensor  # (dim,) what the head reads; for CLIP the projected image, not normalised
    grids: list[Pair]  # per block (rows, cols)
    merges: dict[int, Tensor] = field(default_factory=dict)  # after block i: (parents, children)
    visible: list[Tensor] = field(default_factory=list)  # Swin, per block: who may attend to whom
    # (tokens, channels) as they enter every block, and as they leave the last
    states: list[Tensor] = field(default_factory=list)


Affine = tuple[Tensor, Tensor | None]


def affine(layer: nn.Module) -> Affine:
    """The float64 weight and bias of a linear or convolution layer."""
    bias = getattr(layer, "bias", None)
    return layer.weight.double(), None if bias is None else bias.double()


def linear(x: Tensor, layer: Affine) -> Tensor:
    weight, bias = layer
    return x @ weight.T if bias is None else x @ weight.T + bias


def layer_norm(x: Tensor, layer: nn.LayerNorm) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / (centred.square().mean(-1, keepdim=True) + layer.eps).sqrt()
    return scaled * layer.weight.double() + layer.bias.double()


def enter(x: Tensor) -> Tensor:
    """The tokens that enter a block; a test may listen here."""
    return x


def branch(x: Tensor) -> Tensor:
    """What leaves the residual stream for a block's attention or MLP; a test may cut it off here."""
    return x


def unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True)


def softmax(scores: Tensor) -> Tensor:
    powers = (scores - scores.detach().amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2))),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
}


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(tokens, channels) to (heads, tokens, channels / heads)."""
    return x.reshape(len(x), heads, -1).transpose(0, 1)


def join_heads(x: Tensor) -> Tensor:
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def patches(pixels: Tensor, projection: nn.Module) -> tuple[Tensor, Pair]:
    """Project the patches of (1, 3, height, width): (patches, channels) and (rows, cols)."""
    weight, bias = affine(projection)
    size = weight.shape[-1]
    rows, cols = pixels.shape[-2] // size, pixels.shape[-1] // size
    cut = pixels[0].reshape(-1, rows, size, cols, size).permute(1, 3, 0, 2, 4)
    return linear(cut.reshape(rows * cols, -1), (weight.flatten(1), bias)), (rows, cols)


def as_input(pixels: Tensor) -> Tensor:
    """Pixels of one image in float64, in the graph even where every weight is frozen."""
    if pixels.shape[0] != 1:
        raise ValueError("the references take one image: pixels of shape (1, 3, height, width)")
    return pixels.double() if pixels.requires_grad else pixels.double().clone().requires_grad_()


@dataclass(frozen=True)
class Layer:
    """One pre-norm block, whatever its library calls the parts."""

    heads: int
    norms: tuple[nn.LayerNorm, nn.LayerNorm]  # before attention, before the MLP
    projections: tuple[Affine, Affine, Affine, Affine]  # query, key, value, output
    mlp: tuple[Affine, Affine]


def transformers_layer(block: nn.Module) -> Layer:
    """A ViT, DeiT or CLIP layer of transformers."""
    if hasattr(block, "self_attn"):
        attention, norms, out = block.self_attn, (block.layer_norm1, block.layer_norm2), "out_proj"
    else:
        norms = (block.layernorm_before, block.layernorm_after)
        attention, out = block.attention, "o_proj"
    projections = [getattr(attention, name) for name in ("q_proj", "k_proj", "v_proj", out)]
    heads = attention.config.num_attention_heads
    mlp = (affine(block.mlp.fc1), affine(block.mlp.fc2))
    return Layer(heads, norms, tuple(map(affine, projections)), mlp)


def open_clip_layer(block: nn.Module) -> Layer:
    weights = block.attn.in_proj_weight.double().chunk(3)
    biases = block.attn.in_proj_bias.double().chunk(3)
    projections = (*zip(weights, biases, strict=True), affine(block.attn.out_proj))
    mlp = (affine(block.mlp.c_fc), affine(block.mlp.c_proj))
    return Layer(block.attn.num_heads, (block.ln_1, block.ln_2), projections, mlp)


def attend(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | float = 0.0):
    """softmax(Q K^T / sqrt(d)) V for (heads, tokens, d): the joined output and the weights."""
    scores = queries @ keys.transpose(1, 2) / math.sqrt(queries.shape[-1])
    weights = softmax(scores + mask)
    return join_heads(weights @ values), weights


def transformer(x: Tensor, layers: Sequence[Layer], activation: str, mask: Tensor | float = 0.0):
    """Run pre-norm blocks; returns (states, attentions, the last block's pre-attention norm)."""
    attentions, states, normed = [], [], x
    for layer in layers:
        x = enter(x)
        states.append(x)
        normed = layer_norm(x, layer.norms[0])
        inputs = branch(normed)
        parts = (split_heads(linear(inputs, part), layer.heads) for part in layer.projections[:3])
        mixed, weights = attend(*parts, mask)
        attentions.append(weights)
        x = x + linear(mixed, layer.projections[3])
        inputs = branch(layer_norm(x, layer.norms[1]))
        hidden = ACTIVATIONS[activation](linear(inputs, layer.mlp[0]))
        x = x + linear(hidden, layer.mlp[1])
    return [*states, x], attentions, normed


def vit_dense(model: nn.Module, pixels: Tensor) -> Dense:
    """ViTForImageClassification and DeiTForImageClassification, with or without teacher head."""
    trunk = getattr(model, model.config.model_type)
    embeddings = trunk.embeddings
    x, grid = patches(as_input(pixels), embeddings.patch_embeddings.projection)
    specials = [embeddings.cls_token[0].double()]
    if hasattr(embeddings, "distillation_token"):
        specials.append(embeddings.distillation_token[0].double())
    x = torch.cat([*specials, x]) + embeddings.position_embeddings[0].double()
    layers = [transformers_layer(block) for block in trunk.layers]
    states, attentions, features = transformer(x, layers, model.config.hidden_act)
    tokens = layer_norm(states[-1], trunk.layernorm)
    if hasattr(model, "distillation_classifier"):
        embedding = (tokens[0] + tokens[1]) / 2
        heads = (model.cls_classifier, model.distillation_classifier)
        logits = sum(linear(tokens[i], affine(head)) for i, head in enumerate(heads)) / 2
    else:
        embedding, logits = tokens[0], linear(tokens[0], affine(model.classifier))
    return Dense(logits, attentions, features, embedding, [grid] * len(layers), states=states)


def clip_image_dense(model: nn.Module, pixels: Tensor) -> Dense:
    """The image tower of a transformers CLIPModel or an open_clip ViT; `logits` is empty."""
    pixels = as_input(pixels)
    if hasattr(model, "vision_model"):
        tower, activation = model.vision_model, model.config.vision_config.hidden_act
        x, grid = patches(pixels, tower.embeddings.patch_embedding)
        first, positions = (
            tower.embeddings.class_embedding,
            tower.embeddings.position_embedding.weight,
        )
        norms = tower.pre_layrnorm, tower.post_layernorm
        projection = model.visual_projection.weight
        layers = [transformers_layer(block) for block in tower.encoder.layers]
    else:
        tower, activation = model.visual, open_clip_activation(model.visual.transformer)
        x, grid = patches(pixels, tower.conv1)
        first, positions = tower.class_embedding, tower.positional_embedding
        norms, projection = (tower.ln_pre, tower.ln_post), tower.proj.T
        layers = [open_clip_layer(block) for block in tower.transformer.resblocks]
    x = torch.cat([first.double()[None], x]) + positions.double()
    states, attentions, features = transformer(layer_norm(x, norms[0]), layers, activation)
    embedding = linear(layer_norm(states[-1][0], norms[1]), (projection.double(), None))
    grids = [grid] * len(layers)
    return Dense(embedding.new_empty(0), attentions, features, embedding, grids, states=states)


def open_clip_activation(stack: nn.Module) -> str:
    return "quick_gelu" if type(stack.resblocks[0].mlp.gelu).__name__ == "QuickGELU" else "gelu"


def clip_text_dense(model: nn.Module, ids: Tensor) -> tuple[Tensor, list[Tensor], int]:
    """One text (tokens,): projected embedding (dim,), causal attentions, end-of-text's position."""
    found, end = clip_text_forward(model, ids)
    return found.embedding, found.attentions, end


def clip_text_forward(model: nn.Module, ids: Tensor) -> tuple[Dense, int]:
    """One text (tokens,), as a grid of one row, and end-of-text's position; `logits` is empty."""
    if hasattr(model, "text_model"):
        tower, activation = model.text_model, model.config.text_config.hidden_act
        table, positions = (
            tower.embeddings.token_embedding,
            tower.embeddings.position_embedding.weight,
        )
        norm, projection = tower.final_layer_norm, model.text_projection.weight
        layers = [transformers_layer(block) for block in tower.encoder.layers]
        end = ids.tolist().index(model.config.text_config.eos_token_id)
    else:
        tower, activation = model, open_clip_activation(model.transformer)
        table, positions = tower.token_embedding, tower.positional_embedding
        norm, projection = tower.ln_final, tower.text_projection.T
        layers = [open_clip_layer(block) for block in tower.transformer.resblocks]
        end = ids.tolist().index(int(ids.max()))
    x = table.weight.double()[ids] + positions.double()[: len(ids)]
    x = (
        x if x.requires_grad else x.requires_grad_()
    )  # in the graph even where every weight is frozen
    future = torch.full((len(ids), len(ids)), -math.inf, dtype=torch.float64).triu(1)
    states, attentions, features = transformer(x, layers, activation, future)
    embedding = linear(layer_norm(states[-1][end], norm), (projection.double(), None))
    grids = [(1, len(ids))] * len(layers)
    found = Dense(embedding.new_empty(0), attentions, features, embedding, grids, states=states)
    return found, end


def clip_dense(model: nn.Module, pixels: Tensor, input_ids: Tensor) -> Dense:
    """One image against texts (texts, tokens): logits = exp(logit_scale) x cosine, per text."""
    image = clip_image_dense(model, pixels)
    texts = torch.stack([clip_text_dense(model, ids)[0] for ids in input_ids])
    logits = model.logit_scale.double().exp() * (unit(texts) @ unit(image.embedding))
    return replace(image, logits=logits)


def resnet50_attention_pool_dense(pool: nn.Module, features: Tensor) -> tuple[Tensor, Tensor]:
    """CLIP RN50's pooling of (1, c, h, w), asked by the mean: (dim,) and (heads, 1, 1 + h w)."""
    x = features[0].double().flatten(1).T
    x = torch.cat([x.mean(0, keepdim=True), x]) + pool.positional_embedding.double()
    inputs = (x[:1], pool.q_proj), (x, pool.k_proj), (x, pool.v_proj)
    parts = (split_heads(linear(tokens, affine(part)), pool.num_heads) for tokens, part in inputs)
    mixed, weights = attend(*parts)
    return linear(mixed[0], affine(pool.c_proj)), weights


def window_and_shift(config, grid: Pair, stage: int, depth: int) -> Pair:
    """Every second block shifts by half a window, unless one window covers the grid."""
    window = config.window_size
    if config.model_type == "swinv2":  # fixed when built, from the first side of an unpadded grid
        side = patch_rows(config) // 2**stage
        return min(side, window), 0 if side <= window or depth % 2 == 0 else window // 2
    if min(grid) <= window:
        return min(grid), 0
    return window, 0 if depth % 2 == 0 else window // 2


def patch_rows(config) -> int:
    size = config.image_size
    return (size if isinstance(size, int) else size[0]) // config.patch_size


def cells_of(grid: Pair, window: int) -> tuple[Tensor, Tensor]:
    """(row, col) of every token, real ones in reading order, then padding; and the padded grid."""
    padded = [-(-side // window) * window for side in grid]
    cells = [(row, col) for row in range(padded[0]) for col in range(padded[1])]
    cells.sort(key=lambda cell: cell[0] >= grid[0] or cell[1] >= grid[1])  # stable
    return torch.tensor(cells), torch.tensor(padded)


def places_of(cells: Tensor, padded: Tensor, shift: int) -> Tensor:
    """Where each token stands once the picture was rolled up and left by `shift`."""
    return (cells - shift) % padded


def visible_pairs(cells: Tensor, padded: Tensor, window: int, shift: int) -> Tensor:
    """(tokens, tokens) bool: same window of the rolled picture, same side of each seam."""
    tile = places_of(cells, padded, shift) // window
    wrapped = cells < shift
    same_tile = (tile[:, None] == tile[None]).all(-1)
    return same_tile & (wrapped[:, None] == wrapped[None]).all(-1)


def position_bias(block: nn.Module, offsets: Tensor, window: int, pretrained: int) -> Tensor:
    """Bias of each pair from its (row, col) offset: (pairs, 2) to (pairs, heads)."""
    attention = block.attention
    if hasattr(attention, "relative_position_bias"):
        table = attention.relative_position_bias.relative_position_bias_table.double()
        rows, cols = (offsets + window - 1).unbind(-1)
        return table[rows * (2 * window - 1) + cols]
    reach = pretrained - 1 if pretrained else window - 1
    scaled = offsets.double() * 8 / max(reach, 1)
    coordinates = scaled.sign() * (scaled.abs() + 1).log2() / 3
    first, _, last = attention.self.continuous_position_bias_mlp
    hidden = linear(coordinates, affine(first)).clamp(min=0)
    return 16 * torch.sigmoid(linear(hidden, affine(last)))


def swin_scores(attention: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, Affine]:
    """Scores (heads, tokens, tokens) before bias and mask, values, and the output projection."""
    if hasattr(attention, "q_proj"):
        heads = attention.num_attention_heads
        projections = attention.q_proj, attention.k_proj, attention.v_proj
        q, k, v = (split_heads(linear(x, affine(part)), heads) for part in projections)
        return q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), v, affine(attention.o_proj)
    inner = attention.self
    projections = inner.query, inner.key, inner.value
    q, k, v = (split_heads(linear(x, affine(p)), inner.num_attention_heads) for p in projections)
    q, k = (part / part.norm(dim=-1, keepdim=True).clamp(min=1e-12) for part in (q, k))
    scale = inner.logit_scale.double().clamp(max=math.log(100)).exp()
    return q @ k.transpose(1, 2) * scale, v, affine(attention.output.dense)


def window_attention(
    block: nn.Module, x: Tensor, grid: Pair, window: int, shift: int, pretrained: int
):
    """Attend within windows: (real tokens, channels), the weights, and who is visible to whom."""
    cells, padded = cells_of(grid, window)
    x = torch.cat([x, x.new_zeros(len(cells) - len(x), x.shape[1])])
    visible = visible_pairs(cells, padded, window, shift)
    scores, values, out = swin_scores(block.attention, x)
    places = places_of(cells, padded, shift)
    offsets = (places[:, None] - places[None])[visible]
    bias = torch.full_like(scores, -math.inf)
    bias[:, visible] = position_bias(block, offsets, window, pretrained).T
    weights = softmax(scores + bias)
    return linear(join_heads(weights @ values), out)[: math.prod(grid)], weights, visible


def merge_matrix(grid: Pair) -> Tensor:
    """(parents, children): each parent's share, split evenly over its real 2 x 2 children."""
    rows, cols = grid
    matrix = torch.zeros(-(-rows // 2) * -(-cols // 2), rows * cols, dtype=torch.float64)
    for row in range(rows):
        for col in range(cols):
            matrix[row // 2 * -(-cols // 2) + col // 2, row * cols + col] = 1
    return matrix / matrix.sum(-1, keepdim=True)


def merge_patches(layer: nn.Module, x: Tensor, grid: Pair, norm_first: bool) -> tuple[Tensor, Pair]:
    """Join each 2 x 2 square (down, then right), normalise, project; absent children are zeros."""
    rows, cols = -(-grid[0] // 2), -(-grid[1] // 2)
    image = x.new_zeros(2 * rows, 2 * cols, x.shape[1])
    image[: grid[0], : grid[1]] = x.reshape(*grid, -1)
    square = torch.cat([image[i::2, j::2] for i, j in ((0, 0), (1, 0), (0, 1), (1, 1))], -1)
    x, reduction = square.reshape(rows * cols, -1), affine(layer.reduction)
    if norm_first:
        return linear(layer_norm(x, layer.norm), reduction), (rows, cols)
    return layer_norm(linear(x, reduction), layer.norm), (rows, cols)


def swin_dense(model: nn.Module, pixels: Tensor) -> Dense:
    """SwinForImageClassification or Swinv2ForImageClassification, at native or padded grids."""
    config, act = model.config, ACTIVATIONS[model.config.hidden_act]
    v2 = config.model_type == "swinv2"
    trunk = getattr(model, config.model_type)
    x, grid = patches(as_input(pixels), trunk.embeddings.patch_embeddings.projection)
    x = layer_norm(x, trunk.embeddings.norm)
    if trunk.embeddings.position_embeddings is not None:
        x = x + trunk.embeddings.position_embeddings[0].double()
    attentions, grids, merges, visible, states = [], [], {}, [], []
    for index, stage in enumerate(trunk.encoder.layers):
        pretrained = config.pretrained_window_sizes[index] if v2 else 0
        for depth, block in enumerate(stage.blocks):
            geometry = grid, *window_and_shift(config, grid, index, depth), pretrained
            before, after = block.layernorm_before, block.layernorm_after
            x = enter(x)
            states.append(x)
            y = branch(x if v2 else layer_norm(x, before))
            y, weights, pairs = window_attention(block, y, *geometry)
            x = x + (layer_norm(y, before) if v2 else y)
            up, down = (
                (block.intermediate.dense, block.output.dense)
                if v2
                else (block.mlp.fc1, block.mlp.fc2)
            )
            y = branch(x if v2 else layer_norm(x, after))
            y = linear(act(linear(y, affine(up))), affine(down))
            x = x + (layer_norm(y, after) if v2 else y)
            attentions.append(weights)
            grids.append(grid)
            visible.append(pairs)
        if stage.downsample is not None:
            merges[len(attentions) - 1] = merge_matrix(grid)
            x, grid = merge_patches(stage.downsample, x, grid, norm_first=not v2)
    features = layer_norm(x, trunk.layernorm)
    embedding = features.mean(0)
    logits = linear(embedding, affine(model.classifier))
    states.append(x)
    return Dense(logits, attentions, features, embedding, grids, merges, visible, states)


def dense_from_windows(weights: Tensor, queries: Tensor, keys: Tensor, tokens: int) -> Tensor:
    """Spread (windows, heads, q, k) with token ids, -1 = padding, to (heads, tokens, tokens)."""
    dense = weights.new_zeros(weights.shape[1], tokens, tokens)
    for window, asking, asked in zip(weights, queries, keys, strict=True):
        real = window[:, asking >= 0][:, :, asked >= 0]
        dense[:, asking[asking >= 0][:, None], asked[asked >= 0][None]] = real
    return dense


def row_normalised(matrix: Tensor) -> Tensor:
    return matrix / matrix.sum(-1, keepdim=True)


def rollout_dense(
    attentions: Sequence[Tensor],
    merges: Mapping[int, Tensor] | None = None,
    start: Tensor | None = None,
) -> Tensor:
    """Mean of heads, padding dropped, rows normalised, half identity, multiplied: (first tokens,).

    `merges[i]` follows block i. `start` (last tokens,) sums to one; the default is the [CLS] row:
    all of it on token 0.
    """
    return _roll(
        [attention.mean(0) for attention in attentions], merges, start, lambda _, fused: fused
    )


def discard_rollout_dense(
    attentions: Sequence[Tensor],
    ratio: float,
    merges: Mapping[int, Tensor] | None = None,
    start: Tensor | None = None,
    specials: int = 1,
    visible: Sequence[Tensor] | None = None,
) -> Tensor:
    """Rollout, the lowest int(ratio x patches) patch weights of each row of the head mean set to 0.

    The first `specials` columns are kept (0 for Swin). Where `visible` is given, only visible
    patches count.
    """

    def discard(block: int, fused: Tensor) -> Tensor:
        fused = fused.clone()
        for row, weights in enumerate(fused):
            seen = (
                torch.ones(len(fused), dtype=torch.bool) if visible is None else visible[block][row]
            )
            patch_ids = [i for i in range(specials, len(fused)) if seen[i]]
            patch_ids.sort(key=lambda i: weights[i].item())
            weights[patch_ids[: int(ratio * len(patch_ids))]] = 0
        return fused

    return _roll([attention.mean(0) for attention in attentions], merges, start, discard)


def _roll(
    fused: list[Tensor], merges, start: Tensor | None, edit: Callable[[int, Tensor], Tensor]
) -> Tensor:
    merges = merges or {}
    fused = [matrix.detach().double() for matrix in fused]
    start = torch.eye(len(fused[-1]), dtype=torch.float64)[0] if start is None else start.double()
    tokens, factors = len(start), []
    for block in reversed(range(len(fused))):
        if block in merges:
            factors.append(merges[block])
            tokens = merges[block].shape[1]
        real = row_normalised(edit(block, fused[block][:tokens, :tokens]))
        factors.append(0.5 * real + 0.5 * torch.eye(tokens, dtype=torch.float64))
    return start @ reduce(torch.matmul, factors)


def gradcam_dense(features: Tensor, gradient: Tensor, grid: Pair, relu: bool = False) -> Tensor:
    """Equations 1 and 2 for (tokens, channels), whose last rows x cols tokens are the patches."""
    count = math.prod(grid)
    weights = gradient[-count:].sum(0) / count
    cam = sum(weights[k] * features[-count:, k] for k in range(features.shape[1])).reshape(grid)
    return cam.clamp(min=0) if relu else cam


def integrated_gradients_dense(
    f: Callable[[Tensor], Tensor], x: Tensor, baseline: Tensor, steps: int = 50
) -> Tensor:
    """(x - baseline) times the mean gradient of scalar `f` on the way, by Gauss-Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(x)
    for node, weight in zip(nodes, weights, strict=True):
        point = (baseline + (1 + node) / 2 * (x - baseline)).detach().requires_grad_()
        total += weight / 2 * torch.autograd.grad(f(point), point)[0]
    return (x - baseline) * total
