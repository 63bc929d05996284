"""A temporary disk that takes nothing more: Headlight goes on without it, and the log says so once."""

from __future__ import annotations

import errno
import logging

FULL = "This server's disk is full, so it takes no file now. Try again later."
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)

log = logging.getLogger(__name__)
_said: list[OSError] = []


def is_full(error: BaseException) -> bool:
    """Whether this is the error of a disk that takes nothing more; the first one is logged."""
    if not isinstance(error, OSError) or error.errno not in NO_ROOM:
        return False
    if not _said:
        _said.append(error)
        log.warning(
            "The temporary disk takes nothing more, so nothing can be uploaded: make room, or set GRADIO_TEMP_DIR to a "
            "folder elsewhere and start again (%s).",
            error,
        )
    return True
