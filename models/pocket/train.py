"""Train the bundled models, pocket-vit, pocket-clip and pocket-swin, guided by a teacher that learned ImageNet.

    python -m models.pocket.train --photos FILE.parquet [--cifar FILE.parquet] [--device cpu|cuda] [--only vit] [--schedule long]

It makes the models that ship: the catalogue's CATEGORIES, at SIDE pixels. Resumes from its checkpoints in the work folder, and
logs there; a model in the repository is replaced once its training is done. The short schedule is for two CPU cores: OMP_NUM_THREADS=1 with --only for two networks at a time is
faster there than two threads for one, and --minutes goes on where a run stopped. The long schedule has never been run.
"""

import argparse
import logging
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from models.pocket import cards, evaluate, pictures, teacher
from models.pocket.export import EXPORTS
from models.pocket.fitting import Schedule, progress_of
from models.pocket.lessons import Material
from models.pocket.networks import Student
from models.pocket.teach import TRAINERS, calibrated

log = logging.getLogger("pocket")
STEPS = ("teacher", "vit", "clip", "swin")
SCHEDULES = {
    "short": {
        "vit": Schedule(epochs=60, batch=160, matrix_rate=0.006, rate=0.003, minutes=90),
        "clip": Schedule(epochs=60, batch=160, matrix_rate=0.003, rate=0.002, minutes=60),
        "swin": Schedule(epochs=60, batch=160, matrix_rate=0.006, rate=0.003, minutes=90),
    },
    "long": {
        "vit": Schedule(epochs=300, batch=512, matrix_rate=0.006, rate=0.003),
        "clip": Schedule(epochs=100, batch=512, matrix_rate=0.003, rate=0.002),
        "swin": Schedule(epochs=300, batch=512, matrix_rate=0.006, rate=0.003),
    },
}


def finish(name: str, student: Student, material: Material, schedule: Schedule, options) -> None:
    """Calibrate and export what was trained, measure the files, and write metrics and card."""
    step, spent = progress_of(material.work / f"{name}.pt")
    trained = {
        "schedule": options.schedule,
        "device": torch.device(options.device).type,
        "steps": step,
        "pictures_seen": step * schedule.batch,
        "minutes": round(spent / 60, 1),
        "temperature": round(calibrated(student, material), 3),
    }
    EXPORTS[name](student.network.cpu())
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
    load = partial(pictures.load, options.photos, options.cifar, options.work)
    opinions = teacher.ask(load, options.work, options.device)
    training, held = load()
    checkpoints = options.work / options.schedule
    checkpoints.mkdir(exist_ok=True)
    material = Material(training, opinions, held, checkpoints, options.device)
    schedules = dict(SCHEDULES[options.schedule])
    if options.only in schedules and options.minutes:
        schedules[options.only] = replace(schedules[options.only], minutes=options.minutes)
    for name in STEPS[1:]:
        if options.only in (None, name):
            torch.manual_seed(0)
            student = TRAINERS[name](material, schedules[name])
            finish(name, student, material, schedules[name], options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--photos", type=Path, required=True, help="parquet: image, label")
    parser.add_argument("--cifar", type=Path, help="a parquet file; else the Hub's uoft-cs/cifar10")
    parser.add_argument("--only", choices=STEPS, help="one step of the recipe")
    parser.add_argument("--minutes", type=float, help="with --only: a limit; a larger one goes on")
    parser.add_argument("--schedule", choices=SCHEDULES, default="short", help="long is for a GPU")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/headlight/training")
    return parser.parse_args()


if __name__ == "__main__":
    main()
