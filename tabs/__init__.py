"""The tabs of the page, in order. A tab is a folder whose own file has a TITLE, a `build()` and a `told()`,
and its entry in TABS."""

from limits import (
    DRAWN,
    LONGEST_LINE,
    NAME_LETTERS,
    PHOTO_CLASSES,
    PICTURES_SHOWN,
    SHEET_PICTURES,
    TEMPLATES_COMPARED,
    WORD_LETTERS,
)
from tabs import compare, explain, prompts
from tabs import map as map_tab
from tabs.map.asks import RANGES
from tabs.sets import offered
from tabs.sets.asks import START
from tabs.wiring.settings import settings

TABS = (explain, prompts, map_tab, compare)


def page_settings() -> dict:
    """What the browser must know of all tabs, said once."""
    limits = {
        "name": NAME_LETTERS,
        "names": PHOTO_CLASSES,
        "letters": WORD_LETTERS,
        "line": LONGEST_LINE,
        "pictures": DRAWN,
        "shown": PICTURES_SHOWN,
        "sheet": SHEET_PICTURES,
        "compared": TEMPLATES_COMPARED,
    }
    told = {tab.__name__.rpartition(".")[2]: tab.told() for tab in TABS}
    return settings(limits, RANGES, offered(), START, told)
