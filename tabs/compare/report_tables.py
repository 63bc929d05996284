"""The report's tables: the models' numbers, their differences, shares by group, and calibration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from models import FAMILIES
from tabs.compare import speed
from tabs.compare.comparison import Comparison
from tabs.compare.markup import Markup, joined, tag
from tabs.compare.report_charts import bar, curve

_ = "\N{NO-BREAK SPACE}"  # a number stays with its unit
_JOINED = "\N{WORD JOINER}"  # an interval with itself
MEANS = (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))


def numbers(found: Comparison, told: dict[str, Any]) -> Markup:
    """A column for each model."""
    models = {key: told["models"][key] for key in found.answers}
    rows = {
        "checkpoint": [each["name"] for each in models.values()],
        "accuracy": [in_words(each["overall"]) for each in models.values()],
    }
    for kind in ("macro", "weighted"):
        for key, name in MEANS:
            rows[f"{kind} {name}"] = [_mean(each[kind], key) for each in models.values()]
    rows |= {
        "when all outputs may answer": [_free(each) for each in models.values()],
        "calibration error (ECE)": [f"{points(each['ece'])} points" for each in models.values()],
        "parameters": [f"{each['parameters'] / 1e6:.1f} million" for each in models.values()],
        "pictures a second": [_speed(found, key) for key in models],
    }
    lines = [[name, *cells] for name, cells in rows.items()]
    return joined(tag("h2", "The models"), table(["", *heads(models)], lines))


def differences(told: dict[str, Any]) -> Markup:
    """A row for every two models."""
    if not told["pairs"]:
        return joined()
    titles = (
        *("model", "against", "gap in points", "only the model right"),
        *("only the other right", "McNemar, exact", "after Holm", ""),
    )
    together = told["cochran"]
    words = together and f"All together: Cochran's Q = {together['q']:.2f}, {_p(together['p'])}."
    return joined(
        tag("h2", "Which differences are real"),
        table(titles, map(_pair, told["pairs"])),
        tag("p", words) if words else "",
    )


def shares(
    title: str, groups: Sequence[dict[str, Any]], keys: Sequence[str], whole: int = 0
) -> Markup:
    """A row for each group, a bar for each model; whole: how many groups there are, where not all are shown."""
    if not groups:
        return joined()
    rows = [
        [group["name"], *(joined(bar(each, key), in_words(each)) for key, each in shown.items())]
        for group in groups
        for shown in [{key: group["shares"][key] for key in keys}]
    ]
    cut = f"The {len(groups)} of {whole:,} that the models differ most on."
    return joined(
        tag("h2", title),
        tag("p", cut, class_="quiet") if whole > len(groups) else "",
        table(["", *heads(keys)], rows),
    )


def calibration(models: dict[str, dict[str, Any]]) -> Markup:
    """A curve for each model, and their bins as a table."""
    curves, bins = [], []
    for key, each in models.items():
        words = f"On average {percent(each['confidence'])} sure, {percent(each['overall']['rate'])} right."
        error = tag("h3", f"{FAMILIES[key]}: ECE {points(each['ece'])} points", class_=key)
        curves.append(tag("div", error, curve(each, key, words), tag("p", words, class_="quiet")))
        bins += [[FAMILIES[key], *_bin(b)] for b in each["calibration"]]
    return joined(
        tag("h2", "Can their confidence be believed?"),
        tag("div", *curves, class_="curves"),
        table(["model", "confidence", "on average", "right"], bins),
    )


def table(titles: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Markup:
    """The first cell of a row is its heading."""
    top = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in titles)))
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", each) for each in row[1:]))
        for row in rows
    ]
    return tag("div", tag("table", top, tag("tbody", *body)), class_="scroll")


def heads(keys: Iterable[str]) -> list[Markup]:
    return [tag("span", FAMILIES[key], class_=key) for key in keys]


def in_words(share: dict[str, Any]) -> str:
    """ "83.4 % (79.1–87.0, n = 320)" """
    if not share["total"]:
        return "no picture"
    spread = f"{points(share['low'])}–{_JOINED}{points(share['high'])}"
    return f"{percent(share['rate'])} ({spread},{_}n{_}={_}{share['total']:,})"


def percent(value: float) -> str:
    return f"{points(value)}{_}%"


def points(value: float) -> str:
    """As the page's toFixed(1): a half goes up."""
    return str(Decimal(100 * value).quantize(Decimal("0.1"), ROUND_HALF_UP))


def _mean(means: dict[str, Any], key: str) -> str:
    interval = means.get("interval") if key == "f1" else None
    return percent(means[key]) + (f" ({'–'.join(map(points, interval))})" if interval else "")


def _free(each: dict[str, Any]) -> str:
    if each["free"] is None:
        return "reads the class names alone"
    return f"{in_words(each['free'])}, {each['outputs']:,} outputs"


def _speed(found: Comparison, key: str) -> Markup:
    known = speed.known(found.models[key].model)
    if not known:
        return tag("span", "not measured")
    return joined(f"{known.images_per_second:.3g}", tag("br"), tag("small", known.how))


def _pair(pair: dict[str, Any]) -> list[str]:
    gap, low, high = (_signed(pair[name]) for name in ("gap", "low", "high"))
    chance = "may well be chance"
    if pair["low"] * pair["high"] > 0:
        chance += "; the interval, for this pair alone, is a little bolder than the exact test"
    return [
        FAMILIES[pair["a"]],
        FAMILIES[pair["b"]],
        f"{gap} ({low}{_}to{_}{high})",
        f"{pair['only_a']:,}",
        f"{pair['only_b']:,}",
        _p(pair["p"]),
        _p(pair["p_holm"]),
        "unlikely to be chance alone" if pair["p_holm"] < 0.05 else chance,
    ]


def _signed(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")


def _bin(each: dict[str, Any]) -> list[str]:
    span = f"{100 * each['from']:.0f}{_}to{_}{100 * each['to']:.0f}{_}%"
    return [span, percent(each["confidence"]), in_words(each)]


def _p(value: float) -> str:
    return f"p{_}<{_}0.0005" if value < 0.0005 else f"p{_}={_}{value:.3f}"
