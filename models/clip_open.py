"""CLIP in open_clip's format (Ilharco et al. 2021, doi 10.5281/zenodo.5143773): ViT towers and RN50's.

open_clip's attention returns no weights that gradients reach, so while a trace is taken each attention module runs
the textbook formula in its place, on its own weights; outputs are the same to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, HFTokenizer, SimpleTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn
from torch.nn.functional import linear

from models import weights
from models.backward import Notes
from models.clip import Clip, class_token_parts
from models.folder import BUILDING, OPEN_CLIP_WEIGHTS, CheckpointError
from models.model import Record, TraceParts
from models.pixels import OpenClipTransform
from models.text_side import TextSide
from models.trace import one_window, patch_grid
from models.vocabulary import check_tokenizer

NO_ROLLOUT = (
    "Rollout follows attention from layer to layer; this tower is convolutional and attends once, in its pooling. "
    "Choose another method."
)

NO_OWN_SCORES = (
    "LeGrad reads a score from every layer's tokens; this tower is convolutional and attends once, in its pooling. "
    "Choose another method."
)


class OpenClip(Clip):
    """What both kinds of tower share: the text side and the features' scale."""

    def __init__(
        self, name: str, module: Any, pixels_of: OpenClipTransform, tokenizer, device: str
    ):
        super().__init__(name, module, pixels_of, device)
        self.tokenizer = tokenizer
        self.tower = module.visual
        if getattr(self.tower, "pool_type", "tok") == "avg":
            self.drop_refused = "This tower answers from the mean of its patches, and of none there is no mean: choose the fill mean."

    @property
    def context(self) -> int:
        return self.tokenizer.context_length

    def _hub_tokenizer(self):
        return getattr(self.tokenizer, "tokenizer", None)

    def _encode_image(self, pixels: Tensor) -> Tensor:
        return self.module.encode_image(pixels)

    def _encode_text(self, texts: list[str]) -> Tensor:
        tokens = self.tokenizer(texts).to(self.device)
        return self._encode_tokens(tokens) if self._plain_text else self.module.encode_text(tokens)

    @property
    def _plain_text(self) -> bool:
        """Whether the text tower is CLIP's own: causal, and read at end-of-text."""
        module = self.module
        plain = isinstance(module, open_clip.CLIP) and module.text_pool_type == "argmax"
        return plain and module.attn_mask is not None

    def _encode_tokens(self, tokens: Tensor) -> Tensor:
        """(texts, dim), not yet of unit length, of (texts, tokens) ids of a plain text tower."""
        module = self.module
        # Causal attention: nothing after the longest text's end-of-text token reaches it, so leave it out.
        ends = tokens.argmax(-1)
        length = int(ends.max()) + 1
        hidden = module.token_embedding(tokens[:, :length]) + module.positional_embedding[:length]
        hidden = module.ln_final(
            module.transformer(hidden, attn_mask=module.attn_mask[:length, :length])
        )
        pooled = hidden[torch.arange(len(tokens)), ends]
        project = module.text_projection
        return project(pooled) if isinstance(project, nn.Linear) else pooled @ project

    def _text_side(self, photo: Tensor, text: str) -> TextSide:
        if not self._plain_text:
            raise ValueError(
                "This CLIP's text tower is not read at end-of-text alone, which Headlight cannot follow yet. "
                "Look at the image's side."
            )
        return OpenText(self, photo, text)


class OpenClipVit(OpenClip):
    def _layers(self) -> list[Any]:
        return list(self.tower.transformer.resblocks)

    def joined_heads(self, layer: Any) -> tuple[nn.Module, int]:
        return layer.attn.out_proj, layer.attn.num_heads

    def _branches(self, layer: Any) -> tuple[nn.Module, nn.Module, nn.Module]:
        return layer.attn, layer.mlp, layer.mlp

    def _project(self, normed: Tensor) -> Tensor:
        return normed @ self.tower.proj

    def _features_module(self) -> nn.Module:
        return self._layers()[-1].ln_1

    def _hooks(self, record: Record) -> Iterator:
        for layer in self._layers():
            yield Replaced(layer.attn, _attention(layer.attn, record))

    def _trace_parts(
        self, record: Record, gradients: list[Tensor | None], features_gradient: Tensor
    ) -> TraceParts:
        rows, cols = self.tower.grid_size
        parts = class_token_parts(record, gradients, features_gradient, (rows, cols))
        if self.tower.pool_type == "avg":
            parts.readout[:] = 1 / (len(parts.readout) - 1)
            parts.readout[0] = 0
            parts = replace(parts, readout_name="")
        return parts

    def _final_norm(self, hidden: Tensor) -> Tensor:
        return self.tower.ln_post(hidden)

    def _pool(self, hidden: Tensor, pool: str) -> Tensor:
        if pool == "mean" or self.tower.pool_type == "avg":
            return hidden[:, 1:].mean(1)
        return hidden[:, 0]


class OpenText(TextSide, OpenClipVit):
    def __init__(self, clip: OpenClip, photo: Tensor, text: str):
        super().__init__(clip, photo, text)
        self.tower = self.module
        tokens = self.tokenizer([text]).to(self.device)
        self.ids = tokens[:, : int(tokens.argmax(-1)) + 1]
        hub = self._hub_tokenizer()
        between = self.ids[0, 1:-1].tolist()
        self.words = tuple(
            hub.convert_ids_to_tokens(between)
            if hub
            else [self.tokenizer.decoder[token] for token in between]
        )

    def _encoded(self) -> Tensor:
        return self._encode_tokens(self.ids)


class OpenClipResNet(OpenClip):
    """RN50's tower: one Block, the attention pool, whose one query is the mean of the 7 × 7 features."""

    own_scores_refused = NO_OWN_SCORES
    drop_refused = "A convolution needs every patch in its place; removed patches can only be painted over: choose the fill mean."
    skip_refused = "This tower attends once, in its pooling, which cannot be skipped."

    def _layers(self) -> list[Any]:
        return [self.tower.layer1, self.tower.layer2, self.tower.layer3, self.tower.layer4]

    def attention_layers(self) -> list[Any]:
        return [self.tower.attnpool]

    def joined_heads(self, layer: Any) -> tuple[nn.Module, int]:
        return layer.c_proj, layer.num_heads

    def _listening(self, notes: Notes) -> Iterator:
        return iter(())  # the attention pool, which stands in for itself, tells its notes

    def _features_module(self) -> nn.Module:
        return self.tower.layer4

    def _hooks(self, record: Record) -> Iterator:
        yield Replaced(self.tower.attnpool, _attention_pool(self.tower.attnpool, record))

    def _trace_parts(
        self, record: Record, gradients: list[Tensor | None], features_gradient: Tensor
    ) -> TraceParts:
        rows, cols = record.features.shape[-2:]
        return TraceParts(
            blocks=(one_window(record.weights[0], gradients[0], patch_grid(rows, cols, first=1)),),
            readout=torch.ones(1),
            features=record.features[0].flatten(1).T,
            features_gradient=features_gradient[0].flatten(1).T,
            features_grid=(rows, cols),
            readout_name="the pooling token",
            rollout_refused=NO_ROLLOUT,
        )

    def _final_norm(self, hidden: Tensor) -> Tensor:
        return hidden

    def _pool(self, hidden: Tensor, pool: str) -> Tensor:
        return hidden.mean((-2, -1))


class Replaced:
    """A module whose forward is replaced until `remove`; stands among the hook handles."""

    def __init__(self, module: Any, forward: Callable):
        self.module = module
        module.forward = forward

    def remove(self) -> None:
        del self.module.forward


def _attend(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    heads: int,
    record: Record,
    mask: Tensor | None = None,
) -> Tensor:
    """softmax(q kᵀ / √d + mask) v of (batch, tokens, width) inputs, head by head; the weights go into `record`."""
    queries, keys, values = (
        part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (queries, keys, values)
    )  # (batch, heads, tokens, d)
    scores = queries * queries.shape[-1] ** -0.5 @ keys.transpose(-2, -1)
    weights = (scores if mask is None else scores + mask).softmax(-1)
    record.weights.append(weights)
    return (weights @ values).transpose(1, 2).flatten(2)


def _attention(module: nn.MultiheadAttention, record: Record) -> Callable:
    def forward(
        query: Tensor, key: Tensor, value: Tensor, need_weights: bool, attn_mask: Tensor | None
    ) -> tuple[Tensor, None]:
        # A tower's blocks attend to themselves: query, key and value are one. Texts have a causal mask.
        queries, keys, values = linear(query, module.in_proj_weight, module.in_proj_bias).chunk(
            3, -1
        )
        mixed = _attend(queries, keys, values, module.num_heads, record, attn_mask)
        return module.out_proj(mixed), None

    return forward


def _attention_pool(module: Any, record: Record) -> Callable:
    def forward(features: Tensor) -> Tensor:
        tokens = features.flatten(2).transpose(1, 2)  # (batch, rows × cols, channels)
        tokens = torch.cat([tokens.mean(1, keepdim=True), tokens], 1) + module.positional_embedding
        tokens = record.notes.branch(record.notes.enter(tokens))
        query, key, value = (
            module.q_proj(tokens[:, :1]),
            module.k_proj(tokens),
            module.v_proj(tokens),
        )
        return module.c_proj(_attend(query, key, value, module.num_heads, record))[:, 0]

    return forward


def load(folder: Path, name: str, device: str, config: dict) -> OpenClip:
    """The model in a folder whose open_clip_config.json is `config`; ValueError says what Headlight cannot trace."""
    _check(config.get("model_cfg", {}))
    tokenizer = _tokenizer(folder, config["model_cfg"]["text_cfg"])
    with torch.device("meta"):
        built = _built(deepcopy(config["model_cfg"]))
    weights.check_fit(built, weights.shapes([folder / OPEN_CLIP_WEIGHTS]))
    try:
        # folder.kind_of has seen to it that the safetensors file is there; open_clip prefers it, and loads it strictly.
        module = open_clip.create_model(f"local-dir:{folder}")
    except RuntimeError as error:
        raise CheckpointError(
            f"{OPEN_CLIP_WEIGHTS} does not hold the weights that open_clip_config.json describes."
        ) from error
    kind = _kind(module.visual)
    settings = PreprocessCfg(**module.visual.preprocess_cfg)
    pixels_of = OpenClipTransform(image_transform_v2(settings, is_train=False), settings)
    return kind(name, module, pixels_of, tokenizer, device)


def _built(settings: dict) -> nn.Module:
    """The module that open_clip makes of a configuration."""
    kind = open_clip.CustomTextCLIP if settings.pop("custom_text", False) else open_clip.CLIP
    return kind(**settings)


def _tokenizer(folder: Path, text: dict) -> HFTokenizer | SimpleTokenizer:
    """The tokenizer of text_cfg, from the folder's own files; nothing in it may name code or another repository."""
    settings = {
        key: text["tokenizer_kwargs"][key]
        for key in ("clean", "strip_sep_token")
        if key in (text.get("tokenizer_kwargs") or {})
    }
    context = text.get("context_length", DEFAULT_CONTEXT_LENGTH)
    if not text.get("hf_tokenizer_name"):
        settings.pop("strip_sep_token", None)
        return SimpleTokenizer(context_length=context, **settings)
    check_tokenizer(folder)
    with BUILDING:
        return HFTokenizer(
            str(folder),
            context_length=context,
            tokenizer_mode=text.get("tokenizer_mode"),
            local_files_only=True,
            trust_remote_code=False,
            **settings,
        )


def _check(config: dict) -> None:
    vision, text = config.get("vision_cfg", {}), config.get("text_cfg", {})
    found = (
        ("a timm image tower", vision.get("timm_model_name")),
        ("a text tower of transformers", text.get("hf_model_name")),
        ("a caption decoder, as in CoCa", config.get("multimodal_cfg")),
        ("SigLIP's logit bias", config.get("init_logit_bias")),
        ("an attention pooler", vision.get("attentional_pool")),
    )
    for what, there in found:
        if there:
            raise CheckpointError(
                f"This open_clip model has {what}, which Headlight cannot trace yet. "
                "Choose a CLIP with a plain ViT or RN50 image tower."
            )


def _kind(tower: nn.Module) -> type[OpenClip]:
    if isinstance(tower, ModifiedResNet):
        return OpenClipResNet
    if isinstance(tower, VisionTransformer) and tower.pool_type in ("tok", "avg"):
        blocks = tower.transformer.resblocks
        if all(isinstance(block, ResidualAttentionBlock) for block in blocks):
            return OpenClipVit
    raise CheckpointError(
        "This open_clip model's image tower has blocks Headlight cannot trace yet. "
        "Choose a CLIP with a plain ViT or RN50 image tower."
    )
