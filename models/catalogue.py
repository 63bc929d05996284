"""The checkpoints Headlight offers by name, and the categories that the bundled models tell apart. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CATEGORIES = tuple(
    "airplane apple ball banana bear bird boat bottle bridge bus butterfly car cat chair church cup deer "
    "dog donkey duck elephant fish frog giraffe guitar hat horse house ladybug laptop lion monkey motorbike mushroom orange parachute "
    "person piano pizza rocket shirt shoe snake table teapot tractor train trousers truck umbrella watch".split()
)
TEMPLATE = "a photo of a {}"  # the prompt CLIP is asked with unless people type another
FAMILIES = {"vit": "ViT", "swin": "Swin", "clip": "CLIP"}  # and what people call them
POCKET = Path(__file__).parent / "pocket"


@dataclass(frozen=True)
class Entry:
    """One checkpoint people can pick. folder is None for those on the Hub."""

    name: str
    family: str
    title: str
    folder: Path | None = None


_ENTRIES = (
    Entry("pocket-vit", "vit", "bundled, 112 px", POCKET / "vit"),
    Entry("pocket-swin", "swin", "bundled, 112 px", POCKET / "swin"),
    Entry("pocket-clip", "clip", "bundled, 112 px", POCKET / "clip"),
    Entry("google/vit-base-patch16-224", "vit", "ViT-B/16, ImageNet-1k"),
    Entry("facebook/deit-base-distilled-patch16-224", "vit", "DeiT-B/16 distilled, ImageNet-1k"),
    Entry("microsoft/swin-tiny-patch4-window7-224", "swin", "Swin-T, ImageNet-1k"),
    Entry("microsoft/swinv2-tiny-patch4-window8-256", "swin", "Swin-v2-T, ImageNet-1k"),
    Entry("openai/clip-vit-base-patch32", "clip", "CLIP ViT-B/32, OpenAI"),
    Entry("openai/clip-vit-large-patch14", "clip", "CLIP ViT-L/14, OpenAI"),
    Entry("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "clip", "CLIP ViT-B/32, LAION-2B"),
    Entry("timm/resnet50_clip.openai", "clip", "CLIP RN50, OpenAI"),
)
CATALOGUE: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
