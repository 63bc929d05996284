"""The four networks: a small conv teacher, and the three bundled models built from their libraries' real classes.

While a student trains, linear guides read its tokens and predict the teacher's maps at the same place: locality guidance
(Li et al. 2022, arXiv 2207.10026), which teaches a transformer on few pictures far faster than labels alone.
"""

import open_clip
import torch
import torch.nn.functional as F
from torch import nn
from transformers import Swinv2Config, Swinv2ForImageClassification, ViTConfig
from transformers import ViTForImageClassification as Vit

from models.catalogue import CATEGORIES
from models.pocket.pictures import SIDE
from models.pocket.vocabulary import CONTEXT, entries

PATCH = {"vit": 8, "swin": 4, "clip": 8}
LABELS = {
    "id2label": dict(enumerate(CATEGORIES)),
    "label2id": {name: index for index, name in enumerate(CATEGORIES)},
}


class Teacher(nn.Module):
    """A narrow plain conv net at 32 px (after Jordan 2024, arXiv 2404.00498), whose maps also guide the students.

    forward: pixels (n, 3, 32, 32), normalised → logits (n, classes), maps {16: (n, 48, 16, 16), 8: …, 4: …}
    """

    widths = (48, 96, 192)

    def __init__(self, classes: int, stem: int = 24):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 3, padding=1), nn.ReLU())
        inputs = (stem, *self.widths)
        self.groups = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, width, 3, padding=1, bias=False),
                nn.MaxPool2d(2),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            )
            for before, width in zip(inputs, self.widths, strict=False)
        )
        self.head = nn.Linear(self.widths[-1], classes, bias=False)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, dict[int, torch.Tensor]]:
        maps, x = {}, self.stem(pixels)
        for group in self.groups:
            x = group(x)
            maps[x.shape[-1]] = x
        return self.head(x.amax((2, 3))), maps


class Student(nn.Module):
    """A bundled model in training; forward also returns the hidden states that the guides read.

    guides: (the teacher's map side, the student's channels there), one for each hidden state.
    """

    grid = SIDE // PATCH["vit"]  # the side of a ViT's patch grid

    def __init__(self, network: nn.Module, guides: tuple[tuple[int, int], ...]):
        super().__init__()
        self.network = network
        self.sides = tuple(side for side, _ in guides)
        channels = dict(zip((16, 8, 4), Teacher.widths, strict=True))
        self.guides = nn.ModuleList(nn.Linear(width, channels[side]) for side, width in guides)

    def guidance(
        self, hidden: list[torch.Tensor], maps: dict[int, torch.Tensor], kept: torch.Tensor | None
    ) -> torch.Tensor:
        """Mean squared error against the teacher's maps, each channel first scaled to unit variance."""
        total = 0.0
        for side, guide, tokens in zip(self.sides, self.guides, hidden, strict=True):
            target = maps[side].float().flatten(2).transpose(1, 2)  # (n, tokens, channels)
            target = (target - target.mean((0, 1))) / (target.std((0, 1)) + 1e-3)
            guessed = guide(tokens).float()
            if side < self.grid:  # a coarse map, repeated for every token it covers
                target = _spread(target)
            if kept is not None:
                target = target.gather(1, kept[..., None].expand(-1, -1, target.shape[-1]))
            total = total + F.mse_loss(guessed, target)
        return total / len(self.sides)


def _spread(tokens: torch.Tensor) -> torch.Tensor:
    """(n, side², c) → (n, (2 side)², c), each token four times."""
    side = round(tokens.shape[1] ** 0.5)
    grid = tokens.unflatten(1, (side, side))
    return grid.repeat_interleave(2, 1).repeat_interleave(2, 2).flatten(1, 2)


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
        super().__init__(Vit(config), ((8, 192), (4, 192)))

    def forward(self, pixels: torch.Tensor, share: float = 1.0):
        """→ logits (n, 15), hidden states after the middle and the last layer, which patches were kept."""
        vit = self.network.vit
        tokens = vit.embeddings(pixels)
        kept = some(tokens[:, 1:], share)
        tokens = torch.cat([tokens[:, :1], pick(tokens[:, 1:], kept)], 1)
        hidden = []
        for layer in vit.layers:
            tokens = layer(tokens)
            hidden.append(tokens)
        logits = self.network.classifier(vit.layernorm(tokens)[:, 0])
        return logits, [hidden[2][:, 1:], hidden[5][:, 1:]], kept


class SwinStudent(Student):
    grid = 0  # every stage has the side of the map it follows

    def __init__(self):
        config = Swinv2Config(
            image_size=SIDE,
            patch_size=PATCH["swin"],
            embed_dim=64,
            depths=[2, 4, 2],
            num_heads=[2, 4, 8],
            window_size=4,
            drop_path_rate=0.0,
            **LABELS,
        )
        super().__init__(Swinv2ForImageClassification(config), ((16, 64), (8, 128), (4, 256)))

    def forward(self, pixels: torch.Tensor, share: float = 1.0):
        """→ logits (n, 15), hidden states at the end of each stage, None: windows cannot do without patches."""
        swin, hidden = self.network.swinv2, []
        tokens, size = swin.embeddings(pixels)
        for stage in swin.encoder.layers:
            tokens, before, sizes = stage(tokens, size)[:3]
            size = sizes[-2:]
            hidden.append(before)
        logits = self.network.classifier(swin.layernorm(tokens).mean(1))
        return logits, hidden, None


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
        """→ image embeddings (n, 192) of length one, hidden states as the ViT's, which patches were kept."""
        tower, hidden = self.network.visual, []
        tokens = tower._embeds(pixels)
        kept = some(tokens[:, 1:], share)
        tokens = torch.cat([tokens[:, :1], pick(tokens[:, 1:], kept)], 1)
        for block in tower.transformer.resblocks:
            tokens = block(tokens)
            hidden.append(tokens)
        embedding = tower.ln_post(tokens)[:, 0] @ tower.proj
        return F.normalize(embedding, dim=-1), [hidden[2][:, 1:], hidden[5][:, 1:]], kept

    def texts(self, ids: torch.Tensor) -> torch.Tensor:
        return self.network.encode_text(ids, normalize=True)


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
