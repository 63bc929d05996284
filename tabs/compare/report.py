"""The comparison as one HTML file that needs nothing else: no script, no address, pictures and curves inside."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from explain.classes.label_map import as_text
from models import FAMILIES
from tabs.compare import report_cells, report_tables
from tabs.compare.asks import CompareQuestion
from tabs.compare.comparison import Comparison, compared, listed
from tabs.compare.figures import figures
from tabs.compare.markup import Markup, joined, tag

STYLE = Path(__file__).parents[2] / "assets" / "report.css"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
LINES = 300  # of a label map
COUNTED = (
    "Every model answers the same pictures among the same classes. A CLIP compares the picture with its prompts; a closed-set "
    "model takes the softmax over those outputs that stand for a class, several outputs to one class added up. Macro means "
    "count every class alike, weighted ones by its pictures. Behind a share stand its 95 % interval (Wilson's; macro F1's from "
    "1,000 redraws of each class) and the number of pictures. A pair is told apart by the pictures that only one of the two "
    "has right; its interval is for that pair alone, p after Holm for all pairs together. ECE is the mean distance of confidence and accuracy over ten bins of equal width, weighted by pictures; it "
    "rises by itself when pictures are few. In a pattern, pictures are ranked by margin: the true class's share less the "
    "best other's. What sets a pattern apart is named where, over all conditions and classes together, a blind draw would hold "
    "as much of any less than one time in twenty (Bonferroni)."
)
SOURCES = (
    "Wilson, E. B. (1927): the interval of a share. doi 10.1080/01621459.1927.10502953",
    "McNemar, Q. (1947): two models on the same pictures; here its exact form. doi 10.1007/BF02295996",
    "Holm, S. (1979): several comparisons at once. Scandinavian Journal of Statistics 6:65–70",
    "Newcombe, R. G. (1998): the interval of a gap on the same pictures (method 10). Statistics in Medicine 17:2635–2650",
    "Cochran, W. G. (1950): more than two models. doi 10.1093/biomet/37.3-4.256",
    "Efron, B. (1979): the bootstrap. doi 10.1214/aos/1176344552",
    "Guo, C. et al. (2017): calibration of neural networks. arXiv 1706.04599",
    "Radford, A. et al. (2021): CLIP and its prompts. arXiv 2103.00020",
)


def written(asked: CompareQuestion) -> str:
    """The whole report. ValueError and OSError are for people."""
    found = compared(asked.source, asked.limit, asked.models)
    told, keys = figures(found), list(found.answers)
    heading = f"{listed([FAMILIES[key] for key in keys])} on {found.labelled.images.title}"
    body = tag(
        "body",
        tag("h1", heading),
        _about(found),
        *(tag("p", sentence) for sentence in told["left_out"]),
        report_tables.numbers(found, told),
        report_tables.differences(told),
        report_cells.agreement(found, told["cells"]),
        report_tables.shares("By condition", told["per_condition"], keys),
        report_tables.shares("By class", told["per_class"], keys, told["class_count"]),
        report_tables.calibration({key: told["models"][key] for key in keys}),
        _asked(found),
        tag("h2", "How this was counted"),
        tag("p", COUNTED),
        tag("ol", *(tag("li", source) for source in SOURCES), class_="sources"),
    )
    return "<!doctype html>\n" + tag("html", _head(heading), body, lang="en")


def _head(title: str) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Headlight"),
        tag("style", Markup(STYLE.read_text(encoding="utf-8"))),
    )


def _about(found: Comparison) -> Markup:
    images = found.labelled.images
    pictures = f"{len(found.places):,} of {images.total:,} pictures"
    classes = f"{len(found.classes):,} of {len(images.classes):,} classes"
    now = datetime.now().strftime("%d %B %Y, %H:%M")
    return tag("p", f"{pictures}, {classes}. Written by Headlight on {now}.", class_="quiet")


def _asked(found: Comparison) -> Markup:
    """The templates and label maps."""
    parts = [tag("h2", "What they were asked")]
    for key, each in found.models.items():
        if each.label_map is None:
            parts += [tag("h3", f"{FAMILIES[key]}'s templates"), tag("pre", each.choice.template)]
            continue
        lines = as_text(each.label_map, each.model.labels).split("\n")
        told = "as the names suggest" if each.choice.label_map is None else "edited by hand"
        cut = f"\n… and {len(lines) - LINES:,} lines more" if len(lines) > LINES else ""
        parts += [
            tag("h3", f"{FAMILIES[key]}'s label map, {told}"),
            tag("pre", "\n".join(lines[:LINES]) + cut),
        ]
    return joined(*parts)
