"""Templates to start from, and the lesson that stands beside them. Each has its source.

OpenAI's two ImageNet lists are open_clip's copies (Ilharco et al. 2021); the CIFAR list is from OpenAI's own notes on
prompts. Radford et al. 2021 (arXiv 2103.00020) tell how they were found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CLIP_PAPER = ("Radford et al. 2021", "https://arxiv.org/abs/2103.00020")
CLIP_NOTEBOOK = (
    "OpenAI's notebook on prompts",
    "https://github.com/openai/CLIP/blob/main/notebooks/Prompt_Engineering_for_ImageNet.ipynb",
)
CLIP_PROMPTS = (
    "OpenAI's list of prompts",
    "https://github.com/openai/CLIP/blob/main/data/prompts.md",
)
NEGATION = ("Alhamoud et al. 2025", "https://arxiv.org/abs/2501.09425")
SEVEN_ISSUE = ("openai/CLIP, issue 204", "https://github.com/openai/CLIP/issues/204")

PLAIN = "a photo of a {}"
TEACHING = ("This is a photo of {}", "This is not a photo of {}", "No {}, no score.")
_SHOTS = "a photo of {0} {{}}.|a blurry photo of {0} {{}}.|a black and white photo of {0} {{}}.|a low contrast photo of {0} {{}}.|"
_SHOTS += "a high contrast photo of {0} {{}}.|a bad photo of {0} {{}}.|a good photo of {0} {{}}.|"
_SHOTS += "a photo of {0} small {{}}.|a photo of {0} big {{}}."
CIFAR = tuple(_SHOTS.format("a").split("|") + _SHOTS.format("the").split("|"))


@dataclass(frozen=True)
class Preset:
    """Templates under a short title; told: one sentence of what they are; kept: which of open_clip's lists, if one."""

    key: str
    group: str
    title: str
    told: str
    templates: tuple[str, ...] = ()
    kept: str = ""


PRESETS = (
    Preset("plain", "Start", "a photo of a {}", "The plain one.", (PLAIN,)),
    Preset("bare", "Start", "{}", "The class name alone.", ("{}",)),
    *(
        Preset(
            f"teaching-{place}", "A classic lesson", text, "Guess first: better or worse?", (text,)
        )
        for place, text in enumerate(TEACHING)
    ),
    Preset(
        "silhouette",
        "Matched to a condition of the toybox",
        "a silhouette of a {}",
        "Says what silhouettes look like.",
        ("a silhouette of a {}",),
    ),
    Preset(
        "blurred",
        "Matched to a condition of the toybox",
        "a blurred photo of a {}",
        "Says what the blurred pictures look like.",
        ("a blurred photo of a {}",),
    ),
    Preset(
        "geons",
        "Matched to a condition of the toybox",
        "a {} made of geons",
        "Says what the geons look like.",
        ("a {} made of geons",),
    ),
    Preset(
        "features",
        "Matched to a condition of the toybox",
        "parts of a {}",
        "Says what the features look like.",
        ("parts of a {}",),
    ),
    Preset(
        "conditions",
        "Matched to a condition of the toybox",
        "the toybox's five conditions together",
        "One template for each way a picture can look.",
        (
            PLAIN,
            "a silhouette of a {}",
            "a blurred photo of a {}",
            "a {} made of geons",
            "parts of a {}",
        ),
    ),
    Preset(
        "seven",
        "Ensembles",
        "OpenAI's 7 best",
        "Chosen one after the other from the 80, by accuracy on ImageNet.",
        kept="SIMPLE_IMAGENET_TEMPLATES",
    ),
    Preset(
        "eighty",
        "Ensembles",
        "OpenAI's 80 for ImageNet",
        "Written by hand for a thousand classes of photos.",
        kept="OPENAI_IMAGENET_TEMPLATES",
    ),
    Preset("cifar", "Ensembles", "OpenAI's 18 for CIFAR", "For tiny, blurry photos.", CIFAR),
)

LESSON = (
    (
        "Why “not” hardly matters",
        "CLIP learned from captions, and captions say what a picture shows, hardly ever what it does not. So it reads a "
        "prompt much like a bag of words: with the class name in it, “This is not a photo of a cat” still lies near cats. "
        "And because the same “not” stands in every class's prompt, it moves them all alike, and the nearest one often "
        "stays the nearest. Try the three classic prompts and see what little they do, or undo.",
        (CLIP_PAPER, NEGATION),
    ),
    (
        "Why several templates help",
        "One wording is one arbitrary direction. The mean of several keeps what they share, the class, and lets what they "
        "do not share, such as “bad”, “large” or “video game”, cancel. On ImageNet 80 templates lifted ViT-B/32 from "
        "59.1 to 63.3 %.",
        (CLIP_NOTEBOOK, CLIP_PAPER),
    ),
    (
        "When 80 do not beat 7",
        "The 80 were written for ImageNet's photos; many say something untrue of your pictures, and every untrue one pulls "
        "the mean. OpenAI's 7 were picked from the 80 by trying, and did better than all of them, more so for small models. "
        "On CIFAR-100 someone measured 64.6 % with 7 and 64.2 % with 80. Leave one out, above, to see which of yours help.",
        (CLIP_NOTEBOOK, SEVEN_ISSUE, CLIP_PROMPTS),
    ),
)


def templates(key: Any) -> str:
    """The templates of a preset, one per line; "" where there is no such preset."""
    preset = next((preset for preset in PRESETS if preset.key == key), None)
    if preset is None:
        return ""
    if not preset.kept:
        return "\n".join(preset.templates)
    import open_clip

    return "\n".join(write("{}") for write in getattr(open_clip, preset.kept))
