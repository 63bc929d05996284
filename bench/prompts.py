"""What an edit of a prompt costs, beside open_clip's own zero-shot evaluation over the same pictures.

    python -m bench.prompts

One template over 10 classes and 10,000 pictures, CLIP ViT-B/32 with random weights, saved as a checkpoint and loaded as
users load them. The pictures' features are random too: neither side's cost depends on them. Then real pictures, the
toybox, through the bundled CLIP: both accuracies, which must agree but for ties closer than TIE, and how busy the whole
path from files to features keeps the model.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open_clip
import torch
from torch import Tensor

from explain import features
from explain.features import Encoded, encode
from imagesets import ImageSet, Item, load_set
from limits import DRAWN
from models import add_folder, load, text_reader
from models.clip import Clip
from tabs import sets
from tabs.prompts import presets, scores, tries

CLASSES, PICTURES = 10, 10_000
TIE = 1e-5  # of cosines
EDIT_BAR, BUSY_BAR = 0.020, 0.90
NAMES = "airplane car bird cat deer dog frog horse ship truck".split()


def save_clip(folder: Path) -> None:
    """As openai/clip-vit-base-patch32 in open_clip's format, weights random."""
    import json

    from safetensors.torch import save_file

    settings = open_clip.get_model_config("ViT-B-32")
    model = open_clip.create_model("ViT-B-32", pretrained=None)
    folder.mkdir(parents=True, exist_ok=True)
    about = {"model_cfg": settings, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(about))
    save_file(
        {name: weight.contiguous() for name, weight in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )


def random_set(model: Clip) -> sets.EmbeddedSet:
    """PICTURES pictures that are features alone, half of them near a class's text."""
    random = np.random.default_rng(0)
    codes = random.integers(0, CLASSES, PICTURES)
    texts = model.embed_texts(NAMES).numpy()
    near = texts[codes] + random.normal(0, 2 / texts.shape[1] ** 0.5, (PICTURES, texts.shape[1]))
    found = torch.nn.functional.normalize(torch.tensor(near, dtype=torch.float32), dim=-1)
    conditions = np.array(["a", "b", "c", "d", "e"], dtype=object)[np.arange(PICTURES) % 5]
    items = tuple(Item(b"", NAMES[code], "", str(place)) for place, code in enumerate(codes))
    images = ImageSet("bench", "bench", items, tuple(NAMES), tuple("abcde"), {}, PICTURES)
    encoded = Encoded(found, np.arange(PICTURES), {})
    return sets.EmbeddedSet("bench", model, images, items, codes, conditions, encoded)


def edit(found: sets.EmbeddedSet, template: str) -> dict:
    """All that the page does for one edit."""
    asked = tries.Asked("bench", PICTURES, tries.Wording(found.model.name, "", template))
    return scores.answer_of(found, asked)


def theirs(model: Clip, found: Tensor, classes: list[str], templates: list[str]) -> Tensor:
    """open_clip's own zero-shot evaluation from features on: its classifier, then (pictures, classes) cosines."""
    writers = [lambda name, text=text: text.replace("{}", name) for text in templates]
    weights = open_clip.build_zero_shot_classifier(model.module, model.tokenizer, classes, writers)
    return found @ weights


def timed(call: Callable[[int], object], rounds: int, clock: Callable[[], float]) -> float:
    """Median seconds of call(turn); the first turn does not count."""
    seconds = []
    for turn in range(rounds + 1):
        start = clock()
        call(turn)
        seconds.append(clock() - start)
    return statistics.median(seconds[1:])


def edits(rounds: int, clock: Callable[[], float], folder: Path) -> None:
    """Print what an edit costs beside its text encoding alone, and beside open_clip's evaluation."""
    save_clip(folder)
    (entry,) = add_folder(folder)
    model = text_reader(load(entry.name, device="cpu"))
    found = random_set(model)

    def texts(turn: int) -> None:
        model.embed_texts([f"a first photo {turn} of a {name}" for name in NAMES])

    def open_clips(turn: int) -> float:
        cosines = theirs(model, found.encoded.features, NAMES, [f"a third photo {turn} of a {{}}"])
        return float((cosines.argmax(1).numpy() == found.codes).mean())

    encoding = timed(texts, rounds, clock)
    whole = timed(lambda turn: edit(found, f"a other photo {turn} of a {{}}"), rounds, clock)
    again = timed(lambda turn: edit(found, f"a other photo {turn} of a {{}}"), rounds, clock)
    peer = timed(open_clips, max(2, rounds // 3), clock)
    pictures = model.pixels([np_picture(place) for place in range(32)])
    forward = timed(lambda turn: model.embed_pixels(pictures, pool="joint"), 2, clock) / 32
    met = "met" if again <= EDIT_BAR else "MISSED"
    print(f"edit of one template, {CLASSES} classes x {PICTURES:,} pictures, CLIP ViT-B/32:")
    print(f"  text encoding alone                {1000 * encoding:8.1f} ms")
    print(f"  the whole edit                     {1000 * whole:8.1f} ms")
    print(f"  the same edit, texts known         {1000 * again:8.1f} ms  (bar 20 ms: {met})")
    print(f"  open_clip, from the same features  {1000 * peer:8.1f} ms")
    print(f"  open_clip, over pixels             {peer + PICTURES * forward:8.1f} s (reckoned)")


def np_picture(seed: int):
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 256, (224, 224, 3), np.uint8)
    return Image.fromarray(pixels)


def accuracies(name: str) -> None:
    """Print both accuracies on the toybox for several prompts; they may differ by ties alone."""
    found = sets.clip_set("toybox", DRAWN, name)
    classes = list(found.images.classes)
    print(f"\naccuracy on the toybox with {name}, ours and open_clip's:")
    for key in ("plain", "teaching-1", "seven", "eighty"):
        templates = presets.templates(key).splitlines()
        ours = scores.tried(found, "", "\n".join(templates)).scored
        cosines = theirs(found.clip, found.encoded.features, classes, templates)
        predicted = cosines.argmax(1).numpy()
        best = cosines.topk(2).values
        for place in np.flatnonzero(predicted != ours.predicted):
            gap = float(best[place, 0] - best[place, 1])
            print(f"  {'tie' if gap < TIE else 'DIFFERENCE'} {found.items[place].name}: {gap:.1e}")
        difference = ours.correct.mean() - (predicted == found.codes).mean()
        print(f"  {key:12} {ours.correct.mean():.4f}, difference {difference:+.4f}")


def busy(name: str) -> None:
    """Print images/s from files to features over images/s of the bare forward at the same batch."""
    model, items = load(name), load_set("toybox").items
    with tempfile.TemporaryDirectory() as cache:
        os.environ["HEADLIGHT_CACHE"] = cache
        start = time.perf_counter()
        encode(model, items)
        whole = len(items) / (time.perf_counter() - start)
    pixels = model.pixels([item.content for item in items[: features.BATCH]])
    rounds = len(items) // features.BATCH
    seconds = timed(
        lambda turn: model.embed_pixels(pixels, pool="joint"), rounds, time.perf_counter
    )
    bare = features.BATCH / seconds
    met = "met" if whole / bare >= BUSY_BAR else "MISSED"
    print(f"\nencoding, {name}, batches of {features.BATCH}:")
    print(
        f"  {whole:.0f} images/s from files, {bare:.0f} bare: {whole / bare:.2f} (bar 0.90: {met})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--model", default="pocket-clip", help="for accuracies and encoding")
    parser.add_argument("--threads", type=int, default=1, help="1 counts processor time")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    clock = time.process_time if chosen.threads == 1 else time.perf_counter
    print(
        f"torch {torch.__version__}, threads: {chosen.threads}, medians of {chosen.rounds} "
        f"{'processor' if chosen.threads == 1 else 'wall-clock'} times, load {os.getloadavg()[0]:.1f}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        edits(chosen.rounds, clock, Path(folder) / "random-clip")
    accuracies(chosen.model)
    busy(chosen.model)


if __name__ == "__main__":
    main()
