"""The tabs of the page, in order. A tab is a file with a TITLE and a `build()`, and its entry in TABS."""

from tabs import explain, prompts

TABS = (explain, prompts)
