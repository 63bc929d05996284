"""Every kind of file a stranger may bring: the right pixels, or one sentence."""

import io
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin

from models import photo
from models.photo import open_photo

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # of the spoilt files in here


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(source) -> np.ndarray:
    opened = open_photo(source)
    assert opened.mode == "RGB"
    return np.asarray(opened)


def sentence(source) -> str:
    """The one sentence `open_photo` refuses a source with."""
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        open_photo(source)
    return str(caught.value)


def checkerboard(mode: str = "RGB") -> Image.Image:
    """Four different corners, so that every turn and flip shows."""
    corners = [[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 0)], [(9, 9, 9), (0, 255, 255)]]
    return Image.fromarray(np.array(corners, np.uint8)).convert(mode)


def test_path_bytes_and_image_give_the_same_picture(tmp_path):
    board = checkerboard()
    path = tmp_path / "board.png"
    path.write_bytes(encoded(board))
    for source in (path, str(path), path.read_bytes(), board):
        np.testing.assert_array_equal(pixels(source), np.asarray(board))


def test_the_name_of_a_file_says_nothing_about_its_format(tmp_path):
    path = tmp_path / "board.txt"
    path.write_bytes(encoded(checkerboard(), "BMP"))
    np.testing.assert_array_equal(pixels(path), np.asarray(checkerboard()))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_exif_turns_the_photo_upright(orientation, kind):
    """EXIF 2.3, orientation: which visual edge the stored first row and first column are."""
    board = np.asarray(checkerboard())
    stored = {
        1: board,
        2: board[:, ::-1],
        3: board[::-1, ::-1],
        4: board[::-1],
        5: board.transpose(1, 0, 2),
        6: np.rot90(board, 1),
        7: board[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(board, -1),
    }[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    turned = encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options)
    np.testing.assert_array_equal(pixels(turned), board)


def test_opening_twice_turns_once():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    once = open_photo(encoded(checkerboard(), exif=exif))
    np.testing.assert_array_equal(pixels(once), np.asarray(once))


def test_the_picture_handed_in_is_left_alone():
    board = checkerboard()
    board.info["comment"] = "mine"
    opened = open_photo(board)
    opened.putpixel((0, 0), (1, 2, 3))
    assert board.info == {"comment": "mine"}
    assert board.getpixel((0, 0)) == (255, 0, 0)


def test_broken_metadata_does_not_hide_the_photo():
    spoilt = encoded(checkerboard(), exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff\x01\x12")
    np.testing.assert_array_equal(pixels(spoilt), np.asarray(checkerboard()))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_alpha_is_laid_on_white(mode):
    """Clear shows white, half clear shows half way from black to white, opaque shows black."""
    clear_half_opaque = np.array([[0, 128, 255]], np.uint8)
    picture = Image.new("RGBA", (3, 1), "black")
    picture.putalpha(Image.fromarray(clear_half_opaque))
    expected = 255 - clear_half_opaque
    np.testing.assert_array_equal(pixels(picture.convert(mode))[..., 0], expected)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_clear_palette_entry_is_white(kind):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    clear_first = encoded(picture, kind, transparency=0)
    np.testing.assert_array_equal(pixels(clear_first), [[[255, 255, 255], [200, 100, 50]]])


@pytest.mark.parametrize(("mode", "clear"), [("L", 0), ("RGB", (0, 0, 0))])
def test_a_clear_colour_is_white(mode, clear):
    picture = Image.fromarray(np.array([[0, 90]], np.uint8)).convert(mode)
    opened = pixels(encoded(picture, transparency=clear))
    np.testing.assert_array_equal(opened[..., 0], [[255, 90]])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_shades(kind):
    shades = np.array([[0, 128, 129, 257 * 100, 32768, 65535]], np.uint16)
    opened = pixels(encoded(Image.fromarray(shades), kind))
    np.testing.assert_array_equal(opened[..., 1], [[0, 0, 1, 100, 128, 255]])


def test_sixteen_bit_grey_in_32_bit_numbers():
    shades = Image.fromarray(np.array([[0, 65535]], np.int32))
    np.testing.assert_array_equal(pixels(shades)[..., 0], [[0, 255]])


def test_a_clear_shade_of_sixteen_bits_is_white():
    shades = Image.fromarray(np.array([[0, 257]], np.uint16))
    shades.info["transparency"] = 0
    np.testing.assert_array_equal(pixels(shades)[..., 0], [[255, 1]])


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG written by hand, for the kinds that Pillow reads but does not write."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


def test_sixteen_bit_colour_keeps_its_shades():
    row = struct.pack(">B6H", 0, 65535, 25700, 0, 32896, 257, 12850)
    np.testing.assert_array_equal(pixels(png(2, 1, 16, 2, row)), [[[255, 100, 0], [128, 1, 50]]])


def test_sixteen_bit_grey_with_alpha_is_laid_on_white():
    row = struct.pack(">B4H", 0, 0, 0, 0, 65535)  # clear black, opaque black
    np.testing.assert_array_equal(pixels(png(2, 1, 16, 4, row))[..., 0], [[255, 0]])


@pytest.mark.parametrize("mode", ["1", "L", "P", "YCbCr", "HSV"])
def test_other_ways_to_store_a_colour(mode):
    white = Image.new("RGB", (2, 2), "white").convert(mode)
    np.testing.assert_array_equal(pixels(white), np.full((2, 2, 3), 255))


def test_cmyk_jpeg_shows_its_inks():
    """Adobe stores inks inverted; magenta with yellow is red, however they are stored."""
    inks = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    saved = encoded(inks, "JPEG", quality=95)
    assert b"Adobe" in saved
    np.testing.assert_allclose(pixels(saved)[8, 8], [255, 0, 0], atol=3)
    np.testing.assert_allclose(pixels(encoded(inks, "TIFF"))[8, 8], [255, 0, 0])


def ink_profile(inked: int) -> bytes:
    """A minimal ICC v2 printer profile: white paper, black with black ink, else lightness `inked`.

    One lut8Type table of two grid points per ink (ICC.1:2001, 6.5.8); in it a colour is three
    bytes, L* * 2.55, a* + 128 and b* + 128.
    """
    identity = bytes(range(256))
    lightness = [255, 0] + [inked, 0] * 7  # cyan turns slowest, black fastest
    grid = b"".join(bytes([value, 128, 128]) for value in lightness)
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + identity * 4 + grid + identity * 3
    daylight = struct.pack(">3i", 63190, 65536, 54061)
    white = b"XYZ \0\0\0\0" + daylight
    start = 128 + 4 + 2 * 12
    end = start + len(table)
    tags = struct.pack(">I4sII4sII", 2, b"A2B0", start, len(table), b"wtpt", end, len(white))
    size = struct.pack(">I", end + len(white))
    kind = size + b"\0\0\0\0\x02\x10\0\0" + b"prtrCMYKLab "
    header = kind.ljust(36, b"\0") + b"acsp".ljust(32, b"\0") + daylight
    return header.ljust(128, b"\0") + tags + table + white


def test_cmyk_follows_its_own_colour_profile():
    """By this profile the picture is a mid grey (L* 53.7 is sRGB 128), not the bare inks' red."""
    inks = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    saved = encoded(inks, "TIFF", icc_profile=ink_profile(inked=137))
    np.testing.assert_allclose(pixels(saved)[4, 4], 128, atol=3)


def test_a_broken_colour_profile_does_not_hide_the_photo():
    inks = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    np.testing.assert_array_equal(
        pixels(encoded(inks, "TIFF", icc_profile=b"no profile" * 20))[4, 4], [255, 0, 0]
    )


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True})]
)
def test_a_moving_picture_is_its_first_frame(kind, options):
    frames = [Image.new("RGB", (4, 3), colour) for colour in ("red", "lime", "blue")]
    moving = encoded(
        frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options
    )
    assert Image.open(io.BytesIO(moving)).n_frames == 3
    np.testing.assert_array_equal(pixels(moving), np.asarray(frames[0]))


@pytest.mark.parametrize("size", [(1, 1), (1, 100), (100, 1)])
def test_tiny_and_narrow_pictures_are_pictures(size):
    assert open_photo(Image.new("RGB", size)).size == size


def test_a_strip_gets_a_sentence():
    assert sentence(encoded(Image.new("L", (1, 10_000)))) == photo.TOO_LONG
    assert sentence(Image.new("L", (101, 1))) == photo.TOO_LONG


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    """Decoding is forbidden here, so only the header can have told."""
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda image: pytest.fail("decoded"))
    for side in (
        5001,
        10_000,
        15_000,
        50_000,
    ):  # Pillow itself warns from 9,459 and raises from 13,377
        row = b"\0" + b"\0" * ((side + 7) // 8)
        bomb = png(side, side, 1, 0, row * 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            assert sentence(bomb) == photo.TOO_LARGE
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert sentence(bomb) == photo.TOO_LARGE


def test_the_largest_photo_is_still_a_photo():
    assert open_photo(Image.new("L", (5000, 5000))).size == (5000, 5000)


PHONE = (8064, 6048)  # a phone's 48 megapixels
# Of Linux; getrusage's peak would begin with that of the process that asks.
STATUS = Path("/proc/self/status")
MEASURED = f"""
import re, sys
from models.photo import open_photo
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("{STATUS}").read())[1])
before = peak()
print(open_photo(sys.argv[1]).size, peak() - before)
"""


@pytest.fixture(scope="module")
def phone_photo() -> Image.Image:
    """A photograph enlarged to 48 megapixels, with the grain of a sensor."""
    from skimage.data import coffee

    smooth = np.asarray(Image.fromarray(coffee()).resize(PHONE, Image.Resampling.BILINEAR))
    grain = np.random.default_rng(0).integers(0, 13, (378, 504, 3), np.uint8)
    return Image.fromarray(smooth // 2 + np.tile(grain, (16, 16, 1)))


def on_its_side(photo: Image.Image, progressive: bool, folder: Path) -> Path:
    """A photo as a phone writes it, a JPEG of orientation 6, for which the stored rows are the shown columns."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = folder / "photo.jpg"
    path.write_bytes(encoded(photo, "JPEG", quality=90, exif=exif, progressive=progressive))
    return path


def test_a_phones_photo_is_what_a_full_decode_shows(phone_photo, tmp_path):
    """Models see at most some hundred pixels a side: there, halving while decoding changes no value by more than 2 of
    255, and on average by less than 0.2."""
    path = on_its_side(phone_photo, False, tmp_path)
    opened = open_photo(path)
    assert opened.size == (PHONE[1] // 2, PHONE[0] // 2)
    with Image.open(path) as stored:
        whole = stored.convert("RGB")
    for method in (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC):
        seen = opened.resize((224, 336), method)
        expected = whole.resize((336, 224), method).transpose(Image.Transpose.ROTATE_270)
        difference = np.abs(np.asarray(seen).astype(int) - np.asarray(expected))
        assert difference.max() <= 2
        assert difference.mean() < 0.2


@pytest.mark.skipif(not STATUS.exists(), reason="peak memory is read from Linux")
@pytest.mark.parametrize(("progressive", "most"), [(False, 180), (True, 280)])
def test_a_phones_photo_is_never_held_whole(phone_photo, progressive, most, tmp_path):
    """In MB; decoded whole it would be 146, held three times. A progressive file's coefficients are 146 by themselves."""
    path = on_its_side(phone_photo, progressive, tmp_path)
    run = [sys.executable, "-c", MEASURED, str(path)]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    size, kilobytes = told.rsplit(maxsplit=1)
    assert size == "(3024, 4032)"
    assert int(kilobytes) < 1000 * most


def test_a_phones_photo_as_png_is_refused():
    """A PNG cannot be shrunk while it is decoded."""
    assert sentence(encoded(Image.new("L", PHONE))) == photo.TOO_LARGE


def test_a_jpeg_of_more_than_a_phone_takes_is_refused_before_it_is_decoded(monkeypatch):
    whole = bytearray(encoded(checkerboard(), "JPEG"))
    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", lambda image: pytest.fail("decoded"))
    at = whole.index(b"\xff\xc0") + 5
    for height, width in ((9000, 9000), (65_000, 1001)):
        whole[at : at + 4] = struct.pack(">HH", height, width)
        assert sentence(bytes(whole)) == photo.TOO_LARGE


def test_a_photo_within_the_limit_is_decoded_whole():
    assert open_photo(encoded(Image.new("L", (5000, 5000)), "JPEG")).size == (5000, 5000)


def test_a_small_tiff_of_giant_tiles_is_refused():
    """64 x 64 pixels kept in one tile of 16,384 x 16,384, which the decoder would unpack whole."""
    tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: 16_384, 323: 16_384}
    tags |= {324: 134, 325: 9}  # where the one tile lies, and how long it is
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    header = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0" * 4
    assert sentence(header + zlib.compress(b"")) == photo.TOO_LARGE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_truncated_file_gets_a_sentence(kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    whole = encoded(Image.fromarray(noise), kind)
    assert sentence(whole[: len(whole) // 2]) in (photo.DAMAGED, photo.UNREADABLE)
    assert sentence(whole[:20]) in (photo.DAMAGED, photo.UNREADABLE)


NOT_IMAGES = {
    "empty": b"",
    "text": b"This is a text file, whatever it is called.\n",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>',
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64,
    "PDF": b"%PDF-1.7\n" + b"\0" * 64,
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "page": b"<!doctype html><script>alert(1)</script>",
    "signature": b"\x89PNG\r\n\x1a\n",
}


@pytest.mark.parametrize("kind", NOT_IMAGES)
def test_what_is_no_image_gets_the_sentence(kind, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(NOT_IMAGES[kind])
    assert sentence(path) == sentence(NOT_IMAGES[kind]) == photo.UNREADABLE


def test_formats_off_the_list_are_not_tried():
    assert sentence(encoded(checkerboard(), "PPM")) == photo.UNREADABLE
    assert sentence(encoded(checkerboard(), "ICO")) == photo.UNREADABLE


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(np.zeros((2, 2), np.float32)),
        Image.fromarray(np.array([[0, 65536]], np.int32)),
        Image.fromarray(np.array([[-1, 5]], np.int32)),
        Image.new("LAB", (2, 2)),
    ],
    ids=["float", "32 bits", "negative", "Lab"],
)
def test_numbers_without_an_honest_shade_get_a_sentence(picture):
    assert sentence(picture) == photo.UNSHOWABLE


@pytest.mark.parametrize("source", [np.zeros((4, 4, 3)), None, 7, [1, 2]])
def test_what_is_no_source_gets_a_sentence(source):
    assert sentence(source) == photo.NOT_A_SOURCE


def test_a_missing_file_is_named_without_its_folder(tmp_path):
    message = sentence(tmp_path / "cat.png")
    assert "cat.png" in message
    assert str(tmp_path) not in message
    for impossible in ("a\0b.png", "x" * 5000, tmp_path):
        assert "There is no file" in sentence(impossible)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_flipped_bytes_never_escape_as_anything_but_a_sentence(kind):
    """150 spoilt copies of one file: each still opens, or is refused in the module's own words."""
    rng = np.random.default_rng(len(kind))
    whole = np.frombuffer(encoded(checkerboard().resize((24, 16)), kind), np.uint8)
    refused = 0
    for _ in range(150):
        spoilt = whole.copy()
        places = rng.integers(0, min(len(whole), 200), 4)
        spoilt[places] = rng.integers(0, 256, 4)
        try:
            assert open_photo(spoilt.tobytes()).mode == "RGB"
        except ValueError as error:
            refused += 1
            assert str(error) in {
                photo.UNREADABLE,
                photo.DAMAGED,
                photo.TOO_LARGE,
                photo.TOO_LONG,
                photo.UNSHOWABLE,
            }
    assert refused > 0


def test_a_palette_that_is_missing_is_one_sentence():
    whole = encoded(Image.new("P", (8, 8)))
    start = whole.index(b"PLTE") - 4
    (length,) = struct.unpack(">I", whole[start : start + 4])
    assert sentence(whole[:start] + whole[start + 12 + length :]) == photo.DAMAGED


def test_a_tile_that_is_as_wide_as_a_word_is_one_sentence():
    """TileWidth, tag 322, as text: here written over a tag of no meaning."""
    whole = encoded(Image.new("RGB", (8, 8)), "TIFF", tiffinfo={65000: "wide"})
    entry = struct.pack("<HH", 65000, 2)
    assert whole.count(entry) == 1
    assert sentence(whole.replace(entry, struct.pack("<HH", 322, 2))) == photo.UNREADABLE
