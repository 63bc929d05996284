"""Whether a map adds up: what its patches sum to, what all else brought, and the score that both should make."""

from __future__ import annotations

from torch import Tensor


def check_of(found: Tensor, rest: float | Tensor, score: float) -> dict[str, float]:
    """{sum of the map, rest, score, error = score - sum - rest}, in logits."""
    total, rest = float(found.sum()), float(rest)
    return {"sum": total, "rest": rest, "score": score, "error": score - total - rest}


def in_words(check: dict[str, float], rest: str) -> str:
    """The check as a sentence. rest: what all else is."""
    made = check["sum"] + check["rest"]
    return (
        f"The patches sum to {check['sum']:+.2f} and {rest} to {check['rest']:+.2f}: "
        f"{made:+.2f} of a score of {check['score']:+.2f}, off by {abs(check['error']):.0e}."
    )
