"""Tiny random models of every supported kind, built in memory and saved as the Hub would hold them.

Weights are drawn so that a slip shows: attention is far from uniform, and nothing rests at the
zeros and ones of a fresh LayerNorm, bias, position table or batch norm. Builders are cached: copy a
model (`doubled`) before changing it.
"""

import copy
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

import open_clip
import torch
import transformers
from open_clip.tokenizer import bytes_to_unicode
from safetensors.torch import save_file
from torch import Tensor, nn

LABELS = ("dog", "cat", "cup", "car", "duck")
TEXTS = tuple(f"a photo of a {label}" for label in LABELS)
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)  # unlike any default, so that forgetting them shows
CONTEXT = 12  # tokens in a text


@dataclass(frozen=True)
class Tiny:
    """A random model (eval mode, float32), its input size (height, width) and how to save it."""

    model: nn.Module
    size: tuple[int, int]
    write: Callable[[nn.Module, Path], None]

    def pixels(self, seed: int = 0) -> Tensor:
        """Random normalised pixels (1, 3, height, width)."""
        return torch.randn(1, 3, *self.size, generator=torch.Generator().manual_seed(seed))

    def save(self, folder: Path | str, dtype: torch.dtype = torch.float32) -> str:
        """Write safetensors weights, config, preprocessing and vocabulary; returns the folder."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.write(copy.deepcopy(self.model).to(dtype), Path(folder))
        return str(folder)


def doubled(model: nn.Module) -> nn.Module:
    """A float64 copy; Swin v2's coordinate tables, which it computes in float32, are made anew."""
    model = copy.deepcopy(model).double()
    with patch.object(torch.Tensor, "float", torch.Tensor.double):
        for module in model.modules():
            if hasattr(module, "create_coords_table_and_index"):
                module.relative_coords_table = module.create_coords_table_and_index()[0]
    return model


@torch.no_grad()
def enliven(model: nn.Module, seed: int, sharpness: float = 1.6) -> nn.Module:
    """Redraw every weight; query and key weights are `sharpness` times larger than the rest."""
    random = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=random)
        last = name.split(".")[-1]
        if last == "logit_scale":  # CLIP's one number, or one per head of Swin v2
            noise = torch.tensor(4.0) if weight.ndim == 0 else math.log(6) + 0.5 * noise
        elif last == "relative_position_bias_table":
            pass
        elif last == "weight" and weight.ndim == 1:  # a norm
            noise = 1 + 0.3 * noise
        elif last in ("proj", "text_projection"):
            noise = noise / math.sqrt(len(weight))
        elif last.endswith("weight") and not (weight.ndim == 2 and "embedding" in name):
            noise = noise / math.sqrt(weight[0].numel())
        else:  # biases, tokens, positions, words
            noise = 0.4 * noise
        if name.endswith(("q_proj.weight", "k_proj.weight", "query.weight", "key.weight")):
            noise = sharpness * noise
        if last == "in_proj_weight":
            noise[: 2 * len(weight) // 3] *= sharpness
        weight.copy_(noise)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.copy_(
                0.3 * torch.randn(module.running_mean.shape, generator=random)
            )
            module.running_var.copy_(0.5 + torch.rand(module.running_var.shape, generator=random))
    return model.eval()


def classifier(kind: str, size: tuple[int, int], seed: int, head: str = "", **settings) -> Tiny:
    """`kind` is ViT, DeiT, Swin or Swinv2; `head` ends the class name, as in WithTeacher."""
    names = dict(enumerate(LABELS))
    config = getattr(transformers, f"{kind}Config")(
        image_size=size, id2label=names, label2id={name: i for i, name in names.items()}, **settings
    )
    model = getattr(transformers, f"{kind}ForImageClassification{head}")(config)
    processor = transformers.ViTImageProcessor(
        size={"height": size[0], "width": size[1]}, image_mean=MEAN, image_std=STD
    )

    def write(model: nn.Module, folder: Path) -> None:
        model.save_pretrained(folder)
        processor.save_pretrained(folder)

    return Tiny(enliven(model, seed), size, write)


PLAIN = {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 40,
}
WINDOWS = {
    "patch_size": 2,
    "embed_dim": 12,
    "window_size": 4,
    "depths": (2, 2),
    "num_heads": (2, 4),
}


@cache
def vit() -> Tiny:
    return classifier("ViT", (32, 32), seed=1, patch_size=8, **PLAIN)


@cache
def vit_wide() -> Tiny:
    """Three rows and five columns: rows taken for columns show here."""
    return classifier("ViT", (24, 40), seed=2, patch_size=8, **PLAIN)


@cache
def deit() -> Tiny:
    return classifier("DeiT", (32, 32), seed=3, patch_size=8, **PLAIN)


@cache
def deit_teacher() -> Tiny:
    return classifier("DeiT", (32, 32), seed=4, head="WithTeacher", patch_size=8, **PLAIN)


@cache
def swin() -> Tiny:
    """Grids 16 x 16 and 8 x 8; blocks 1 and 3 shift by two."""
    return classifier("Swin", (32, 32), seed=5, **WINDOWS)


@cache
def swinv2() -> Tiny:
    """As `swin`; one head's logit scale lies above the clamp at log 100."""
    tiny = classifier("Swinv2", (32, 32), seed=6, **WINDOWS)
    block = tiny.model.swinv2.encoder.layers[0].blocks[0]
    block.attention.self.logit_scale.data[1] = math.log(150)
    return tiny


@cache
def swin_padded() -> Tiny:
    """Grids 18 x 10, 9 x 5 and 5 x 3: padding, an odd merge, a last stage that drops its shift.

    An odd window tells a shift from its opposite; half of an even one is the same either way.
    """
    settings = WINDOWS | {"window_size": 3, "depths": (2, 2, 2), "num_heads": (2, 4, 4)}
    return classifier("Swin", (36, 20), seed=7, **settings)


@cache
def swinv2_padded() -> Tiny:
    """Grids 11 x 9 and 6 x 5. The second stage is built for 11 // 2 rows: one window, no shift.

    Offsets are scaled to a larger pretraining window, as after tuning at another resolution.
    """
    settings = WINDOWS | {"window_size": 5, "pretrained_window_sizes": (8, 8)}
    return classifier("Swinv2", (22, 18), seed=8, **settings)


@cache
def tokenizer() -> transformers.CLIPTokenizer:
    """A byte-level vocabulary with the words of TEXTS; end-of-text has the highest id."""
    symbols = list(bytes_to_unicode().values())
    symbols += [symbol + "</w>" for symbol in symbols]
    merges = []
    for word in sorted({word for text in TEXTS for word in text.split() if len(word) > 1}):
        pieces = [*word[:-1], word[-1] + "</w>"]
        while len(pieces) > 1:
            merges.append((pieces[0], pieces[1]))
            pieces[:2] = [pieces[0] + pieces[1]]
    symbols += dict.fromkeys("".join(pair) for pair in merges)
    symbols += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {symbol: i for i, symbol in enumerate(symbols)}
    merges = list(dict.fromkeys(merges))
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=CONTEXT)


def token_ids(texts: tuple[str, ...] = TEXTS) -> Tensor:
    """(texts, CONTEXT) ids, padded with end-of-text."""
    settings = {"padding": "max_length", "max_length": CONTEXT, "truncation": True}
    return tokenizer()(list(texts), return_tensors="pt", **settings).input_ids


@cache
def hf_clip() -> Tiny:
    """transformers' CLIPModel, the format of openai/clip-vit-base-patch32."""
    words = tokenizer()
    text = PLAIN | {"vocab_size": len(words), "max_position_embeddings": CONTEXT}
    text |= {"eos_token_id": words.eos_token_id, "bos_token_id": words.bos_token_id}
    vision = PLAIN | {"hidden_size": 32, "image_size": 32, "patch_size": 8}
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    processor = transformers.CLIPImageProcessor(
        size={"shortest_edge": 32},
        crop_size={"height": 32, "width": 32},
        image_mean=MEAN,
        image_std=STD,
    )

    def write(model: nn.Module, folder: Path) -> None:
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
        words.save_pretrained(folder)

    return Tiny(enliven(transformers.CLIPModel(config), seed=9), (32, 32), write)


def open_clip_model(vision: dict, seed: int, quick_gelu: bool) -> Tiny:
    """An open_clip CLIP whose local folder also holds its vocabulary."""
    words = tokenizer()
    settings = {
        "embed_dim": 16,
        "quick_gelu": quick_gelu,
        "vision_cfg": vision,
        "text_cfg": {
            "context_length": CONTEXT,
            "vocab_size": len(words),
            "hf_tokenizer_name": "local",  # any name: from a folder, open_clip reads the folder
            "width": 24,
            "heads": 2,
            "layers": 3,
        },
    }

    def write(model: nn.Module, folder: Path) -> None:
        config = {"model_cfg": settings, "preprocess_cfg": {"mean": MEAN, "std": STD}}
        (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2))
        save_file(model.state_dict(), folder / "open_clip_model.safetensors")
        words.save_pretrained(folder)

    model = open_clip.model.CLIP(**copy.deepcopy(settings))
    return Tiny(enliven(model, seed), (vision["image_size"],) * 2, write)


@cache
def open_clip_vit() -> Tiny:
    vision = {"image_size": 32, "patch_size": 8, "width": 32, "head_width": 16, "layers": 3}
    return open_clip_model(vision, seed=10, quick_gelu=False)


@cache
def open_clip_resnet() -> Tiny:
    """RN50 in small: one bottleneck a stage, 4 x 4 features, attention pool of four heads."""
    vision = {"image_size": 128, "patch_size": None, "width": 8, "layers": [1, 1, 1, 1]}
    return open_clip_model(vision, seed=17, quick_gelu=True)


CLASSIFIERS = {
    "vit": vit,
    "vit_wide": vit_wide,
    "deit": deit,
    "deit_teacher": deit_teacher,
    "swin": swin,
    "swinv2": swinv2,
    "swin_padded": swin_padded,
    "swinv2_padded": swinv2_padded,
}
CLIPS = {"hf_clip": hf_clip, "open_clip_vit": open_clip_vit, "open_clip_resnet": open_clip_resnet}
TINY = CLASSIFIERS | CLIPS
