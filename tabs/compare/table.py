"""A comparison as a table: one row per picture, with every model's answer. The browser makes it a CSV safe for spreadsheets."""

from __future__ import annotations

from typing import Any

from explain.scores.comparison import cell_name
from tabs.compare.asks import CompareQuestion
from tabs.compare.comparison import compared

DIGITS = 6


def rows(asked: CompareQuestion) -> list[list[Any]]:
    """The heading and a row for each picture: file, label, condition, cell, and of each model answer, probability and right."""
    found = compared(asked.source, asked.limit, asked.models)
    keys, counted, right = list(found.answers), found.cells, found.right
    items = found.labelled.images.items
    heading = ["file", "label", "condition", "cell", "all_wrong_alike"]
    heading += [
        f"{key}_{what}" for key in keys for what in ("model", "answer", "probability", "right")
    ]
    table = [heading]
    for row, place in enumerate(found.places):
        item = items[place]
        line = [
            item.name,
            item.label,
            item.condition,
            cell_name(int(counted.codes[row]), keys),
            int(counted.alike[row]),
        ]
        for number, each in enumerate(found.answers.values()):
            answer, share = (
                found.names[each.predicted[row]],
                round(float(each.confidence[row]), DIGITS),
            )
            line += [found.models[keys[number]].model.name, answer, share, int(right[number, row])]
        table.append(line)
    return table
