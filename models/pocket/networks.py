"""The three bundled models in training, built from their libraries' real classes.

While a student trains, linear guides read its tokens and predict the teacher's maps at the same place: locality guidance
(Li et al. 2022, arXiv 2207.10026), which teaches a transformer on few pictures far faster than labels alone. Students
train at EARLY pixels for the most part and at SIDE for the rest (Touvron et al. 2019, arXiv 1906.06423): positions are
interpolated, and Swin's windows keep their number and grow with the picture.
"""

from __future__ import annotations

import open_clip
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call
from transformers import Swinv2Config, Swinv2ForImageClassification, ViTConfig
from transformers import ViTForImageClassification as Vit

from models.catalogue import CATEGORIES
from models.pocket.pictures import EARLY, SIDE
from models.pocket.teacher import CHANNELS, Maps
from models.pocket.vocabulary import CONTEXT, entries

PATCH = {"vit": 8, "swin": 4, "clip": 8}
LABELS = {
    "id2label": dict(enumerate(CATEGORIES)),
    "label2id": {name: index for index, name in enumerate(CATEGORIES)},
}


class Student(nn.Module):
    """A bundled model in training; forward also returns the hidden states that the guides read.

    guides: (the teacher's map side, the student's channels there), one for each hidden state.
    """

    def __init__(self, network: nn.Module, guides: tuple[tuple[int, int], ...]):
        super().__init__()
        self.network = network
        self.sides = tuple(side for side, _ in guides)
        self.guides = nn.ModuleList(nn.Linear(width, CHANNELS[side]) for side, width in guides)

    def guidance(
        self, hidden: list[torch.Tensor], maps: Maps, grids: list[int], kept: torch.Tensor | None
    ) -> torch.Tensor:
        """Mean squared error against the teacher's maps on the student's grids."""
        total = torch.zeros((), device=hidden[0].device)
        for side, guide, tokens, grid in zip(self.sides, self.guides, hidden, grids, strict=True):
            target = maps[side]
            if side != grid:
                target = F.interpolate(target, (grid, grid), mode="bilinear", align_corners=False)
            target = target.flatten(2).transpose(1, 2)  # (n, tokens, channels)
            if kept is not None:
                target = pick(target, kept)
            total = total + F.mse_loss(guide(tokens).float(), target)
        return total / len(self.sides)


def some(tokens: torch.Tensor, share: float) -> torch.Tensor | None:
    """Which patches each picture keeps, (n, kept) sorted, or None for all: fewer tokens, faster early steps."""
    count = tokens.shape[1]
    if share >= 1:
        return None
    order = torch.rand(tokens.shape[:2], device=tokens.device).argsort(1)
    return order[:, : round(count * share)].sort(1).values


def pick(tokens: torch.Tensor, kept: torch.Tensor | None) -> torch.Tensor:
    if kept is None:
        return tokens
    return tokens.gather(1, kept[..., None].expand(-1, -1, tokens.shape[-1]))


def placed(positions: torch.Tensor, grid: int) -> torch.Tensor:
    """Position embeddings (1 + side², c), [CLS] first, interpolated to another grid: (1 + grid², c)."""
    side = round((len(positions) - 1) ** 0.5)
    if side == grid:
        return positions
    table = positions[1:].T.reshape(1, -1, side, side)
    table = F.interpolate(table.float(), (grid, grid), mode="bicubic", align_corners=False)
    return torch.cat([positions[:1], table.flatten(2)[0].T.to(positions)])


class VitStudent(Student):
    def __init__(self):
        config = ViTConfig(
            image_size=SIDE,
            patch_size=PATCH["vit"],
            hidden_size=192,
            num_hidden_layers=6,
            num_attention_heads=3,
            intermediate_size=768,
            layer_norm_eps=1e-5,  # open_clip's, so that pocket-clip can start from this trunk
            **LABELS,
        )
        network = Vit(config)
        network.set_attn_implementation(
            "eager"
        )  # on a CPU, twice as fast to train as the fused one
        super().__init__(network, ((8, 192), (4, 192)))

    def forward(self, pixels: torch.Tensor, share: float = 1.0):
        """→ logits (n, categories), hidden states after the middle and the last layer, their grids, the kept patches."""
        vit, grid = self.network.vit, pixels.shape[-1] // PATCH["vit"]
        parts = vit.embeddings
        patches = parts.patch_embeddings.projection(pixels).flatten(2).transpose(1, 2)
        tokens = torch.cat([parts.cls_token.expand(len(pixels), -1, -1), patches], 1)
        tokens = tokens + placed(parts.position_embeddings[0], grid)
        kept = some(tokens[:, 1:], share)
        tokens = torch.cat([tokens[:, :1], pick(tokens[:, 1:], kept)], 1)
        hidden = []
        for layer in vit.layers:
            tokens = layer(tokens)
            hidden.append(tokens)
        logits = self.network.classifier(vit.layernorm(tokens)[:, 0])
        return logits, [hidden[2][:, 1:], hidden[5][:, 1:]], [grid, grid], kept


def _swin(side: int, window: int) -> Swinv2ForImageClassification:
    config = Swinv2Config(
        image_size=side,
        patch_size=PATCH["swin"],
        embed_dim=64,
        depths=[2, 4, 2],
        num_heads=[2, 4, 8],
        window_size=window,
        drop_path_rate=0.0,
        **LABELS,
    )
    return Swinv2ForImageClassification(config)


class SwinStudent(Student):
    """At SIDE pixels grids of 28, 14 and 7 in windows of 7; at EARLY pixels 16, 8 and 4 in windows of 4, same weights."""

    def __init__(self):
        super().__init__(_swin(SIDE, 7), ((8, 128), (4, 256)))
        self._early = (
            _swin(EARLY, 4),
        )  # in a tuple, so that its own weights are nobody's parameters

    def forward(self, pixels: torch.Tensor, share: float = 1.0):
        """→ logits (n, categories), hidden states at the end of the last two stages, their grids, None: windows need all patches."""
        if pixels.shape[-1] == SIDE:
            logits, hidden = _swin_forward(self.network, pixels)
        else:
            early = _SwinForward(self._early[0].to(pixels.device))
            buffers = {
                name: value.to(pixels) if value.is_floating_point() else value
                for name, value in early.named_buffers()
            }
            weights = dict(self.network.named_parameters())
            weights = {f"network.{name}": weight for name, weight in weights.items()}
            logits, hidden = functional_call(early, weights | buffers, (pixels,))
        return logits, hidden, [round(tokens.shape[1] ** 0.5) for tokens in hidden], None


class _SwinForward(nn.Module):
    def __init__(self, network: Swinv2ForImageClassification):
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor):
        return _swin_forward(self.network, pixels)


def _swin_forward(network: Swinv2ForImageClassification, pixels: torch.Tensor):
    swin, hidden = network.swinv2, []
    tokens, size = swin.embeddings(pixels)
    for stage in swin.encoder.layers:
        tokens, before, sizes = stage(tokens, size)[:3]
        size = sizes[-2:]
        hidden.append(before)
    return network.classifier(swin.layernorm(tokens).mean(1)), hidden[1:]


CLIP_CONFIG = {
    "embed_dim": 192,
    "vision_cfg": {
        "image_size": SIDE,
        "patch_size": PATCH["clip"],
        "width": 192,
        "layers": 6,
        "head_width": 64,
        "no_ln_pre": True,
    },
    "text_cfg": {
        "context_length": CONTEXT,
        "vocab_size": len(entries()),
        "hf_tokenizer_name": "pocket-clip",
        "width": 128,
        "heads": 2,
        "layers": 4,
    },
}


class ClipStudent(Student):
    def __init__(self, trunk: Vit | None = None):
        network = open_clip.CLIP(**CLIP_CONFIG)
        if trunk is not None:
            start_from(network.visual, trunk)
        super().__init__(network, ((8, 192), (4, 192)))

    def forward(self, pixels: torch.Tensor, share: float = 1.0):
        """→ image embeddings (n, 192) of length one, hidden states and grids as the ViT's, the kept patches."""
        tower, grid, hidden = self.network.visual, pixels.shape[-1] // PATCH["clip"], []
        patches = tower.conv1(pixels).flatten(2).transpose(1, 2)
        first = tower.class_embedding.expand(len(pixels), 1, -1)
        tokens = torch.cat([first, patches], 1) + placed(tower.positional_embedding, grid)
        kept = some(tokens[:, 1:], share)
        tokens = torch.cat([tokens[:, :1], pick(tokens[:, 1:], kept)], 1)
        for block in tower.transformer.resblocks:
            tokens = block_forward(block, tokens)
            hidden.append(tokens)
        embedding = tower.ln_post(tokens)[:, 0] @ tower.proj
        hidden = [hidden[2][:, 1:], hidden[5][:, 1:]]
        return F.normalize(embedding, dim=-1), hidden, [grid, grid], kept

    def texts(self, ids: torch.Tensor) -> torch.Tensor:
        """(texts, CONTEXT) ids → (texts, 192), of length one."""
        network = self.network
        tokens = network.token_embedding(ids) + network.positional_embedding
        for block in network.transformer.resblocks:
            tokens = block_forward(block, tokens, network.attn_mask.to(tokens))
        ends = network.ln_final(tokens)[torch.arange(len(ids)), ids.argmax(1)]
        return F.normalize(ends @ network.text_projection, dim=-1)


def block_forward(
    block: nn.Module, tokens: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """open_clip's residual block with plain matrix products, which a CPU trains faster than the fused attention."""
    attention, normed = block.attn, block.ln_1(tokens)
    queries, keys, values = (
        part.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)
        for part in F.linear(normed, attention.in_proj_weight, attention.in_proj_bias).chunk(3, -1)
    )
    scores = queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + mask
    mixed = (scores.softmax(-1) @ values).transpose(1, 2).flatten(2)
    tokens = tokens + attention.out_proj(mixed)
    return tokens + block.mlp(block.ln_2(tokens))


@torch.no_grad()
def start_from(tower: nn.Module, trunk: Vit) -> None:
    """Copy a ViT's trunk into open_clip's tower of the same shape; its patch bias goes into the positions."""
    embeddings, vit = trunk.vit.embeddings, trunk.vit
    positions = embeddings.position_embeddings[0].clone()
    positions[1:] += embeddings.patch_embeddings.projection.bias
    tower.conv1.weight.copy_(embeddings.patch_embeddings.projection.weight)
    tower.class_embedding.copy_(embeddings.cls_token[0, 0])
    tower.positional_embedding.copy_(positions)
    tower.ln_post.load_state_dict(vit.layernorm.state_dict())
    for block, layer in zip(tower.transformer.resblocks, vit.layers, strict=True):
        attention = layer.attention
        parts = (attention.q_proj, attention.k_proj, attention.v_proj)
        block.attn.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        block.attn.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        block.attn.out_proj.load_state_dict(attention.o_proj.state_dict())
        block.ln_1.load_state_dict(layer.layernorm_before.state_dict())
        block.ln_2.load_state_dict(layer.layernorm_after.state_dict())
        block.mlp.c_fc.load_state_dict(layer.mlp.fc1.state_dict())
        block.mlp.c_proj.load_state_dict(layer.mlp.fc2.state_dict())


@torch.no_grad()
def warm_start(network: nn.Module, weights: dict[str, torch.Tensor]) -> list[str]:
    """Take over every weight of an earlier model that fits, position tables interpolated; → the names that did not fit."""
    left, own = [], network.state_dict()
    for name, weight in own.items():
        found = weights.get(name)
        if found is not None and "position_embeddings" in name and found.shape != weight.shape:
            found = placed(found[0].float(), round((weight.shape[1] - 1) ** 0.5))[None]
        if found is None or found.shape != weight.shape:
            left.append(name)
        else:
            weight.copy_(found)
    return left
