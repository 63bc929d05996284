"""The ways back from a score, and what is noted on them: how much each token, bias and MLP brought to it.

"plain": ordinary gradients. "frozen": bent operators are held, see frozen.py; the parts of the score add up at every layer.
"direct": frozen, and only along the residual stream: what each attention head and MLP writes goes straight to the
answer, not through later layers (Gandelsman et al., ICLR 2024, arXiv 2310.05916). "layers": ordinary gradients of every
layer's own score, read from the mean of its tokens, each with respect to that layer alone (LeGrad, Bousselham et
al., ICCV 2025, arXiv 2404.03214).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from models.frozen import Frozen
from models.trace import Bias, Parts

WAYS = ("plain", "frozen", "direct", "layers")


@dataclass
class Notes:
    """Filled by hooks in one forward pass, and by tensors' own hooks on the way back. Amounts are float64, on the CPU.

    entered, left: the tokens that entered and left each block, still on their graph. ends: where the graph begins; they
    have to be asked for, or backward does not come by.
    """

    way: str = "plain"
    entered: list[Tensor] = field(default_factory=list)
    left: list[Tensor] = field(default_factory=list)
    ends: list[Tensor] = field(default_factory=list)
    tokens: dict[int, Tensor] = field(default_factory=dict)  # block → (1, tokens)
    mlps: dict[int, Tensor] = field(default_factory=dict)  # block → (1, tokens)
    biases: dict[tuple[int, torch.Size], Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise ValueError(f"There is no way back {self.way!r}; there are {', '.join(WAYS)}.")

    @property
    def adds_up(self) -> bool:
        return self.way in ("frozen", "direct")

    def rules(self) -> AbstractContextManager:
        """The operators' rules on this way, for a `with` around the forward pass."""
        return Frozen(self._bias) if self.adds_up else nullcontext()

    def parts(
        self, score: Tensor, weights: Sequence[Tensor], gradients: Sequence[Tensor]
    ) -> Parts | None:
        """What was noted; weights, gradients: (windows, heads, queries, keys) of each block, where they were asked for."""
        if not self.adds_up:
            return None
        blocks = range(len(self.entered))
        none = [torch.zeros(x.shape[:2], dtype=torch.float64) for x in self.entered]
        return Parts(
            score=float(score.detach()),
            tokens=tuple(self.tokens.get(block, none[block])[0] for block in blocks),
            heads=tuple(
                (weight.detach().double() * gradient.double()).sum(-2).cpu()
                for weight, gradient in zip(weights, gradients, strict=False)
                if self.way == "direct"
            ),
            mlps=tuple(float(self.mlps[block].sum()) for block in blocks if block in self.mlps),
            biases=tuple(Bias(block, amounts) for (block, _), amounts in self.biases.items()),
        )

    def enter(self, x: Tensor) -> Tensor:
        """Called with the (1, tokens, channels) that enter a block; the block goes on with what is returned."""
        if self.way == "layers" or not x.requires_grad:
            x = x.detach().requires_grad_()
        if self.adds_up:
            _note(x, x, partial(self.tokens.__setitem__, len(self.entered)))
        if not self.entered:
            self.ends.append(x)
        self.entered.append(x)
        return x

    def branch(self, x: Any) -> Any:
        """Called with what enters a block's attention or MLP, past the residual stream."""
        return x.detach() if self.way == "direct" and isinstance(x, Tensor) else x

    def written(self, x: Tensor) -> Tensor:
        """Called with what an MLP writes; the block goes on with what is returned."""
        if self.way != "direct":
            return x
        x = x.detach().requires_grad_()
        self.ends.append(x)
        _note(x, x, partial(self.mlps.__setitem__, len(self.entered) - 1))
        return x

    def _bias(self, bias: Tensor | None, output: Tensor) -> None:
        if bias is None or not self.entered or not output.requires_grad:
            return
        # Those of one block that lie alike are one: what is noted is the sum of what several biases brought.
        block, biases = len(self.entered) - 1, self.biases

        def keep(amounts: Tensor) -> None:
            place = block, amounts.shape
            biases[place] = biases[place] + amounts if place in biases else amounts

        _note(output, bias, keep)

    # The hooks.

    def around(self, layer: nn.Module) -> Iterator[Any]:
        """Listen to what enters and leaves a layer whose first argument is its tokens."""

        def entering(_module: nn.Module, inputs: tuple) -> tuple:
            return self.enter(inputs[0]), *inputs[1:]

        def leaving(_module: nn.Module, _inputs: tuple, output: Any) -> None:
            self.left.append(output[0] if isinstance(output, tuple) else output)

        yield layer.register_forward_pre_hook(entering)
        yield layer.register_forward_hook(leaving)

    def apart(self, attention: nn.Module, mlp: nn.Module, mlp_end: nn.Module) -> Iterator[Any]:
        """Listen to a block's attention, and to its MLP from where it begins to where it ends."""

        def entering(_module: nn.Module, inputs: tuple, named: dict) -> tuple[tuple, dict]:
            return tuple(map(self.branch, inputs)), {
                name: self.branch(value) for name, value in named.items()
            }

        def leaving(_module: nn.Module, _inputs: tuple, output: Tensor) -> Tensor:
            return self.written(output)

        yield attention.register_forward_pre_hook(entering, with_kwargs=True)
        yield mlp.register_forward_pre_hook(entering, with_kwargs=True)
        yield mlp_end.register_forward_hook(leaving)


def _note(output: Tensor, part: Tensor, keep: Callable[[Tensor], None]) -> None:
    """When the gradient of `output` comes by, keep Σ over the channels of `part` × gradient.

    What `keep` holds must not lead back to `output`, or neither is ever freed.
    """
    value = part.detach()

    def come_by(gradient: Tensor) -> None:
        found = (
            gradient @ value if value.ndim == 1 else (value * gradient).sum(-1, dtype=torch.float64)
        )
        keep(found.double().cpu())

    output.register_hook(come_by)
