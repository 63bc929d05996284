"""The tabs of the page, in order. A tab is a folder whose own file has a TITLE, a `build()` and a `told()`,
and its entry in TABS."""

from tabs import compare, explain, prompts
from tabs import map as map_tab
from tabs.explain.questions import LONGEST, MOST_NAMES
from tabs.map.asks import RANGES, SHEET
from tabs.sets import LIMIT, offered
from tabs.sets.asks import SHOWN, START
from tabs.wiring.settings import settings

TABS = (explain, prompts, map_tab, compare)


def page_settings() -> dict:
    """What the browser must know of all tabs, said once."""
    limits = {
        "names": MOST_NAMES,
        "letters": LONGEST,
        "pictures": LIMIT,
        "shown": SHOWN,
        "sheet": SHEET,
    }
    told = {tab.__name__.rpartition(".")[2]: tab.told() for tab in TABS}
    return settings(limits, RANGES, offered(), START, told)
