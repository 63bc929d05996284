"""The model cards: models/pocket/<name>/README.md, every figure taken from metrics.json."""

import json

from models.catalogue import CATEGORIES
from models.pocket.captions import LOOKS, SYNONYMS, every_word
from models.pocket.export import HERE
from models.pocket.networks import PATCH
from models.pocket.pictures import HELD_OUT, RENDERED_ONLY, RENDERS_EACH, SIDE

LONGER = " The long schedule, for a GPU, has not been run for these weights."
LIBRARY = {"vit": "transformers", "swin": "transformers", "clip": "open_clip"}
TASK = {
    "vit": "image-classification",
    "swin": "image-classification",
    "clip": "zero-shot-image-classification",
}
WHAT = {
    "vit": "A vision transformer (`ViTForImageClassification`): width 192, 6 layers, 3 heads.",
    "swin": "A Swin transformer v2 (`Swinv2ForImageClassification`): widths 64, 128 and 256, depths 2, 4 and 2, "
    "windows of 4 × 4 patches, shifted by 2 in every second block of the first two stages.",
    "clip": "A CLIP in open_clip's layout: the image tower has pocket-vit's shape and started from its weights; "
    "the text tower has width 128, 4 layers and 2 heads.",
}
USE = {
    "vit": """from transformers import AutoImageProcessor, ViTForImageClassification

model = ViTForImageClassification.from_pretrained("models/pocket/vit")
processor = AutoImageProcessor.from_pretrained("models/pocket/vit")""",
    "swin": """from transformers import AutoImageProcessor, Swinv2ForImageClassification

model = Swinv2ForImageClassification.from_pretrained("models/pocket/swin")
processor = AutoImageProcessor.from_pretrained("models/pocket/swin")""",
    "clip": """import open_clip

model, _, preprocess = open_clip.create_model_and_transforms("local-dir:models/pocket/clip")
tokenizer = open_clip.get_tokenizer("local-dir:models/pocket/clip")""",
}


def write(name: str) -> None:
    """Write one card from the figures beside it."""
    found = json.loads((HERE / name / "metrics.json").read_text())
    parts = [_front(name), _what(name, found), _accuracy(name, found), _training(name, found)]
    if name == "clip":
        parts.append(_words())
    parts.append(_limits(found))
    (HERE / name / "README.md").write_text("\n\n".join(parts) + "\n")


def percent(measured: dict) -> str:
    return f"{100 * measured['accuracy']:.1f} %"


def _front(name: str) -> str:
    return f"""---
license: apache-2.0
library_name: {LIBRARY[name]}
pipeline_tag: {TASK[name]}
tags: [{name}, headlight, tiny]
datasets: [uoft-cs/cifar10]
---"""


def _what(name: str, found: dict) -> str:
    return f"""# pocket-{name}

{WHAT[name]} Pictures of {SIDE} × {SIDE} pixels, patches of {PATCH[name]} × {PATCH[name]} (a grid of \
{SIDE // PATCH[name]} × {SIDE // PATCH[name]}), {found["parameters"] / 1e6:.1f} million parameters, float16. It is bundled \
with Headlight so that every map can be drawn without a download, and is no match for the checkpoints of the Hub.

It knows fifteen categories: {", ".join(CATEGORIES)}.

```python
{USE[name]}
```"""


def _accuracy(name: str, found: dict) -> str:
    rows = [f"| held-out photos | {percent(found['photos'])} | {found['photos']['n']} |"]
    rows += [
        f"| toybox, {condition} | {percent(measured)} | {measured['n']} |"
        for condition, measured in found["toybox"].items()
    ]
    if name == "clip":
        words = found["wording"]
        rows += [
            f"| wording: which of the five conditions | {percent(words['condition'])} | {words['condition']['n']} |",
            f"| wording: which of eleven colours | {percent(words['colour'])} | {words['colour']['n']} |",
        ]
    how = ' The texts are "a photo of a {}".' if name == "clip" else ""
    return f"""## Accuracy

How often the best of all fifteen categories is right, from these files in float32, measured by the recipe.{how}

| pictures | right | of |
| --- | --- | --- |
{chr(10).join(rows)}"""


def _training(name: str, found: dict) -> str:
    run = found["trained"]
    guide = (
        "A small convolutional network trained on the same photos first "
        f"({100 * run['teacher_accuracy']:.1f} % on the held-out photos) gave its opinion of every photo "
        "(distillation, Hinton et al. 2015) and its feature maps to follow (locality guidance, Li et al. 2022)."
    )
    start = (
        " The image tower started from pocket-vit's weights of that time." if name == "clip" else ""
    )
    return f"""## Data and recipe

45,000 photos of CIFAR-10 (Krizhevsky 2009; 32 px, enlarged), and toybox renders made for training: {RENDERS_EACH} objects \
of each of eight categories in five conditions. {HELD_OUT:,} photos were held out of everything, and the 320 pictures that \
Headlight ships are never trained on.

{guide}{start} Muon for the matrices, AdamW for the rest.

`python -m models.pocket.train` reruns it all. These weights come from the {run["schedule"]} schedule: \
{run["steps"]:,} steps, {run["photos_seen"]:,} photos seen \
({run["photos_seen"] / 45_000:.1f} passes), {run["minutes"]:.0f} minutes on one \
{"GPU" if run["device"] == "cuda" else "thread of a busy machine"}.{LONGER if run["schedule"] == "short" else ""}"""


def _words() -> str:
    other = "; ".join(f"{name}: {', '.join(names)}" for name, names in SYNONYMS.items())
    return f"""## Words

It was trained on captions of {len(every_word())} words, listed in `words.txt`, and reads no others: an unknown word becomes \
`[UNK]`, which training has taught to mean nothing. It knows other names for things ({other}), how a picture looks \
({", ".join(", ".join(words) for words in LOOKS.values())}), geons, silhouettes and parts, and the colours of toybox objects. A look, a \
condition or a colour was only named where it is true; a narrower name (kitten, pony, sparrow) stood for any of its category."""


def _limits(found: dict) -> str:
    return f"""## Limits

- It is wrong on about {100 - round(100 * found["photos"]["accuracy"])} of 100 photos of its own kind, and on more of yours: \
it has seen small, centred photos of ten categories.
- {", ".join(RENDERED_ONLY)}: known only as toybox renders, never from a photo.
- Whatever else a photo shows, the answer is one of its categories.
- CIFAR-10's photos were collected from the web; the recipe does nothing about the biases of such a collection."""
