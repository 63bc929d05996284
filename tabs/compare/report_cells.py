"""The report's patterns of right and wrong: how many pictures each has, and some of them."""

from __future__ import annotations

from typing import Any

from models import FAMILIES
from tabs.compare import cells, pictures
from tabs.compare.comparison import Comparison
from tabs.compare.markup import Markup, joined, tag
from tabs.compare.report_tables import percent, table

PICTURES = 12  # of each pattern


def agreement(found: Comparison, patterns: list[dict[str, Any]]) -> Markup:
    """All patterns as a table, then each but "all right" with its pictures."""
    rows = [[each["title"], f"{each['count']:,}", percent(each["share"])] for each in patterns]
    return joined(
        tag("h2", "Where they agree, and where they do not"),
        table(["pattern", "pictures", "share"], rows),
        *(_shown(found, each) for each in patterns if each["count"] and not each["all_right"]),
    )


def _shown(found: Comparison, pattern: dict[str, Any]) -> Markup:
    rows = cells.members(found, pattern["key"])
    pictures = f"{len(rows):,} picture{'' if len(rows) == 1 else 's'}"
    cut = f", {PICTURES} of them shown" if len(rows) > PICTURES else ""
    return joined(
        tag("h3", f"{pattern['title']}: {pictures}{cut}"),
        *(tag("p", sentence) for sentence in cells.in_common(found, rows)),
        tag("p", cells.order(found, pattern["key"]), class_="quiet"),
        tag("div", *(_picture(found, row) for row in rows[:PICTURES]), class_="pictures"),
    )


def _picture(found: Comparison, row: int) -> Markup:
    told = pictures.small_picture(found, row)
    shows = ", ".join(filter(None, [told["truth"], told["condition"]]))
    said = [
        tag(
            "span",
            tag("i", FAMILIES[key], class_=key),
            f" {'✓' if each['right'] else '✗'} {each['answer']}",
        )
        for key, each in told["answers"].items()
    ]
    return tag(
        "figure",
        tag("img", src=told["src"], alt=f"Shows: {shows}"),
        tag("figcaption", tag("b", shows), *said, tag("span", told["name"].rpartition("/")[2])),
    )
