"""Write the bundled image set: pictures, masks, captions and a contact sheet.

python -m imagesets.toybox --out assets/toybox --per 8 --seed 0
"""

import argparse
import csv
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from imagesets.toybox import CATEGORIES, CONDITIONS, Sample, render_all

COLUMNS = ("file", "category", "condition", "colour", "caption", "mask")


def write_set(folder: Path, per: int, seed: int) -> None:
    """Write `per` objects of each category, in every condition, from `seed` upwards."""
    rows = [
        _write_sample(folder, sample, number)
        for category in CATEGORIES
        for number in range(per)
        for sample in render_all(category, seed + number).values()
    ]
    rows.sort(key=lambda row: (CONDITIONS.index(row["condition"]), row["file"]))
    with open(folder / "toybox.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _write_sample(folder: Path, sample: Sample, number: int) -> dict[str, str]:
    """Write one picture and its mask; returns its row of the table."""
    name = f"{sample.condition}/{sample.category}_{number:02d}.png"
    for path, image in ((name, sample.image), (f"masks/{name}", sample.mask.convert("1"))):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        image.save(folder / path, optimize=True)
    return {
        "file": name,
        "category": sample.category,
        "condition": sample.condition,
        "colour": sample.colour,
        "caption": sample.caption,
        "mask": f"masks/{name}",
    }


def contact_sheet(seeds: Iterable[int], tile: int = 72, margin: int = 64) -> Image.Image:
    """A few samples of everything: rows are categories, groups of columns are conditions."""
    seeds = list(seeds)
    group, gap = tile * len(seeds), 10
    width = margin + (group + gap) * len(CONDITIONS)
    sheet = Image.new("RGB", (width, 24 + tile * len(CATEGORIES)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, condition in enumerate(CONDITIONS):
        left = margin + column * (group + gap)
        pen.text((left + group / 2, 12), condition, "black", font, anchor="mm")
    for row, category in enumerate(CATEGORIES):
        top = 24 + row * tile
        pen.text((margin - 8, top + tile / 2), category, "black", font, anchor="rm")
        for place, seed in enumerate(seeds):
            for column, sample in enumerate(render_all(category, seed, tile).values()):
                left = margin + column * (group + gap) + place * tile
                sheet.paste(sample.image, (left, top))
    return sheet


def main() -> None:
    """Write the set and its contact sheet."""
    parser = argparse.ArgumentParser(prog="python -m imagesets.toybox", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("assets/toybox"), help="folder")
    parser.add_argument("--per", type=int, default=8, help="objects of each category")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first object")
    options = parser.parse_args()
    write_set(options.out, options.per, options.seed)
    sheet = contact_sheet(range(options.seed, options.seed + min(3, options.per)))
    sheet.save(options.out / "contact-sheet.png", optimize=True)


if __name__ == "__main__":
    main()
