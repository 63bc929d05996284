"""One function a network: how the teacher, the two classifiers and pocket-clip are trained."""

import math
import random
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from transformers import ViTForImageClassification as Vit

from models.catalogue import CATEGORIES
from models.pocket import augmentation as augment
from models.pocket import captions, vocabulary
from models.pocket.export import EXPORTS, HERE
from models.pocket.fitting import Schedule, fit, progress_of
from models.pocket.lessons import (
    Batch,
    Material,
    autocast,
    classification_loss,
    contrastive_loss,
    endless,
    kept_share,
    mixed_batches,
)
from models.pocket.networks import ClipStudent, Student, SwinStudent, Teacher, VitStudent
from models.pocket.pictures import PHOTO_CATEGORIES, Pictures

ALTERED = {"vit": 0.15, "swin": 0.15, "clip": 0.3}  # of the plain pictures change their look
MOST_SCALE = 100.0  # CLIP's limit of the logit scale (Radford et al. 2021, arXiv 2103.00020)


def train_teacher(material: Material, schedule: Schedule) -> Teacher:
    """The conv teacher: photos only, at their own 32 px, ten classes."""
    torch.manual_seed(0)
    seed, _ = progress_of(material.work / "teacher.pt")
    generator = torch.Generator().manual_seed(seed)
    photos, device = material.photos, material.device
    network = Teacher(len(PHOTO_CATEGORIES)).to(device, memory_format=torch.channels_last)
    places = torch.full((len(CATEGORIES),), -1)
    places[PHOTO_CATEGORIES] = torch.arange(len(PHOTO_CATEGORIES))

    def loss_of(index: torch.Tensor, progress: float) -> torch.Tensor:
        small = augment.crop_and_flip(photos.images[index], 3, generator).to(device)
        with autocast(device):
            logits, _ = network(augment.normalise(augment.unit(small)))
        wanted = places[photos.labels[index]].to(device)
        return F.cross_entropy(logits.float(), wanted, label_smoothing=0.1)

    def note() -> str:
        return f"held-out {teacher_accuracy(network, material):.4f}"

    steps = len(photos) // schedule.batch
    stream = endless(len(photos), schedule.batch, generator)
    fit("teacher", network, steps, stream, loss_of, schedule, material.work, note)
    return network


def teacher_accuracy(teacher: Teacher, material: Material) -> float:
    def classify(images: torch.Tensor) -> torch.Tensor:
        return teacher(augment.normalise(augment.unit(images)))[0]

    return accuracy(classify, material.held, material.device, PHOTO_CATEGORIES)


@torch.no_grad()
def accuracy(classify: Callable, held: Pictures, device: str, names: torch.Tensor) -> float:
    right = 0
    for images, labels in zip(held.images.split(500), held.labels.split(500), strict=True):
        with autocast(device):
            logits = classify(images.to(device))
        right += (names[logits.float().cpu().argmax(1)] == labels).sum().item()
    return right / len(held)


def train_classifier(
    name: str, material: Material, teacher: Teacher, schedule: Schedule
) -> Student:
    """pocket-vit or pocket-swin, by distillation and locality guidance."""
    student = {"vit": VitStudent, "swin": SwinStudent}[name]().to(material.device)

    def loss_of(batch: Batch, progress: float) -> torch.Tensor:
        photos = len(batch.soft)
        with autocast(material.device):
            logits, hidden, kept = student(batch.pixels, kept_share(progress))
            hidden = [tokens[:photos] for tokens in hidden]
            guided = student.guidance(hidden, batch.maps, None if kept is None else kept[:photos])
        return classification_loss(logits, batch, not schedule.paste) + guided

    def note() -> str:
        return f"held-out {photo_accuracy(lambda pixels: student(pixels)[0], material):.4f}"

    seed, _ = progress_of(material.work / f"{name}.pt")
    stream = mixed_batches(material, teacher, schedule.batch, ALTERED[name], seed, schedule.paste)
    steps = len(material.photos) // schedule.batch
    fit(name, student, steps, stream, loss_of, schedule, material.work, note)
    EXPORTS[name](student.network)
    return student


def train_clip(material: Material, teacher: Teacher, schedule: Schedule) -> ClipStudent:
    """pocket-clip: captions that may be true of several pictures, and the fifteen names as a classifier."""
    trunk = Vit.from_pretrained(HERE / "vit", dtype=torch.float32)
    student = ClipStudent(trunk).to(material.device)
    seed, _ = progress_of(material.work / "clip.pt")
    choose = random.Random(seed)
    tokenize = reader()

    def read(texts: list[str]) -> torch.Tensor:
        return student.texts(tokenize(texts).to(material.device)).float()

    def scale() -> torch.Tensor:
        return student.network.logit_scale.exp()

    def loss_of(batch: Batch, progress: float) -> torch.Tensor:
        student.network.logit_scale.data.clamp_(max=math.log(MOST_SCALE))
        photos = len(batch.soft)
        written = [captions.caption(facts, choose) for facts in batch.facts.tolist()]
        claims = torch.tensor([claim for _, claim in written], device=material.device)
        with autocast(material.device):
            images, hidden, kept = student(batch.pixels, kept_share(progress))
            hidden = [tokens[:photos] for tokens in hidden]
            guided = student.guidance(hidden, batch.maps, None if kept is None else kept[:photos])
            texts = read([text for text, _ in written])
            names = read(captions.prompts(choose))
        images = images.float() * scale()
        paired = contrastive_loss(images @ texts.T, captions.true_of(claims, batch.facts))
        return paired + classification_loss(images @ names.T, batch) + 0.5 * guided

    def note() -> str:
        prompts = [captions.DEFAULT.format(name) for name in CATEGORIES]
        rate = photo_accuracy(lambda pixels: student(pixels)[0].float() @ read(prompts).T, material)
        return f"held-out {rate:.4f}  scale {scale().item():.1f}"

    stream = mixed_batches(material, teacher, schedule.batch, ALTERED["clip"], seed)
    steps = len(material.photos) // schedule.batch
    fit("clip", student, steps, stream, loss_of, schedule, material.work, note)
    EXPORTS["clip"](student.network)
    return student


def reader() -> Callable[[list[str]], torch.Tensor]:
    """Texts → ids (texts, CONTEXT), as open_clip.get_tokenizer gives them from the exported folder."""
    tokenizer = vocabulary.build()
    tokenizer.enable_padding(length=vocabulary.CONTEXT, pad_token=vocabulary.PADDING)
    tokenizer.enable_truncation(vocabulary.CONTEXT)
    return lambda texts: torch.tensor([found.ids for found in tokenizer.encode_batch(texts)])


def photo_accuracy(classify: Callable, material: Material) -> float:
    def whole(images: torch.Tensor) -> torch.Tensor:
        return classify(augment.normalise(augment.enlarge(augment.unit(images))))

    few = material.held.subset(torch.arange(1_000))  # enough for a log; evaluate.py measures
    return accuracy(whole, few, material.device, torch.arange(len(CATEGORIES)))


TRAINERS: dict[str, Callable[[Material, Teacher, Schedule], Student]] = {
    "vit": partial(train_classifier, "vit"),
    "clip": train_clip,
    "swin": partial(train_classifier, "swin"),
}
