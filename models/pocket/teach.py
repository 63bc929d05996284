"""One function a network: how the two classifiers and pocket-clip are trained."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import partial

import torch
from safetensors.torch import load_file
from transformers import ViTForImageClassification as Vit

from models.catalogue import CATEGORIES
from models.pocket import augmentation as augment
from models.pocket import captions, vocabulary
from models.pocket.evaluate import best_temperature, weights_file
from models.pocket.export import sharpen
from models.pocket.fitting import Schedule, fit, progress_of
from models.pocket.lessons import (
    Batch,
    Drawer,
    Material,
    classification_loss,
    contrastive_loss,
    in_bfloat16,
    kept_share,
    side_at,
)
from models.pocket.networks import (
    ClipStudent,
    Student,
    SwinStudent,
    VitStudent,
    warm_start,
)
from models.pocket.pictures import SIDE, Pictures
from models.pocket.words import DEFAULT, LOOKS

ALTERED = {"vit": 0.2, "swin": 0.2, "clip": 0.4}  # of plain pictures
MOST_SCALE = 100.0  # CLIP's limit of the logit scale (Radford et al. 2021, arXiv 2103.00020)
FEW = 1_000  # held-out photos for a line of the log; evaluate.py measures on all of them


def steps(material: Material, schedule: Schedule) -> int:
    """Steps a pass: as many as show as many pictures as there are photographs and CIFAR photos."""
    return (len(material.pictures["photos"]) + len(material.pictures["cifar"])) // schedule.batch


@torch.no_grad()
def held_out(classify: Callable, material: Material, side: int) -> str:
    """A line for the log: how often the first answer, and one of five, is right on a few held-out photos."""
    shares = []
    for name, held in material.held.items():
        few = held.subset(
            torch.randperm(len(held), generator=torch.Generator().manual_seed(0))[:FEW]
        )
        logits = []
        for index in torch.arange(len(few)).split(250):
            pixels = augment.squash(few.take(index).to(material.device), side)
            with torch.autocast(torch.device(material.device).type, torch.bfloat16):
                logits.append(classify(augment.normalise(pixels)).float().cpu())
        best = torch.cat(logits).topk(5).indices
        right = best == few.labels[:, None]
        first, five = right[:, 0].float().mean(), right.any(1).float().mean()
        shares.append(f"{name} {100 * first:.1f}/{100 * five:.1f}")
    return "held-out " + " ".join(shares)


def train_classifier(name: str, material: Material, schedule: Schedule) -> Student:
    """pocket-vit or pocket-swin, by distillation and locality guidance, from the weights that ship now."""
    student = {"vit": VitStudent, "swin": SwinStudent}[name]().to(material.device)
    warm_start(student.network, load_file(weights_file(name)))
    seed, _ = progress_of(material.work / f"{name}.pt")
    drawer = Drawer(material, schedule.batch, ALTERED[name], seed)

    def loss_of(progress: float) -> torch.Tensor:
        batch = drawer.draw(side_at(progress))
        logits, hidden, grids, kept = in_bfloat16(student, batch.pixels, share=kept_share(progress))
        guided = student.guidance([tokens.float() for tokens in hidden], batch.maps, grids, kept)
        return classification_loss(logits, batch) + guided

    def note(progress: float) -> str:
        return held_out(lambda pixels: student(pixels)[0], material, side_at(progress))

    fit(name, student, steps(material, schedule), loss_of, schedule, material.work, note)
    return student


def train_clip(material: Material, schedule: Schedule) -> ClipStudent:
    """pocket-clip: captions that may be true of several pictures, and the categories' names as a classifier."""
    student = ClipStudent(_trained_trunk(material)).to(material.device)
    seed, _ = progress_of(material.work / "clip.pt")
    choose = random.Random(seed)
    drawer = Drawer(material, schedule.batch, ALTERED["clip"], seed)
    tokenize = reader()

    def read(texts: list[str]) -> torch.Tensor:
        return in_bfloat16(_Texts(student), tokenize(texts).to(material.device)).float()

    def scale() -> torch.Tensor:
        return student.network.logit_scale.exp()

    def loss_of(progress: float) -> torch.Tensor:
        student.network.logit_scale.data.clamp_(max=math.log(MOST_SCALE))
        batch: Batch = drawer.draw(side_at(progress))
        written = [captions.caption(facts, choose) for facts in batch.facts]
        claims = torch.stack([claim for _, claim in written]).to(material.device)
        images, hidden, grids, kept = in_bfloat16(student, batch.pixels, share=kept_share(progress))
        guided = student.guidance([tokens.float() for tokens in hidden], batch.maps, grids, kept)
        images = images.float() * scale()
        look = choose.choice(list(LOOKS))
        every = [text for text, _ in written]
        every += captions.prompts(choose) + captions.prompts_for(look, choose)
        texts, names, fitting = read(every).split((len(batch), len(CATEGORIES), len(CATEGORIES)))
        paired = contrastive_loss(images @ texts.T, captions.true_of(claims, batch.facts))
        looks_so = batch.facts[:, captions.PLACE[look], None]
        logits = torch.where(looks_so, images @ fitting.T, images @ names.T)
        return paired + classification_loss(logits, batch) + 0.5 * guided

    def note(progress: float) -> str:
        prompts = [DEFAULT.format(name) for name in CATEGORIES]
        names = student.texts(tokenize(prompts).to(material.device))
        found = held_out(
            lambda pixels: student(pixels)[0].float() @ names.T, material, side_at(progress)
        )
        return f"{found}  scale {scale().item():.1f}"

    fit("clip", student, steps(material, schedule), loss_of, schedule, material.work, note)
    return student


def _trained_trunk(material: Material) -> Vit:
    """pocket-vit's network as its training left it."""
    vit = VitStudent()
    checkpoint = torch.load(material.work / "vit.pt", map_location="cpu", weights_only=True)
    vit.load_state_dict(checkpoint["network"])
    return vit.network


class _Texts(torch.nn.Module):
    """A ClipStudent whose forward reads texts."""

    def __init__(self, student: ClipStudent):
        super().__init__()
        self.student = student

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.student.texts(ids)


def reader() -> Callable[[list[str]], torch.Tensor]:
    """Texts → ids (texts, CONTEXT), as open_clip.get_tokenizer gives them from the exported folder."""
    tokenizer = vocabulary.build()
    tokenizer.enable_padding(length=vocabulary.CONTEXT, pad_token=vocabulary.PADDING)
    tokenizer.enable_truncation(vocabulary.CONTEXT)
    return lambda texts: torch.tensor([found.ids for found in tokenizer.encode_batch(texts)])


@torch.no_grad()
def answers(student: Student, held: Pictures, device: str, size: int = 125) -> torch.Tensor:
    """(held, categories) logits at SIDE pixels, in float32; CLIP's by the default template."""
    student.eval()
    found = []
    for index in torch.arange(len(held)).split(size):
        pixels = augment.normalise(augment.squash(held.take(index).to(device), SIDE))
        found.append(student(pixels)[0].cpu())
    logits = torch.cat(found)
    if isinstance(student, ClipStudent):
        ids = reader()([DEFAULT.format(name) for name in CATEGORIES])
        names = student.texts(ids.to(device)).cpu()
        logits = student.network.logit_scale.exp().cpu() * logits @ names.T
    return logits


def calibrated(student: Student, material: Material) -> float:
    """Set the temperature that suits half of the held-out photos; the other half measures the error. → it."""
    held = material.held["photos"]
    half = held.subset(torch.arange(0, len(held), 2))
    temperature = best_temperature(answers(student, half, material.device), half.labels)
    sharpen(student.network, temperature)
    return temperature


TRAINERS: dict[str, Callable[[Material, Schedule], Student]] = {
    "vit": partial(train_classifier, "vit"),
    "clip": train_clip,
    "swin": partial(train_classifier, "swin"),
}
