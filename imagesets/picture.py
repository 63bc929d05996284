"""Telling a picture from other files by its first bytes, without decoding it; the formats `models.photo` opens."""

from __future__ import annotations

HEAD = 32  # bytes that `is_picture` wants

STARTS = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\0",  # TIFF, and its larger-file variant below
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
)


def is_picture(head: bytes) -> bool:
    """Whether a file that starts with `head` claims to be a JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF."""
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[4:8] == b"ftyp":  # its brands follow, the main one first
        return b"avif" in head[8:HEAD] or b"avis" in head[8:HEAD]
    return head.startswith(STARTS)
