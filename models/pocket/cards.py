"""The model cards: models/pocket/<name>/README.md, every figure taken from metrics.json."""

import json

from models.catalogue import CATEGORIES
from models.pocket.captions import every_word
from models.pocket.evaluate import MATCHED
from models.pocket.export import HERE
from models.pocket.networks import PATCH
from models.pocket.pictures import EARLY, RENDERS_EACH, SIDE
from models.pocket.words import DEFAULT, LOOKS, SYNONYMS

LIBRARY = {"vit": "transformers", "swin": "transformers", "clip": "open_clip"}
TASK = {
    "vit": "image-classification",
    "swin": "image-classification",
    "clip": "zero-shot-image-classification",
}
WHAT = {
    "vit": "A vision transformer (`ViTForImageClassification`): width 192, 6 layers, 3 heads.",
    "swin": "A Swin transformer v2 (`Swinv2ForImageClassification`): widths 64, 128 and 256, depths 2, 4 and 2, "
    "windows of 7 × 7 patches, shifted by 3 in every second block of the first two stages.",
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
    parts.append(_limits(name, found))
    (HERE / name / "README.md").write_text("\n\n".join(parts) + "\n")


def percent(measured: dict) -> str:
    return f"{100 * measured['accuracy']:.1f} %"


def _front(name: str) -> str:
    return f"""---
license: other
license_name: research-use
license_link: README.md#sources
library_name: {LIBRARY[name]}
pipeline_tag: {TASK[name]}
tags: [{name}, headlight, tiny]
datasets: [uoft-cs/cifar10, timm/mini-imagenet, zh-plus/tiny-imagenet, frgfm/imagenette]
---"""


def _what(name: str, found: dict) -> str:
    return f"""# pocket-{name}

{WHAT[name]} Pictures of {SIDE} × {SIDE} pixels, patches of {PATCH[name]} × {PATCH[name]} (a grid of \
{SIDE // PATCH[name]} × {SIDE // PATCH[name]}), {found["parameters"] / 1e6:.1f} million parameters, float16. It is bundled \
with Headlight so that every map can be drawn without a download, and is no match for the checkpoints of the Hub.

It knows {len(CATEGORIES)} categories: {", ".join(CATEGORIES)}. Whatever a photo shows, it answers one of them.

```python
{USE[name]}
```"""


def _accuracy(name: str, found: dict) -> str:
    photos, ten = found["photos"], found["cifar_ten"]
    five = percent({"accuracy": photos["among_five"]})
    rows = [
        f"| held-out photos, first answer | {percent(photos)} | {photos['n']} |",
        f"| held-out photos, among the first five | {five} | {photos['n']} |",
        f"| of these, from sources that are no part of ImageNet | {percent(found['elsewhere'])} | {found['elsewhere']['n']} |",
        f"| held-out CIFAR-10 photos, among its ten categories | {percent(ten)} | {ten['n']} |",
    ]
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
    shown = "; ".join(
        f"{title}: {answer['answer']} ({100 * answer['probability']:.0f} %)"
        for title, answer in found["shown"].items()
    )
    return f"""## Accuracy

How often the best of all {len(CATEGORIES)} categories is right, from these files in float32, measured by the recipe.{how}

| pictures | right | of |
| --- | --- | --- |
{chr(10).join(rows)}

The expected calibration error on held-out photos is {100 * found["calibration_error"]:.1f} points (15 bins; the temperature was \
set on the other half of them). The page's four photos: {shown}.

{_categories(found)}"""


def _categories(found: dict) -> str:
    order = sorted(found["per_category"].items(), key=lambda item: item[1]["accuracy"])
    worst, best = (
        ", ".join(f"{name} {percent(measured)}" for name, measured in part)
        for part in (order[:6], order[:-7:-1])
    )
    return f"Worst on held-out photos: {worst}. Best: {best}."


def _training(name: str, found: dict) -> str:
    run = found["trained"]
    start = (
        "The image tower started from pocket-vit's weights."
        if name == "clip"
        else "It started from the weights of an earlier version, which knew fifteen categories at 64 pixels."
    )
    return f"""## Sources

34,987 photos of 48 things, short side up to 128 pixels, from public copies of Imagenette, mini-ImageNet, Tiny ImageNet and \
Caltech-101 (photos collected from the web, for research), PACS (photos; research), a cat set and the Weizmann horses \
(research), Clothing (CC0) and Grocery Store (MIT); CIFAR-10 (Krizhevsky 2009; 32 pixels, enlarged; deer is known from it alone); and \
toybox renders made for training, {RENDERS_EACH} objects of each of eight categories in five conditions (donkey and duck are known \
from these alone). Weights trained on the research sets are for research and teaching. A tenth of every source of every \
category was held out, and the pictures Headlight ships are never trained on.

## Recipe

An EfficientNet-Lite0 (Tan and Le 2019; 4.7 million parameters, Google's weights for ImageNet in a copy under Apache 2.0), with a \
linear layer trained on the same pictures, gave its opinion of fixed crops of every training picture (distillation, Hinton et al. 2015) and its \
feature maps to follow (locality guidance, Li et al. 2022). It learned from ImageNet's training photos, among which are some that \
are held out here; so the table tells the other sources apart. {start} Nine tenths of the run at {EARLY} pixels, \
the rest at {SIDE} (Touvron et al. 2019). Muon for the matrices, AdamW for the rest.

`python -m models.pocket.train` reruns it all. These weights come from the {run["schedule"]} schedule: \
{run["steps"]:,} steps, {run["pictures_seen"]:,} pictures seen, {run["minutes"]:.0f} minutes on one \
{"GPU" if run["device"] == "cuda" else "thread of a busy machine"}."""


def _words() -> str:
    other = "; ".join(f"{name}: {', '.join(names)}" for name, names in SYNONYMS.items())
    return f"""## Words

It was trained on captions of {len(every_word())} words, listed in `words.txt`, and reads no others: an unknown word becomes \
`[UNK]`, which training has taught to mean nothing. It knows other names for things ({other}), how a picture looks \
({", ".join(", ".join(words) for words in LOOKS.values())}), drawings, geons, silhouettes and parts, and of toybox objects the \
colour, the number and the ground they stand on. A look, a condition, a colour, a number or a ground was only named where it is \
true; a narrower name (kitten, pony, sparrow) stood for any of its category."""


def _wording_helps(templates: dict) -> str:
    """How much a template that says how pictures were made hard helps on them, beside the default one."""
    gains = [
        rates[MATCHED[condition]]["accuracy"] - rates[DEFAULT]["accuracy"]
        for conditions in templates.values()
        for condition, rates in conditions.items()
    ]
    return f"""- On pictures made noisy, covered, upside down, faint or small, a template that says so changes how many are right by \
{100 * min(gains):+.1f} to {100 * max(gains):+.1f} points beside "{DEFAULT}": it tells looks apart when asked, but is no better for being told.
"""


def _limits(name: str, found: dict) -> str:
    wording = _wording_helps(found["templates"]) if name == "clip" else ""
    return f"""## Limits

- It is wrong on about {100 - round(100 * found["photos"]["accuracy"])} of 100 held-out photos of its own kind, and on more of yours.
- donkey, duck: known only as toybox renders; deer: only from CIFAR-10's small photos.
- Of a person it knows faces close by, not figures: the page's astronaut is none to it. A rocket at night is not one either.
{wording}- Whatever else a photo shows, the answer is one of its categories; it cannot say "none of these".
- Most of these photos were collected from the web; the recipe does nothing about the biases of such a collection. "person" means a \
face or figure in such photos, and nothing about who it is."""
