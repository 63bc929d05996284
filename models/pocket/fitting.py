"""One training loop for all four networks: a schedule by steps or by the clock, checkpoints, resume, a log."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from models.pocket.optimiser import Muon

log = logging.getLogger("pocket")
NOT_HIDDEN = ("embed", "head", "classifier", "stem", "guide", "positional", "conv1")


@dataclass(frozen=True)
class Schedule:
    """How long and how fast one network trains.

    epochs: passes over the photos; minutes: stop the clock earlier, with the learning rate at zero by then (None: never);
    matrix_rate: Muon's peak learning rate; rate: AdamW's for everything else; warmup: the part of the run it rises over.
    """

    epochs: float
    batch: int
    matrix_rate: float
    rate: float
    minutes: float | None = None
    warmup: float = 0.05
    decay: float = 0.1


def level(progress: float, warmup: float) -> float:
    """The learning rate as a share of its peak: a straight rise, then a straight fall to zero."""
    return min(progress / warmup, (1 - progress) / (1 - warmup), 1.0) if progress < 1 else 0.0


def optimisers(network: nn.Module, schedule: Schedule) -> list[torch.optim.Optimizer]:
    """Muon for hidden matrices and kernels; AdamW, without decay, for embeddings, norms, biases and heads."""
    matrices, others = [], []
    for name, weight in network.named_parameters():
        if not weight.requires_grad:
            continue
        hidden = weight.ndim in (2, 4) and not any(word in name for word in NOT_HIDDEN)
        (matrices if hidden else others).append(weight)
    return [
        Muon(matrices, lr=schedule.matrix_rate, weight_decay=schedule.decay),
        torch.optim.AdamW(others, lr=schedule.rate, weight_decay=0.0, betas=(0.9, 0.98)),
    ]


def fit(
    name: str,
    network: nn.Module,
    steps_per_epoch: int,
    loss_of: Callable[[float], torch.Tensor],
    schedule: Schedule,
    work: Path,
    pause: Callable[[float], str] = lambda progress: "",
    every: float = 3.0,
) -> None:
    """Train until the schedule ends, from the last checkpoint where there is one.

    loss_of(progress) → scalar, of the next batch; pause(progress) → a note for the log, called every `every` minutes and
    at the end. progress: 0 at the start, 1 at the end, by steps or by the clock, whichever is further.
    """
    tools = optimisers(network, schedule)
    total = round(schedule.epochs * steps_per_epoch)
    checkpoint = work / f"{name}.pt"
    step, spent = _resume(checkpoint, network, tools)
    limit = schedule.minutes * 60 if schedule.minutes else float("inf")
    rested = spent
    running, seen = 0.0, 0
    network.train()
    while step < total and spent < limit:
        began = time.monotonic()
        progress = max(step / total, spent / limit)
        _set_rates(tools, schedule, progress)
        loss = loss_of(progress)
        loss.backward()
        for tool in tools:
            tool.step()
            tool.zero_grad(set_to_none=True)
        step, seen, running = step + 1, seen + 1, running + float(loss.detach())
        spent += time.monotonic() - began
        if spent - rested >= every * 60 or step >= total or spent >= limit:
            rested = spent
            _save(checkpoint, network, tools, step, spent)
            network.eval()
            note = pause(progress)
            network.train()
            log.info(
                "%s  step %d of %d  progress %.2f  %.1f min  loss %.4f  %s",
                *(name, step, total, max(step / total, spent / limit), spent / 60),
                *(running / seen, note),
            )
            running, seen = 0.0, 0
    network.eval()


def _set_rates(tools: list[torch.optim.Optimizer], schedule: Schedule, progress: float) -> None:
    share = max(level(progress, schedule.warmup), 1e-3)
    for tool, peak in zip(tools, (schedule.matrix_rate, schedule.rate), strict=True):
        for group in tool.param_groups:
            group["lr"] = peak * share


def _save(checkpoint: Path, network, tools, step: int, spent: float) -> None:
    partial = checkpoint.with_suffix(".partial")
    state = {"network": network.state_dict(), "step": step, "spent": spent}
    torch.save(state | {"tools": [tool.state_dict() for tool in tools]}, partial)
    os.replace(partial, checkpoint)


def _resume(checkpoint: Path, network, tools) -> tuple[int, float]:
    if not checkpoint.exists():
        return 0, 0.0
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(state["network"])
    for tool, stored in zip(tools, state["tools"], strict=True):
        tool.load_state_dict(stored)
    log.info("%s resumes at step %d", checkpoint.stem, state["step"])
    return state["step"], state["spent"]


def progress_of(checkpoint: Path) -> tuple[int, float]:
    """How many steps and seconds a checkpoint has behind it; none where there is no checkpoint."""
    if not checkpoint.exists():
        return 0, 0.0
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return state["step"], state["spent"]
