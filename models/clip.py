"""CLIP: an image tower scored against texts (Radford et al. 2021, arXiv 2103.00020).

`Clip` is what both formats share: labels are whole texts, or several that stand for one class by the mean of their
unit-length features (section 3.1.4); a label's logit is logit_scale × cosine, and text features are kept per string.
`HubClip` is transformers' `CLIPModel`; open_clip's format is in clip_open.py.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import CLIPModel

from limits import TEXTS_HELD
from models.catalogue import CATEGORIES, TEMPLATE
from models.checkpoint import Eager, from_folder, tokenizer_of
from models.folder import tokenizing_told
from models.model import Model, Record, TraceParts, target_index
from models.pixels import HubProcessor
from models.text_side import TextSide
from models.trace import Trace, one_window, patch_grid

TEXT_BATCH = 256
Label = str | tuple[str, ...]  # one text, or several that stand for one class
YIELDED = 0.002  # seconds between two batches of texts


class Clip(Model):
    """What every CLIP does; a format adds its two towers."""

    family = "clip"
    reads_texts = True
    extra_tokens = 1
    tokenizer: Any

    def __init__(self, name: str, module: nn.Module, pixels_of, device: str):
        super().__init__(
            name, module, pixels_of, [TEMPLATE.format(name) for name in CATEGORIES], device
        )
        self._texts: OrderedDict[str, Tensor] = OrderedDict()

    def _encode_image(self, pixels: Tensor) -> Tensor:
        """(batch, 3, height, width) → (batch, dim), not yet of unit length."""
        raise NotImplementedError

    def _encode_text(self, texts: list[str]) -> Tensor:
        """(texts, dim), not yet of unit length."""
        raise NotImplementedError

    def _project(self, normed: Tensor) -> Tensor:
        """(batch, width) of the image tower after its final norm → (batch, dim), not yet of unit length."""
        raise NotImplementedError

    def _answer(self, pixels: Tensor, labels: Sequence[Label] | None) -> tuple[Tensor, Tensor]:
        embedding = normalize(self._encode_image(pixels), dim=-1)
        return self._cosines(embedding, labels), embedding

    def _head(self, normed: Tensor, labels: Sequence[Label] | None) -> Tensor:
        return self._cosines(normalize(self._project(normed), dim=-1), labels)

    def _cosines(self, embedding: Tensor, labels: Sequence[Label] | None) -> Tensor:
        """(batch, texts) logit_scale × cosine of unit-length (batch, dim)."""
        weights = self._label_weights(labels or self.labels)
        return self.module.logit_scale.exp() * embedding @ weights.T

    def embed_texts(
        self, texts: Sequence[str], progress: Callable[[float], None] | None = None
    ) -> Tensor:
        """(texts, dim) unit-length text embeddings on the CPU; each new string is encoded once and kept.

        progress hears the fraction done between batches, and may raise to stop; what is done by then is kept.
        """
        if isinstance(texts, str) or not texts:
            raise ValueError("Give CLIP a list of at least one text.")
        return self._text_features(texts, progress).cpu()

    @property
    def pools(self) -> tuple[str, ...]:
        return ("readout", "mean", "joint")

    @property
    def scale(self) -> float:
        """What a cosine is multiplied by to become a logit."""
        return float(self.module.logit_scale.exp())

    def unseen_words(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The words of `texts` that are not in the model's vocabulary and so mean nothing to it.

        CLIP's own vocabulary spells any word from pieces and has none such; pocket-clip's is small.
        """
        tokenizer = self._hub_tokenizer()
        if tokenizer is None or tokenizer.unk_token_id is None:
            return ()
        found: dict[str, None] = {}
        for text in dict.fromkeys(texts):
            with self.lock:  # a tokenizer keeps its settings in itself, and threads would mix them
                tokens = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
            for token, (start, end) in zip(tokens.input_ids, tokens.offset_mapping, strict=True):
                if token == tokenizer.unk_token_id:
                    found[text[start:end]] = None
        return tuple(found)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, start and end included, before any is cut off at `context`."""
        tokenizer = self._hub_tokenizer()
        if tokenizer is None:  # open_clip's own, CLIP's vocabulary
            return [len(self.tokenizer.encode(text)) + 2 for text in texts]
        with self.lock:
            return [
                len(tokenizer(text, truncation=False, verbose=False).input_ids) for text in texts
            ]

    @property
    def context(self) -> int:
        """The most tokens the text tower reads; what is beyond is never seen."""
        raise NotImplementedError

    def _hub_tokenizer(self):
        """The transformers tokenizer, or None where open_clip's own cuts the text."""
        raise NotImplementedError

    @torch.no_grad()
    def _text_features(
        self, texts: Sequence[str], progress: Callable[[float], None] | None = None
    ) -> Tensor:
        """(texts, dim) of unit length. The lock is taken per TEXT_BATCH, so that others' questions pass between."""
        found: dict[str, Tensor] = {}
        with self.lock:
            for text in dict.fromkeys(texts):
                if text in self._texts:
                    self._texts.move_to_end(text)
                    found[text] = self._texts[text]
        new = [text for text in dict.fromkeys(texts) if text not in found]
        for start in range(0, len(new), TEXT_BATCH):
            if start:
                time.sleep(
                    YIELDED
                )  # a lock goes to who takes it first, which would always be this thread
            if progress:
                progress(start / len(new))
            batch = new[start : start + TEXT_BATCH]
            with self.lock:
                with tokenizing_told():
                    encoded = normalize(self._encode_text(batch), dim=-1)
                fresh = dict(zip(batch, encoded, strict=True))
                self._texts.update(fresh)
                while len(self._texts) > TEXTS_HELD:
                    self._texts.popitem(last=False)
            found |= fresh
        return torch.stack([found[text] for text in texts])

    def _label_weights(self, labels: Sequence[Label]) -> Tensor:
        """(labels, dim) of unit length: of a label of several texts, the direction of their mean."""
        groups = [_texts_of(label) for label in labels]
        features = self._text_features([text for texts in groups for text in texts])
        if len(features) == len(groups):
            return features
        owner = torch.tensor([place for place, texts in enumerate(groups) for _ in texts])
        sums = features.new_zeros(len(groups), features.shape[1])
        return normalize(sums.index_add(0, owner.to(features.device), features), dim=-1)

    def classify(self, images: Sequence[Any], labels: Sequence[Label] | None = None) -> Tensor:
        labels = self._check_labels(labels)
        self._label_weights(labels)  # before the lock is held for a batch of pictures
        return super().classify(images, labels)

    def trace(
        self, image: Any, target: Any = None, labels: Sequence[Label] | None = None, *rest, **named
    ) -> Trace:
        """As `Model.trace`. A label is one text, or a tuple of several, which count by their mean; such a target is an index."""
        labels = self._check_labels(labels)
        if named.get("side") == "text":
            return self._trace_text(image, target, labels, *rest, **named)
        self._label_weights(labels)  # now, so that no rule of the way back meets their forward pass
        return super().trace(image, target, labels, *rest, **named)

    def _trace_text(
        self, image: Any, target: Any, labels: Sequence[Label], *rest: Any, side: str, **named: Any
    ) -> Trace:
        """As `trace`, of the target's own text beside the photo: one text, so nothing to explain it against."""
        if named.get("versus") is not None:
            raise ValueError("On the text's side there is one text; leave versus out.")
        logits = self.classify([image], labels)[0]
        text = _texts_of(labels[target_index(target, labels, logits)])[0]
        photo = self.embed([image], pool="joint").to(self.device, self.module.logit_scale.dtype)
        return self._text_side(photo, text).trace(image, 0, None, *rest, **named)

    def _text_side(self, photo: Tensor, text: str) -> TextSide:
        """The text tower as a model of its own, beside a (1, dim) photo of unit length."""
        raise NotImplementedError

    def _check_labels(self, labels: Sequence[Label] | None) -> tuple[Any, ...]:
        if labels is None:
            return self.labels
        if isinstance(labels, str):
            raise ValueError("Give CLIP's labels as a list of texts.")
        given: Sequence[Any] = labels
        labels = tuple(tuple(label) if isinstance(label, list) else label for label in given)
        known = all(isinstance(label, str | tuple) and label for label in labels)
        texts = [text for label in labels for text in _texts_of(label)] if known else []
        if not texts or any(not isinstance(text, str) or not text.strip() for text in texts):
            raise ValueError("Each of CLIP's labels must be a text of at least one character.")
        if len(set(labels)) < len(labels):
            twice = next(label for label in labels if labels.count(label) > 1)
            name = _texts_of(twice)[0][:80]
            raise ValueError(f"The label {name!r} stands there twice; each may stand once.")
        return labels


def _texts_of(label: Label) -> tuple[str, ...]:
    return (label,) if isinstance(label, str) else label


class HubClip(Clip):
    def __init__(
        self, name: str, module: CLIPModel, pixels_of: HubProcessor, tokenizer, device: str
    ):
        super().__init__(name, module, pixels_of, device)
        self.tokenizer = tokenizer
        self.tower = module.vision_model

    def _encode_image(self, pixels: Tensor) -> Tensor:
        return self._project(self.tower(pixel_values=pixels).pooler_output)

    def _project(self, normed: Tensor) -> Tensor:
        return self.module.visual_projection(normed)

    @property
    def context(self) -> int:
        return self.module.config.text_config.max_position_embeddings

    def _hub_tokenizer(self):
        return self.tokenizer

    def _encode_text(self, texts: list[str]) -> Tensor:
        pooled = self.module.text_model(**self._tokens(texts)).pooler_output
        return self.module.text_projection(pooled)

    def _tokens(self, texts: list[str]) -> Any:
        tokens = self.tokenizer(
            texts, padding=True, truncation=True, max_length=self.context, return_tensors="pt"
        )
        return tokens.to(self.device)

    def _text_side(self, photo: Tensor, text: str) -> TextSide:
        return HubText(self, photo, text)

    def _layers(self) -> list[Any]:
        return list(self.tower.encoder.layers)

    def joined_heads(self, layer: Any) -> tuple[nn.Module, int]:
        return layer.self_attn.out_proj, layer.self_attn.num_heads

    def _branches(self, layer: Any) -> tuple[nn.Module, nn.Module, nn.Module]:
        return layer.self_attn, layer.mlp, layer.mlp

    def _features_module(self) -> nn.Module:
        return self._layers()[-1].layer_norm1

    def _hooks(self, record: Record) -> Iterator:
        yield Eager(self.module)
        for layer in self._layers():
            yield layer.self_attn.register_forward_hook(
                lambda _m, _i, output: record.weights.append(output[1])
            )

    def _trace_parts(
        self, record: Record, gradients: list[Tensor | None], features_gradient: Tensor
    ) -> TraceParts:
        side = self.tower.config.image_size // self.tower.config.patch_size
        return class_token_parts(record, gradients, features_gradient, (side, side))

    def _final_norm(self, hidden: Tensor) -> Tensor:
        return self.tower.post_layernorm(hidden)

    def _pool(self, hidden: Tensor, pool: str) -> Tensor:
        return hidden[:, 1:].mean(1) if pool == "mean" else hidden[:, 0]


class HubText(TextSide, HubClip):
    def __init__(self, clip: HubClip, photo: Tensor, text: str):
        super().__init__(clip, photo, text)
        self.tower = self.module.text_model
        with self.lock:
            self.ids = self._tokens([text]).input_ids
        self.words = tuple(self.tokenizer.convert_ids_to_tokens(self.ids[0, 1:-1]))

    def _encoded(self) -> Tensor:
        return self.module.text_projection(self.tower(input_ids=self.ids).pooler_output)


def class_token_parts(
    record: Record,
    gradients: list[Tensor | None],
    features_gradient: Tensor,
    shape: tuple[int, int],
) -> TraceParts:
    """The parts of a tower that reads its answer from [CLS], token 0, before the patches."""
    grid = patch_grid(*shape, first=1)
    readout = torch.zeros(1 + grid.numel())
    readout[0] = 1
    return TraceParts(
        blocks=tuple(
            one_window(w, g, grid) for w, g in zip(record.weights, gradients, strict=True)
        ),
        readout=readout,
        features=record.features[0, 1:],
        features_gradient=features_gradient[0, 1:],
        features_grid=shape,
        readout_name="[CLS]",
    )


def load(folder: Path, name: str, device: str, config: dict) -> HubClip:
    """The CLIPModel in a checkpoint folder whose config.json is `config`."""
    tokenizer = tokenizer_of(folder)
    module = from_folder(CLIPModel, folder, config)
    pixels_of = HubProcessor(folder, module.config.vision_config.image_size)
    return HubClip(name, module, pixels_of, tokenizer, device)
