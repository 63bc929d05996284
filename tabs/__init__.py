"""The tabs of the page, in order. A tab is a folder whose own file has a TITLE and a `build()`, and its entry in TABS."""

from tabs import compare, explain, prompts
from tabs import map as map_tab

TABS = (explain, prompts, map_tab, compare)
