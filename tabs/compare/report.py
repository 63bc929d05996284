"""What people take away of a comparison: one HTML file that needs nothing else, and a table with a row for each picture.

The file is assets/report/report.html, filled in with everything escaped: no script, no address, pictures and curves inside.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from draw import ramp
from explain.classes.answers import name_of
from explain.classes.label_map import as_text
from explain.scores.comparison import cell_name
from models import FAMILIES
from tabs.compare import cells
from tabs.compare.asks import CompareQuestion
from tabs.compare.comparison import Comparison, compared, listed
from tabs.compare.figures import figures
from tabs.compare.maps import drawn_maps
from tabs.compare.pictures import small_picture
from tabs.wiring.packing import data_address
from tabs.wiring.slowly import Progress, Step
from tabs.wiring.theme import FAMILY_COLOURS

if TYPE_CHECKING:
    from jinja2 import Template

ASSETS = Path(__file__).parents[2] / "assets" / "report"
PICTURES = 12  # of each cell
LINES = 300  # of a label map
RAMP = (120, 10)  # pixels
DIGITS = 6  # of a probability in the table
NONE = "(no answer)"  # in the table
MEANS = (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
_ = "\N{NO-BREAK SPACE}"  # a number stays with its unit
_JOINED = "\N{WORD JOINER}"  # an interval with itself


def written(asked: CompareQuestion, progress: Progress) -> str:
    """The whole report; progress may raise to stop. ValueError and OSError are for people."""
    found = compared(asked.source, asked.limit, asked.models, progress)
    numbers, keys = figures(found), list(found.answers)
    models = {key: numbers["models"][key] for key in keys}
    shown = [cell for cell in numbers["cells"] if cell["count"] and not cell["all_right"]]
    return _template().render(
        **numbers | {"models": models},
        heading=f"{listed([FAMILIES[key] for key in keys])} on {found.labelled.images.title}",
        images=found.labelled.images,
        written_on=datetime.now().strftime("%d %B %Y, %H:%M"),
        titles=FAMILIES,
        family_colours=FAMILY_COLOURS,
        numbers=_numbers(models),
        opened=_opened(found, asked.place),
        shown_cells=[_cell(found, cell, progress) for cell in shown],
        ramp=data_address(ramp(False, *RAMP)),
        signed_ramp=data_address(ramp(True, *RAMP)),
        asked=_asked(found),
    )


def _numbers(models: dict[str, dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """The rows of the first table, a text for each model."""
    shown = models.values()
    return [
        ("checkpoint", [each["name"] for each in shown]),
        ("accuracy", [share(each["overall"]) for each in shown]),
        *(
            (f"{kind} {name}", [_mean(each[kind], key) for each in shown])
            for kind in ("macro", "weighted")
            for key, name in MEANS
        ),
        ("when all outputs may answer", [_unrestricted(each) for each in shown]),
        ("calibration error (ECE)", [f"{points(each['ece'])} points" for each in shown]),
        ("parameters", [f"{each['parameters'] / 1e6:.1f} million" for each in shown]),
    ]


def _mean(means: dict[str, Any], key: str) -> str:
    interval = means.get("interval") if key == "f1" else None
    return percent(means[key]) + (f" ({'–'.join(map(points, interval))})" if interval else "")


def _unrestricted(each: dict[str, Any]) -> str:
    if each["free"] is None:
        return "reads the class names alone"
    return f"{share(each['free'])}, {each['outputs']:,} outputs"


def _opened(found: Comparison, place: int | None) -> dict[str, Any] | None:
    """The picture at a place among the set's items with its maps; None where that picture does not count."""
    (rows,) = np.nonzero(found.places == place)
    return _with_maps(found, int(rows[0])) if len(rows) else None


def _cell(found: Comparison, cell: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """A cell with some of its pictures, and with maps of the first."""
    rows = cells.members(found, cell["key"])
    pictures = []
    for number, row in enumerate(rows[:PICTURES]):
        progress(Step(number / PICTURES, "Making small pictures"))
        pictures.append(small_picture(found, row))
    return {
        **cell,
        "in_common": cells.in_common(found, rows),
        "order": cells.order(found, cell["key"]),
        "first": _with_maps(found, int(rows[0])),
        "pictures": pictures,
    }


def _with_maps(found: Comparison, row: int) -> dict[str, Any]:
    maps = {key: drawn_maps(found, key, row) for key in found.answers}
    return {**small_picture(found, row), "maps": maps}


def _asked(found: Comparison) -> list[dict[str, str]]:
    """The templates and label maps."""
    shown = []
    for key, each in found.models.items():
        if each.label_map is None:
            shown.append({"title": f"{FAMILIES[key]}’s templates", "text": each.choice.template})
            continue
        lines = as_text(each.label_map, each.model.labels).split("\n")
        origin = "as the names suggest" if each.choice.label_map is None else "edited by hand"
        cut = f"\n… and {len(lines) - LINES:,} lines more" if len(lines) > LINES else ""
        text = "\n".join(lines[:LINES]) + cut
        shown.append({"title": f"{FAMILIES[key]}’s label map, {origin}", "text": text})
    return shown


def rows(asked: CompareQuestion) -> list[list[Any]]:
    """A heading, then of each picture file, label, condition, cell, and every model's answer, probability and whether right.

    The browser makes it a CSV safe for spreadsheets.
    """
    found = compared(asked.source, asked.limit, asked.models)
    keys, counted, right = list(found.answers), found.cells, found.right
    of_each = ("model", "answer", "probability", "right")
    heading = ["file", "label", "condition", "cell", "all_wrong_alike"]
    table = [heading + [f"{key}_{what}" for key in keys for what in of_each]]
    for row, place in enumerate(found.places):
        item = found.labelled.images.items[place]
        cell = cell_name(int(counted.codes[row]), keys)
        line = [item.name, item.label, item.condition, cell, int(counted.alike[row])]
        for number, (key, each) in enumerate(found.answers.items()):
            answer = name_of(each.predicted[row], found.names)
            line += [
                found.models[key].model.name,
                answer or NONE,
                round(float(each.confidence[row]), DIGITS) if answer else "",
                int(right[number, row]),
            ]
        table.append(line)
    return table


# How the template writes numbers.


def share(found: dict[str, Any]) -> str:
    """ "83.4 % (79.1–87.0, n = 320)" """
    if found["rate"] is None:
        return "no answer" if found["total"] else "no picture"
    spread = f"{points(found['low'])}–{_JOINED}{points(found['high'])}"
    return f"{percent(found['rate'])} ({spread},{_}n{_}={_}{found['total']:,})"


def percent(value: float) -> str:
    return f"{points(value)}{_}%"


def points(value: float) -> str:
    """As the page's toFixed(1): a half goes up."""
    return str(Decimal(100 * value).quantize(Decimal("0.1"), ROUND_HALF_UP))


def signed(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")


def p_value(value: float) -> str:
    return f"p{_}<{_}0.0005" if value < 0.0005 else f"p{_}={_}{value:.3f}"


def shows(picture: dict[str, Any]) -> str:
    """ "dog, blurred" """
    return ", ".join(filter(None, [picture["truth"], picture["condition"]]))


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for write in (share, percent, points, signed, p_value, shows):
        environment.filters[write.__name__] = write
    return environment.get_template("report.html")
