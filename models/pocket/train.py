"""Train the bundled models: a conv teacher on photos, then pocket-vit, pocket-clip and pocket-swin guided by it.

    python -m models.pocket.train [--device cpu|cuda] [--only vit] [--photos FILE.parquet] [--schedule long]

Resumes from its checkpoints in the work folder, and logs there; a model in the repository is replaced once its training
is done. The short schedule is the one that has been run, on two CPU cores shared with other work, a thread a network:
OMP_NUM_THREADS=1 with --only for two networks at a time is faster there than two threads for one. It was run in
parts: pocket-vit stopped at 44 and 128 minutes, pocket-clip at 24 and 108, pocket-swin at 46, and each went on (--minutes).
The long schedule is meant for a GPU and has not been run yet.
"""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import torch

from models.pocket import cards, evaluate, pictures
from models.pocket.fitting import Schedule, progress_of
from models.pocket.lessons import Material
from models.pocket.networks import Teacher
from models.pocket.teach import TRAINERS, teacher_accuracy, train_teacher

log = logging.getLogger("pocket")
STEPS = ("teacher", "vit", "clip", "swin")
SCHEDULES = {
    "short": {
        "teacher": Schedule(epochs=10, batch=250, matrix_rate=0.02, rate=0.004, minutes=16),
        "vit": Schedule(epochs=40, batch=128, matrix_rate=0.006, rate=0.003, minutes=153),
        "clip": Schedule(epochs=40, batch=128, matrix_rate=0.003, rate=0.002, minutes=150),
        "swin": Schedule(epochs=40, batch=128, matrix_rate=0.006, rate=0.003, minutes=86),
    },
    "long": {
        "teacher": Schedule(epochs=40, batch=500, matrix_rate=0.02, rate=0.004),
        "vit": Schedule(epochs=150, batch=256, matrix_rate=0.006, rate=0.003, paste=True),
        "clip": Schedule(epochs=60, batch=256, matrix_rate=0.003, rate=0.002),
        "swin": Schedule(epochs=150, batch=256, matrix_rate=0.006, rate=0.003, paste=True),
    },
}


def measured(name: str, material: Material, schedule: Schedule, options, teacher: Teacher) -> None:
    """Measure what was exported, and write its metrics and its card."""
    step, spent = progress_of(material.work / f"{name}.pt")
    trained = {
        "schedule": options.schedule,
        "device": torch.device(options.device).type,
        "steps": step,
        "photos_seen": step * schedule.batch,
        "minutes": round(spent / 60, 1),
        "teacher_accuracy": teacher_accuracy(teacher, material),
    }
    found = evaluate.evaluate(name, material.held, trained)
    cards.write(name)
    log.info("%s measured: %s", name, found)


def main() -> None:
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    log.setLevel(logging.INFO)
    for place in (logging.StreamHandler(), logging.FileHandler(options.work / "log.txt")):
        place.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.addHandler(place)
    photos = pictures.load_photos(options.photos, options.work / "photos.npz")
    train, held = (photos.subset(index) for index in pictures.split(photos.labels))
    renders = pictures.load_renders(options.work / "renders.npz")
    checkpoints = options.work / options.schedule
    checkpoints.mkdir(exist_ok=True)
    material = Material(train, held, renders, checkpoints, options.device)
    schedules = dict(SCHEDULES[options.schedule])
    for name in [options.only] if options.only in STEPS else []:
        schedules[name] = replace(
            schedules[name], minutes=options.minutes or schedules[name].minutes
        )
    teacher = train_teacher(material, schedules["teacher"])
    for name in STEPS[1:]:
        if options.only in (None, name):
            torch.manual_seed(0)
            TRAINERS[name](material, teacher, schedules[name])
        if options.only in (None, name, "evaluate"):
            measured(name, material, schedules[name], options, teacher)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--photos", type=Path, help="a parquet file; else the Hub's uoft-cs/cifar10"
    )
    parser.add_argument("--only", choices=(*STEPS, "evaluate"), help="one step of the recipe")
    parser.add_argument("--minutes", type=float, help="with --only: a limit; a larger one goes on")
    parser.add_argument("--schedule", choices=SCHEDULES, default="short", help="long is for a GPU")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/headlight/training")
    return parser.parse_args()


if __name__ == "__main__":
    main()
