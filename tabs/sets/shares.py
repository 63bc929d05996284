"""A share of pictures as the browser draws it: a bar with its interval."""

from __future__ import annotations

from math import isnan
from typing import Any

from explain.scores.metrics import Share


def bar(share: Share) -> dict[str, Any]:
    """{rate, correct, total, no_answer, low, high}: rates are fractions, rate None where there is nothing to count.

    no_answer: how many of the total have no answer; where all have none, rate is None.
    """
    low, high = share.interval
    rate = share.accuracy if share.counts else None
    counts = {"correct": share.correct, "total": share.total, "no_answer": share.unanswered}
    return {"rate": rate, **counts, "low": low, "high": high}


def number(value: float) -> float | None:
    """A figure as JSON knows it: None for nan, where there is nothing to count."""
    return None if isnan(value) else float(value)
