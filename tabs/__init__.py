"""The tabs of the page, in order. A tab is a file with a TITLE and a `build()`, and its entry in TABS."""

from tabs import compare, explain, prompts
from tabs import map as map_tab

TABS = (explain, prompts, map_tab, compare)
