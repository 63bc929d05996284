"""The page's scripts and style as files that a browser keeps: modules of assets/page, and a few pictures made here.

Their address carries a digest of their content, so they may be kept for ever, and is relative to the page's own, so they
are found under any root path.
"""

from __future__ import annotations

import json
import mimetypes
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

PAGE = Path(__file__).parents[2] / "assets" / "page"
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}

mimetypes.add_type(
    "text/javascript", ".js"
)  # some Windows machines think otherwise, and browsers then refuse


def _version() -> str:
    """The same for the same files."""
    digest = sha256()
    for path in sorted(PAGE.rglob("*.*")):
        digest.update(path.relative_to(PAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


VERSION = _version()
ROOT = f"headlight-assets/{VERSION}"
_made: dict[str, bytes] = {}  # name → a picture made here


class Files(StaticFiles):
    """assets/page, to be kept by the browser."""

    def file_response(self, *given: Any, **named: Any) -> Response:
        response = super().file_response(*given, **named)
        response.headers.update(FOREVER)
        return response


_files = Files(directory=PAGE)


def picture(content: bytes) -> str:
    """The address of a JPEG made here."""
    name = f"{sha256(content).hexdigest()[:20]}.jpg"
    _made[name] = content
    return f"./{ROOT}/made/{name}"


async def _picture(request) -> Response:
    content = _made.get(request.path_params["name"])
    if content is None:
        return Response(status_code=404)
    return Response(content, media_type="image/jpeg", headers=FOREVER)


async def _file(request) -> Response:
    """Not a Mount: below a root path that a proxy has taken away, that looks for a file by the whole address."""
    return await _files.get_response(request.path_params["path"], request.scope)


def routes(settings: dict[str, Any]) -> list[Route]:
    """What the server adds to Gradio's own routes."""
    known = json.dumps(settings).encode()
    tag = f'"{sha256(known).hexdigest()[:20]}"'

    async def say(request) -> Response:
        """The settings, which may be others when the program starts again."""
        headers = {"Cache-Control": "no-cache", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(known, media_type="application/json", headers=headers)

    return [
        Route(f"/{ROOT}/settings.json", say),
        Route(f"/{ROOT}/made/{{name}}", _picture),
        Route(f"/{ROOT}/{{path:path}}", _file),
    ]


def call(function: str, *arguments: str, last: str = "") -> str:
    """JavaScript: a promise of what `function` of assets/page/bridge.js returns. last: a variable that is given as well."""
    given = ", ".join([*map(json.dumps, arguments), *([last] if last else [])])
    return f"headlight.then(page => page.{function}({given}))"


def bridge() -> str:
    """JavaScript: a promise of assets/page/bridge.js."""
    return f'import(new URL("./{ROOT}/bridge.js", document.baseURI))'


def graph(entry: str) -> list[str]:
    """A module and all that it imports, without those it loads later, so that a browser can fetch them at once."""
    found: list[str] = []
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.append(name)
        folder = (PAGE / name).parent
        for line in (PAGE / name).read_text(encoding="utf-8").splitlines():
            if line.startswith(("import ", "export ")) and ' from "' in line:
                path = (folder / line.rsplit('"', 2)[1]).resolve()
                waiting.append(path.relative_to(PAGE).as_posix())
    return sorted(found)
