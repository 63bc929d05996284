"""What every loaded checkpoint can do, whatever its family: classify, embed, trace.

A family (vit.py, swin.py, clip.py, clip_open.py) fills in how its tower runs, which modules to listen to, and how
its tokens lie in the photo. Hooks live only inside `recording`; one lock per model keeps them from meeting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from models import changes
from models.backward import Notes
from models.photo import open_photo
from models.trace import Block, Merge, Trace
from models.weights import check_finite

View = tuple[float, float, float, float]
BATCH = 32


@dataclass
class Record:
    """What the hooks saw during one forward pass, still on its graph.

    weights: per block (windows, heads, queries, keys); grids: what the family noted beside each block;
    features: (1, tokens, channels), or (1, channels, rows, cols), what Grad-CAM reads; notes: of the way back.
    """

    weights: list[Tensor] = field(default_factory=list)
    grids: list[Any] = field(default_factory=list)
    features: Tensor = field(default_factory=lambda: torch.empty(0))
    notes: Notes = field(default_factory=Notes)


@dataclass(frozen=True)
class TraceParts:
    """How a family's record becomes a Trace: fields as in `Trace`."""

    blocks: tuple[Block | Merge, ...]
    readout: Tensor
    features: Tensor
    features_gradient: Tensor
    features_grid: tuple[int, int]
    readout_name: str = ""
    rollout_refused: str = ""


class Model:
    """One checkpoint, ready to use. Made by `models.load`, never by hand."""

    family: str
    reads_texts = False  # whether its classes are texts of the asker's choosing
    extra_tokens = 0  # before the patches, as they enter the first block
    drop_refused = ""  # why patches' tokens cannot be left out, in one sentence
    skip_refused = ""  # why a block cannot be skipped, in one sentence
    own_scores_refused = ""  # why its layers have no scores of their own, in one sentence
    settings = ""  # `folder.settings_digest` of its folder

    def __init__(
        self, name: str, module: nn.Module, pixels_of: Any, labels: Sequence[str], device: str
    ):
        self.name = name
        module = module.eval().requires_grad_(False).float()
        check_finite(module)  # here, because a lent GPU's weights cannot be read between calls
        # Any: torch takes a module's parts for tensors or modules, and their classes are the libraries' own.
        self.module: Any = module.to(device)
        self.labels = tuple(labels)
        self.device = torch.device(device)
        self.lock = threading.RLock()
        self._pixels_of = pixels_of

    @property
    def scale(self) -> float | None:
        """What a cosine becomes a logit by; None where logits are a layer's."""
        return None

    # What a family provides.

    def logits(self, pixels: Tensor, labels: Sequence[str] | None = None) -> Tensor:
        """(batch, classes) logits of (batch, 3, height, width) pixels, on the graph."""
        with self.lock:  # another thread's trace has hooks in place until it is done
            return self._answer(pixels, labels)[0]

    def _answer(self, pixels: Tensor, labels: Sequence[str] | None) -> tuple[Tensor, Tensor]:
        """(batch, classes) logits and the (batch, dim) embeddings they were read from."""
        raise NotImplementedError

    def _hooks(self, record: Record) -> Iterator[Any]:
        """Register what makes the tower show its attention and fills `record` with it; yield the handles."""
        raise NotImplementedError

    def _features_module(self) -> nn.Module:
        """The module whose output Grad-CAM reads."""
        raise NotImplementedError

    def _trace_parts(
        self, record: Record, gradients: list[Tensor | None], features_gradient: Tensor
    ) -> TraceParts:
        """Tokens, windows and grids of this forward pass."""
        raise NotImplementedError

    def _layers(self) -> list[Any]:
        """The modules whose outputs are the hidden states after each layer."""
        raise NotImplementedError

    def _branches(self, layer: Any) -> tuple[nn.Module, nn.Module, nn.Module]:
        """A layer's attention, and the modules its MLP begins and ends with."""
        raise NotImplementedError

    def joined_heads(self, layer: Any) -> tuple[nn.Module, int]:
        """The module that reads what one of `attention_layers` heads wrote, side by side, and how many there are."""
        raise NotImplementedError

    def attention_layers(self) -> list[Any]:
        """The modules of the layers that attend, as `Trace.attention_blocks` counts them."""
        return self._layers()

    def _head(self, normed: Tensor, labels: Sequence[str] | None) -> Tensor:
        """(batch, dim), as the final norm gives it, → (batch, classes) logits."""
        raise NotImplementedError

    def _final_norm(self, hidden: Tensor) -> Tensor:
        """The last hidden state (batch, tokens, dim) as the head would read it."""
        raise NotImplementedError

    def _pool(self, hidden: Tensor, pool: str) -> Tensor:
        """(batch, tokens, dim) → (batch, dim): pool is "readout" or "mean" (of the patches)."""
        raise NotImplementedError

    # What callers use.

    def pixels(self, images: Sequence[Any]) -> Tensor:
        """(batch, 3, height, width): photos as the checkpoint wants them, on its device."""
        return torch.stack([self._pixels_of(open_photo(image))[0] for image in images]).to(
            self.device
        )

    def seen(self, image: Any) -> Image.Image:
        """A photo as the checkpoint gets it: resized and cropped to the model's own (height, width), in colours again."""
        colours = self._pixels_of.colours(self._pixels_of(open_photo(image))[0])
        return Image.fromarray((colours * 255).round().byte().permute(1, 2, 0).numpy())

    def classify(self, images: Sequence[Any], labels: Sequence[str] | None = None) -> Tensor:
        """(images, classes) logits on the CPU, batched, without gradients; labels are CLIP's texts, verbatim."""
        labels = self._check_labels(labels)
        return self._batched(images, lambda pixels: self._answer(pixels, labels)[0])

    def changed(
        self,
        pixels: Tensor,
        labels: Sequence[str] | None = None,
        heads: Sequence[tuple[int, int]] = (),
        blocks: Sequence[int] = (),
        removed: Tensor | None = None,
        fill: str = "mean",
    ) -> Tensor:
        """(batch, classes) logits on the CPU with something taken out of the forward pass; see changes.py.

        pixels: made by `pixels`. heads: (layer, head) that write nothing. blocks: skipped. removed: (batch, rows, cols) bool,
        patches of the first grid; fill "drop" leaves their tokens out, as many in each row, "mean" paints them in the mean colour.
        Raises ValueError for what is not there or cannot be left out.
        """
        labels = self._check_labels(labels)
        if fill not in changes.FILLS:
            raise ValueError(f"A patch is removed by one of {', '.join(changes.FILLS)}.")
        dropped = None
        if removed is not None and fill == "drop":
            dropped = removed.flatten(1)
            pixels = pixels.expand(len(removed), -1, -1, -1)
        elif removed is not None:
            pixels = changes.filled(pixels, removed)
        with (
            self.lock,
            torch.no_grad(),
            self._recording(True, Notes()),
            changes.made(self, heads, blocks, dropped),
        ):
            return _plain(self._answer(pixels, labels)[0])

    def embed(
        self, images: Sequence[Any], layer: int | None = None, pool: str = "readout"
    ) -> Tensor:
        """(images, dim) embeddings on the CPU.

        layer counts from 0, None = the last one after the final norm; pool: "readout" (where the answer is read
        from; in RN50, whose attention pool comes later, the mean), "mean" (of the patches), or CLIP's "joint", of no
        layer (unit length, comparable with embed_texts). Raises ValueError for others.
        """
        return self._batched(images, lambda pixels: self.embed_pixels(pixels, layer, pool))

    def embed_pixels(
        self, pixels: Tensor, layer: int | None = None, pool: str = "readout"
    ) -> Tensor:
        """(batch, dim) embeddings, on the CPU, of pixels made by `pixels`; layer and pool as in `embed`."""
        return self.read(pixels, [(pool, layer)])[0]

    def read(self, pixels: Tensor, spaces: Sequence[tuple[str, int | None]]) -> list[Tensor]:
        """A (batch, dim) tensor on the CPU for each (pool, layer) of `spaces`, from one forward pass.

        pool and layer as in `embed`; pool "answer" is the logits of the model's own labels. Raises ValueError.
        """
        layers = self._layers()
        for pool, layer in spaces:
            self._check_space(pool, layer, len(layers))
        hidden: dict[int, Tensor] = {}

        def keep(index: int) -> Callable:
            def hook(_module, _inputs, output):
                hidden[index] = output[0] if isinstance(output, tuple) else output

            return hook

        inner = [space for space in spaces if space[0] not in ("joint", "answer")]
        wanted = {len(layers) - 1 if layer is None else layer for _, layer in inner}
        with self.lock, torch.no_grad():
            handles = [layers[index].register_forward_hook(keep(index)) for index in wanted]
            try:
                labels = self.labels[:1] if self.reads_texts else None
                logits, embedding = self._answer(pixels, labels)
            finally:
                for handle in handles:
                    handle.remove()
            return [_plain(self._read(space, hidden, logits, embedding)) for space in spaces]

    def _read(
        self,
        space: tuple[str, int | None],
        hidden: dict[int, Tensor],
        logits: Tensor,
        embedding: Tensor,
    ) -> Tensor:
        pool, layer = space
        if pool in ("joint", "answer"):
            return embedding if pool == "joint" else logits
        if layer is None:
            return self._pool(self._final_norm(hidden[self.depth - 1]), pool)
        return self._pool(hidden[layer], pool)

    def _check_space(self, pool: str, layer: int | None, depth: int) -> None:
        if pool not in self.pools and (pool != "answer" or self.reads_texts):
            raise ValueError(f"{self.name} pools by {' or '.join(self.pools)}, not by {pool!r}.")
        if pool in ("joint", "answer") and layer is not None:
            raise ValueError(f"The {pool} space comes after all layers; leave the layer out.")
        if layer is not None and (not isinstance(layer, int) or not 0 <= layer < depth):
            raise ValueError(
                f"{self.name} has layers 0 to {depth - 1}; {layer} is not one of them."
            )

    @property
    def depth(self) -> int:
        """How many layers `embed` can read from."""
        return len(self._layers())

    @property
    def parameters(self) -> int:
        """How many weights there are, each counted once."""
        return sum(weights.numel() for weights in self.module.parameters())

    @property
    def pools(self) -> tuple[str, ...]:
        return ("readout", "mean")

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same weights and the same files beside them, wherever they came from.

        So it names what was computed with them: two checkpoints of other preprocessing, configuration or vocabulary
        differ, even where their weights are the same.
        """
        digest = sha256(self.settings.encode())
        for name, weights in self.module.state_dict().items():
            digest.update(name.encode())
            digest.update(weights.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def embed_texts(
        self, texts: Sequence[str], progress: Callable[[float], None] | None = None
    ) -> Tensor:
        """(texts, dim) unit-length text embeddings; CLIP alone has them, others raise ValueError."""
        raise ValueError(f"{self.name} reads no text; choose a CLIP model.")

    def trace(
        self,
        image: Any,
        target: str | int | None = None,
        labels: Sequence[Any] | None = None,
        gradients: bool = True,
        versus: str | int | None = None,
        backward: str = "plain",
        side: str = "image",
    ) -> Trace:
        """One forward and one backward pass over one photo.

        target: a label, its index, or None for the top answer. labels: CLIP's texts, verbatim. gradients=False
        leaves out the gradients of the attention weights (Grad-CAM's own are always there) and costs much less.
        versus: another class, a label or index: all gradients are then of the target's logit less its logit.
        backward: which way the gradients come, one of `backward.WAYS`; "layers" raises for models without layers of one width.
        side: "image", or "text" for CLIP's text tower reading the target beside the photo.
        Raises ValueError for a target, versus, labels or side that do not fit.
        """
        if side != "image":
            raise ValueError(f"{self.name} has no {side!r} side to look at; its side is the image.")
        labels = self._check_labels(labels)
        notes = Notes(backward)
        if backward == "layers" and self.own_scores_refused:
            raise ValueError(self.own_scores_refused)
        inputs, view = self._inputs(image)
        cut = backward == "plain" and not gradients
        if inputs.is_floating_point():
            inputs.requires_grad_(not cut)
        with self.lock, torch.enable_grad(), self._recording(cut, notes) as record, notes.rules():
            logits, embedding = self._answer(inputs, labels)
            index = target_index(target, labels, logits[0])
            other = None if versus is None else _other_index(versus, index, labels, logits[0])
            score = _score(logits[0], index, other)
            traced = score
            if backward == "layers":
                own = [self._own_logits(hidden, labels) for hidden in notes.left]
                traced = torch.stack([_score(each, index, other) for each in own]).sum()
            features_gradient, *weight_gradients = _gradients(
                traced, record, notes, record.weights if gradients else []
            )
        parts = notes.parts(score, record.weights, weight_gradients)
        placed = self._trace_parts(
            _detached(record),
            [_plain(gradient) for gradient in weight_gradients] or [None] * len(record.weights),
            _plain(features_gradient),
        )
        return Trace(
            family=self.family,
            logits=_plain(logits[0]),
            labels=labels,
            target=index,
            score=float(score.detach()),
            embedding=_plain(embedding[0]),
            view=view,
            versus=other,
            backward=backward,
            parts=parts,
            **vars(placed),
        )

    # How it is done.

    def _inputs(self, image: Any) -> tuple[Tensor, View]:
        """(1, 3, height, width) pixels of one photo, and where in it they lie."""
        pixels, view = self._pixels_of(open_photo(image))
        return pixels[None].to(self.device), view

    def _check_labels(self, labels: Sequence[str] | None) -> tuple[str, ...]:
        if labels is not None and tuple(labels) != self.labels:
            raise ValueError(
                f"{self.name} knows its own {len(self.labels)} classes only; leave the labels out."
            )
        return self.labels

    def _batched(self, images: Sequence[Any], answer: Callable[[Tensor], Tensor]) -> Tensor:
        parts = []
        for start in range(0, len(images), BATCH):
            pixels = self.pixels(images[start : start + BATCH])
            with self.lock, torch.no_grad():
                parts.append(_plain(answer(pixels)))
        if not parts:
            raise ValueError("There is no image to look at; give at least one.")
        return torch.cat(parts)

    def _own_logits(self, hidden: Tensor, labels: Sequence[str]) -> Tensor:
        """(classes,) what the head would answer from the mean of a layer's (1, tokens, dim)."""
        return self._head(self._final_norm(hidden.mean(1)), labels)[0]

    def _listening(self, notes: Notes) -> Iterator[Any]:
        """Register what fills `notes`; yield the handles."""
        for layer in self._layers():
            yield from notes.around(layer)
            if notes.way == "direct":
                yield from notes.apart(*self._branches(layer))

    @contextmanager
    def _recording(self, cut: bool, notes: Notes) -> Iterator[Record]:
        """A Record filled by hooks that leave with the block.

        cut: start the graph at Grad-CAM's features, so that backward passes through what follows them only.
        """
        record = Record(notes=notes)

        def keep_features(_module, _inputs, output):
            record.features = output.detach().requires_grad_() if cut else output
            return record.features

        handles = []
        try:
            handles.append(self._features_module().register_forward_hook(keep_features))
            handles.extend(self._hooks(record))
            if not cut:
                handles.extend(self._listening(notes))
            yield record
        finally:
            for handle in handles:
                handle.remove()


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().float().cpu()


def _gradients(
    score: Tensor, record: Record, notes: Notes, weights: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """∂score/∂ features and each of `weights`; on its way it fills `notes`. Zeros for what does not reach the score."""
    wanted = [record.features, *weights]
    if notes.way == "plain":
        return torch.autograd.grad(score, wanted)
    found = torch.autograd.grad(score, [*wanted, *notes.ends], allow_unused=True)
    return tuple(
        torch.zeros_like(asked) if gradient is None else gradient
        for asked, gradient in zip(wanted, found, strict=False)
    )


def _score(logits: Tensor, index: int, other: int | None) -> Tensor:
    return logits[index] if other is None else logits[index] - logits[other]


def _detached(record: Record) -> Record:
    return Record(
        [_plain(weights) for weights in record.weights], record.grids, _plain(record.features)
    )


def _other_index(versus: str | int, index: int, labels: Sequence[str], logits: Tensor) -> int:
    other = target_index(versus, labels, logits)
    if other == index:
        raise ValueError(f"{labels[index][:80]!r} cannot be explained against itself; choose two.")
    return other


def target_index(target: str | int | None, labels: Sequence[Any], logits: Tensor) -> int:
    """Where the target stands among the labels, the highest logit's place for None; ValueError where it does not."""
    if target is None:
        return int(logits.argmax())
    if isinstance(target, str):
        if target not in labels:
            raise ValueError(f"{target[:80]!r} is not among this model's {len(labels)} labels.")
        return labels.index(target)
    if isinstance(target, bool) or not isinstance(target, int) or not 0 <= target < len(labels):
        raise ValueError(
            f"The target must be one of the labels or an index from 0 to {len(labels) - 1}."
        )
    return target
