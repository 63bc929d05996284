"""Inputs put to Headlight's own functions, in a process of its own that may hold 3 GB."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.hostile import checkpoints, files, questions

ROOT = Path(__file__).parents[2]
MEMORY = 3_000_000_000  # bytes a process may hold
# bytes a process may hold
POCKETS = (ROOT / "models/pocket/vit", ROOT / "models/pocket/clip")


def _file(kind: str) -> Callable[[random.Random, Path], None]:
    def run(chance: random.Random, folder: Path) -> None:
        content = files.FILES[kind](chance)
        if kind == "image":
            from models.photo import open_photo

            open_photo(content)
            return
        from imagesets import load_set

        path = folder / f"a.{kind}"
        path.write_bytes(content)
        load_set(path, folders=False)

    return run


def _texts(chance: random.Random, folder: Path) -> None:
    from explain.classes.label_map import read_label_map
    from explain.classes.prompts import read_prompts

    classes, templates = questions.texts(chance)
    if chance.random() < 0.5:
        read_label_map(classes, ("cat", "dog:"), ("cat", "a, b", "dog:"))
        return
    prompts = read_prompts(classes, templates)
    sum(
        len(text)
        for template in prompts.templates
        for each in prompts.texts(template)
        for text in each
    )


def _question(chance: random.Random, folder: Path) -> None:
    """Through the tabs' own callbacks, which answer or refuse within their answer."""
    from tabs import compare, explain, map, prompts

    asked = questions.question(chance) if chance.random() < 0.9 else questions.value(chance)
    photo = str(ROOT / "assets" / "toybox" / "realistic" / "cup_00.png")
    calls = (
        lambda: prompts.attempt(asked, None),
        lambda: prompts.pick(asked, None),
        lambda: prompts.preset(asked),
        lambda: map.look(asked, None),
        lambda: map.thumbs(asked, None),
        lambda: compare.labels(asked, None),
        lambda: explain.ask(asked, photo, "vit"),
        lambda: list(explain.ask_slowly(asked, photo, "vit")),
    )
    answer = chance.choice(calls)()
    for part in answer if isinstance(answer, list) else [answer]:
        if str(part.get("error", "")).startswith("Something went wrong"):
            raise RuntimeError(f"a mistake of ours: {asked!r:.300}")
        import orjson

        orjson.dumps(part)


def _name(chance: random.Random, folder: Path) -> None:
    from imagesets import load_set
    from models import load

    if chance.random() < 0.5:
        load_set(questions.name(chance), 8, folders=False)
    else:
        load(questions.name(chance), folders=False)


def _checkpoint(chance: random.Random, folder: Path) -> None:
    from models import load, text_reader

    place = folder / f"model{chance.random()}"
    usual = chance.choice(POCKETS)
    checkpoints.folder(chance, usual, place)
    try:
        model = load(str(place))
        model.classify([_photo()])
        if usual.name == "clip":
            text_reader(model).embed_texts([checkpoints.ENDLESS, "a photo of a cat"])
    finally:
        shutil.rmtree(place)


def _photo():
    from PIL import Image

    return Image.new("RGB", (64, 64))


HERE: dict[str, Callable[[random.Random, Path], None]] = {
    **{kind: _file(kind) for kind in files.FILES},
    "texts": _texts,
    "question": _question,
    "name": _name,
    "checkpoint": _checkpoint,
}


def work(kind: str, start: int, count: int, seed: int) -> None:
    """Run inputs from number `start` on, a line before and after each."""
    import resource
    import traceback

    os.environ["HF_HUB_OFFLINE"] = "1"
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(start, count):
            print(json.dumps({"at": number}), flush=True)
            began, how, trace = time.process_time(), "right", ""
            try:
                HERE[kind](random.Random(f"{seed} {kind} {number}"), Path(folder))
            except (ValueError, OSError) as error:
                how = "sentence" if is_sentence(error) else "traceback"
                trace = "" if how == "sentence" else traceback.format_exc()[-600:]
            except Exception:
                how, trace = "traceback", traceback.format_exc()[-600:]
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            told = {
                "how": how,
                "seconds": time.process_time() - began,
                "memory": most,
                "trace": trace,
            }
            print(json.dumps(told), flush=True)


def is_sentence(error: Exception) -> bool:
    """Whether an error is one sentence for people, and not the system's own."""
    text = str(error)
    return (
        getattr(error, "errno", None) is None
        and "\n" not in text
        and text.strip()[-1:] in tuple(".?)”")
    )
