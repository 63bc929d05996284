"""Paths inside a folder, zip or table: which are the system's litter, and which lead out."""

from __future__ import annotations

import re

LITTER = ("__macosx", "thumbs.db", "desktop.ini")  # beside dotfiles
OUTSIDE = re.compile(r"/|[A-Za-z]:|(.*/)?\.\.(/|$)", re.DOTALL)  # absolute, on a drive, or climbing


def is_litter(path: str) -> bool:
    """Whether a path is none of the set's, but its system's."""
    return any(part.startswith(".") or part.lower() in LITTER for part in path.split("/"))


def points_outside(path: str) -> bool:
    """Whether a path, with "/" between its parts, leads out of the folder it is in."""
    return bool(OUTSIDE.match(path))
