"""What is sent to an event, looked through before Gradio reads it: Gradio logs a traceback for most of what does not fit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from limits import BRACKETS, COMMAS, FILE_LETTERS, INPUTS
from tabs.wiring.visitors import Refused

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # of an open page or a question, as Gradio makes them
NAMES = ("session_hash", "event_id")
NUMBERS = ("fn_index", "trigger_id")
FILE_TEXTS = ("url", "orig_name", "mime_type")
FILE = {"_type": "gradio.FileData"}

NO_JSON = "This question is not JSON as the page sends it; see the API's own page for the form."
NO_FILE = "A file is sent as an upload first, and then by the path that the upload answered."


def read_question(body: bytes) -> dict[str, Any]:
    """A question's JSON. Raises Refused, with one sentence, for what no page and no client sends."""
    if body.count(b"[") + body.count(b"{") > BRACKETS or body.count(b",") > COMMAS:
        raise Refused("This question has too many parts; send texts as texts, one line each.", 413)
    try:
        asked = json.loads(body or b"{}", parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(NO_JSON) from None
    if not isinstance(asked, dict):
        raise Refused(NO_JSON)
    if b"\\ud" in body.lower():
        _check_letters(asked)
    _check_frame(asked)
    _check_files(asked)
    return asked


def is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(NAME.fullmatch(value))


def _whole(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise Refused("A number in this question is too large; whole numbers have 64 bits.")
    return int(digits)


def _no_number(word: str) -> float:
    raise Refused(f"{word} is no number; send null where there is none.")


def _check_letters(asked: dict[str, Any]) -> None:
    """Half a surrogate pair, which JSON can carry, breaks whatever writes it down."""
    try:
        json.dumps(asked, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Refused("This question holds a broken letter; type its texts again.") from None


def _check_frame(asked: dict[str, Any]) -> None:
    """What Gradio itself reads of a question."""
    for key in NAMES:
        if asked.get(key) is not None and not is_name(asked[key]):
            raise Refused(f"The {key} is a name of letters and digits, 64 at most.")
    for key in NUMBERS:
        if asked.get(key) is not None and (type(asked[key]) is not int or asked[key] < 0):
            raise Refused(f"The {key} is a whole number.")
    data = asked.get("data")
    if data is not None and (not isinstance(data, list) or len(data) > INPUTS):
        raise Refused("The data of a question is a list of its inputs.")


def _check_files(asked: dict[str, Any]) -> None:
    """Every file in a question, wherever it stands, is one that was uploaded; Gradio follows any it finds."""
    waiting: list[Any] = list(asked.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            if "path" in value or "meta" in value:
                _check_file(value)
            waiting += value.values()


def _check_file(value: dict[str, Any]) -> None:
    path, size = value.get("path"), value.get("size")
    texts = [value.get(key) for key in FILE_TEXTS]
    if not isinstance(path, str):
        raise Refused(NO_FILE)
    fits = (
        0 < len(path) <= FILE_LETTERS
        and value.get("meta") in (None, FILE)
        and (size is None or (type(size) is int and size >= 0))
        and all(
            text is None or (isinstance(text, str) and len(text) <= FILE_LETTERS) for text in texts
        )
        and not value.get("is_stream")
    )
    if not fits:
        raise Refused(NO_FILE)
    if path.startswith(("http://", "https://")):
        raise Refused("Send the file itself; addresses on the web are not fetched.")
    if not was_uploaded(path):
        raise Refused(NO_FILE)


def was_uploaded(path: str | Path) -> bool:
    """Whether a path lies in the folder that uploads are kept in, as it is written and where it leads."""
    try:
        folder, place = Path(get_upload_folder()).resolve(), Path(path)
        return (
            place.is_absolute()
            and place.resolve().is_relative_to(folder)
            and place.resolve() != folder
        )
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, links in a circle
        return False
