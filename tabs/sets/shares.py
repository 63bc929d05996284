"""A share of pictures as the browser draws it: a bar with its interval."""

from __future__ import annotations

from typing import Any

from explain.scores.metrics import Share


def bar(share: Share) -> dict[str, Any]:
    """{rate, correct, total, low, high}: rates are fractions, rate None where there is nothing to count."""
    low, high = share.interval
    rate = share.accuracy if share.total else None
    return {"rate": rate, "correct": share.correct, "total": share.total, "low": low, "high": high}
