"""Opening photos: one door for whatever people bring, used by the page, the API and `trace` alike.

Files come from strangers: the size is read from the header before a pixel is decoded, only
well-known formats are tried, and whatever cannot be shown right becomes one sentence. A JPEG of
more than PIXEL_LIMIT, such as a phone's of 48 megapixels, is halved while it is decoded.
"""

import io
import os
import threading
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from limits import ASPECT_LIMIT, JPEG_LIMIT, LARGE_AT_ONCE, LARGE_PIXELS, PIXEL_LIMIT

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")

UNREADABLE = "This file is not an image we can read. Try a JPEG or PNG."
DAMAGED = "This picture's file is cut short or damaged. Save or download it again."
TOO_LARGE = (
    f"This picture has more than {PIXEL_LIMIT // 1_000_000} million pixels, or {JPEG_LIMIT // 1_000_000} as a JPEG. "
    "Save a smaller copy and try again."
)
TOO_LONG = (
    f"This picture's long side is more than {ASPECT_LIMIT} times its short side. "
    "Crop it and try again."
)
UNSHOWABLE = (
    "This picture stores its colours in a way we cannot show right. "
    "Save it as an 8-bit JPEG or PNG and try again."
)
NOT_A_SOURCE = (
    "A photo is a path, the bytes of a file, or a PIL image. "
    "Turn an array into one with PIL.Image.fromarray, as 8-bit values."
)

# A large picture takes up to 16 bytes a pixel while it is decoded, and a visitor may ask about twenty at once.
_turns = threading.BoundedSemaphore(LARGE_AT_ONCE)

# What Pillow turns into 8-bit colour faithfully; CMYK and 16 bits have functions of their own.
PLAIN_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "YCbCr", "HSV"}

# EXIF orientation -> the turn that stands the photo upright; 1 is upright already.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unshowable(ValueError):
    """A picture whose colours would come out wrong."""


def open_photo(source: str | Path | bytes | Image.Image) -> Image.Image:
    """An upright RGB copy of a photo: its first frame if it moves, on white where it is clear.

    Raises FileNotFoundError for a path without a file and ValueError for whatever else is not a
    photo, each with one sentence for people. Opening the result again changes nothing.
    """
    if isinstance(source, Image.Image):
        return _upright_rgb(source)
    if isinstance(source, bytes):
        return _decoded(io.BytesIO(source))
    if not isinstance(source, str | Path):
        raise ValueError(NOT_A_SOURCE)
    if not os.path.isfile(source):  # unlike Path.is_file, no error for an impossible name
        name = Path(source).name[:80]
        raise FileNotFoundError(f"There is no file named {name}. Check the path.")
    return _decoded(source)


def _decoded(source: str | Path | io.BytesIO) -> Image.Image:
    with _opened(source) as image:
        _halve(image)
        return _upright_rgb(image)


def _opened(file: str | Path | io.BytesIO) -> Image.Image:
    try:
        return Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(TOO_LARGE) from error
    except Exception as error:  # on a broken header Pillow raises almost anything
        raise ValueError(UNREADABLE) from error


def _halve(image: Image.Image) -> None:
    """Have a large JPEG decoded at half its size, each 8 × 8 block straight to 4 × 4; never held whole."""
    width, height = image.size
    if isinstance(image, JpegImageFile) and PIXEL_LIMIT < width * height <= JPEG_LIMIT:
        image.draft(None, (width // 2, height // 2))


def _upright_rgb(image: Image.Image) -> Image.Image:
    _check_size(image)
    if image.width * image.height < LARGE_PIXELS:
        return _loaded_upright(image)
    with _turns:
        return _loaded_upright(image)


def _loaded_upright(image: Image.Image) -> Image.Image:
    try:
        image.load()
        turn = TURNS.get(_orientation(image))
        colour = _rgb(image)
    except Unshowable:
        raise
    except Exception as error:  # on broken pixels too, and on colours that a palette lacks
        raise ValueError(DAMAGED) from error
    upright = colour.copy() if turn is None else colour.transpose(turn)
    upright.info = {}  # the turn is done, so the tag that asked for it must go
    return upright


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    tags = getattr(image, "tag_v2", {})  # TIFF alone, whose decoder allocates whole tiles
    tile = [tags.get(number, 0) for number in (322, 323)]  # TileWidth, TileLength
    if not all(isinstance(side, int) for side in tile):
        raise ValueError(UNREADABLE)
    if max(width * height, tile[0] * tile[1]) > PIXEL_LIMIT:
        raise ValueError(TOO_LARGE)
    if width * height == 0:
        raise ValueError(UNREADABLE)
    if max(width, height) > ASPECT_LIMIT * min(width, height):
        raise ValueError(TOO_LONG)


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a photo with broken metadata is shown the way it was stored
        return 1


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_sixteen_bits(image).convert("RGB")
    if image.mode == "CMYK":
        return _from_cmyk(image)
    if image.mode not in PLAIN_MODES:
        raise Unshowable(UNSHOWABLE)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _from_sixteen_bits(image: Image.Image) -> Image.Image:
    """Greyscale of 0..65535 as 0..255; Pillow's own conversion clips all above 255 to white."""
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65535:
        raise Unshowable(UNSHOWABLE)
    grey = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if "transparency" in image.info:
        grey[values == image.info["transparency"]] = 255
    return Image.fromarray(grey)


def _from_cmyk(image: Image.Image) -> Image.Image:
    """Inks as light through the file's colour profile; inverted where it has none that works."""
    profile = image.info.get("icc_profile")
    if profile:
        try:
            inks = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            light = ImageCms.createProfile("sRGB")
            found = ImageCms.profileToProfile(image, inks, light, outputMode="RGB")
            if found is not None:  # None only where it works in place
                return found
        except (ImageCms.PyCMSError, OSError):
            pass  # the profile is broken or meant for other inks; the picture need not be
    return image.convert("RGB")
