"""The door in front of Gradio: every request is looked at here before Gradio's own routes, and every answer after them.

It refuses what the page does not need, bounds what one visitor may send and ask at once, gives the headers that browsers
heed, and turns what breaks inside Gradio into one sentence.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any
from urllib.parse import parse_qs

from starlette.middleware import Middleware

from limits import ADDRESS_LETTERS, QUESTION_BYTES, UPLOAD_BYTES
from tabs.wiring.disk import FULL, is_full
from tabs.wiring.events import check_inputs
from tabs.wiring.policy import ALWAYS, content_policy
from tabs.wiring.question import is_name, read_question
from tabs.wiring.uploads import Uploads
from tabs.wiring.visitors import Refused, Requests, address, check_places

API = "/gradio_api/"
# Of Gradio's routes, those that the page has no use for: relays, recordings, its editor, its developers' pages.
CLOSED = re.compile(
    r"(proxy=|stream/|component_server|process_recording|vibe-|undo-vibe|deep_link|run-history|runs|profiling|dev/|"
    r"custom_component/|login(?!_check)|logout|token)"
)
ASKING = re.compile(r"(queue/join|call/|run/|api/)")
ELSEWHERE = re.compile(r"file[=/](\w{2,}:|//|.*://)")  # a drive of Windows has one letter
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
BROKEN = "This request cannot be answered; send it as the page or Gradio's clients do."
SMALL = 1_000_000  # bytes of JSON that are read at once; more in a thread

log = logging.getLogger(__name__)


def door() -> list[Middleware]:
    """What `launch` puts in front of Gradio's app."""
    return [Middleware(Door)]


class Door:
    """ASGI middleware; see the module."""

    def __init__(self, app: Any):
        self.app, self.requests, self.uploads = app, Requests(), Uploads()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        here, answer = address(scope), _Answer(send, scope["app"].get_blocks())
        try:
            self.requests.enter(here)
        except Refused as refused:
            return await answer.refuse(refused)
        try:
            await self._enter(scope, receive, answer, here)
        except Refused as refused:
            await answer.refuse(refused)
        except Exception as error:  # Gradio's own, about what a visitor sent
            if is_full(error):
                return await answer.refuse(Refused(FULL, 507))
            log.warning("%s %s: %s", scope["method"], scope["path"][:100], type(error).__name__)
            await answer.refuse(Refused(BROKEN))
        finally:
            self.requests.leave(here)

    async def _enter(self, scope: dict[str, Any], receive: Any, answer: _Answer, here: str) -> None:
        _check_address(scope)
        route = scope["path"].partition(API)[2]
        if scope["method"] == "POST" and route.rstrip("/") == "upload":
            return await self._upload(scope, receive, answer, here)
        if scope["method"] in ("POST", "PUT", "PATCH"):
            receive = await self._question(scope, receive, route)
        if route.startswith("heartbeat/"):
            with self.uploads.visit(route.removeprefix("heartbeat/").strip("/")):
                return await self.app(scope, receive, answer.send)
        await self.app(scope, receive, answer.send)

    async def _question(self, scope: dict[str, Any], receive: Any, route: str) -> Any:
        body = await _body(receive)
        asked = (
            read_question(body)
            if len(body) < SMALL
            else await asyncio.to_thread(read_question, body)
        )
        session = asked.get("session_hash")
        if ASKING.match(route):
            blocks = scope["app"].get_blocks()
            check_inputs(blocks, route, asked)
            check_places(blocks._queue, session, scope)
        self.uploads.asked(session, asked)
        return _again(body, receive)

    async def _upload(
        self, scope: dict[str, Any], receive: Any, answer: _Answer, here: str
    ) -> None:
        await asyncio.to_thread(self.uploads.make_room, here)
        answer.keep = True
        await self.app(scope, _counted(receive), answer.send)
        self.uploads.brought(here, answer.content)


def _check_address(scope: dict[str, Any]) -> None:
    path, query = scope["path"], scope["query_string"]
    if len(path) + len(query) > ADDRESS_LETTERS or UNPRINTABLE.search(path) or "\ufffd" in path:
        raise Refused("There is no such page.", 404)
    route = path.partition(API)[2]
    if CLOSED.match(route) or path.strip("/").startswith(("monitoring", "login", "logout")):
        raise Refused("There is no such page.", 404)
    if ELSEWHERE.match(route):
        raise Refused(
            "Files of this page alone are served; addresses on the web are not fetched.", 403
        )
    names = parse_qs(query.decode("latin-1")).get("session_hash", [])
    if route.startswith("heartbeat/"):
        names.append(route.removeprefix("heartbeat/").strip("/"))
    if not all(map(is_name, names)):
        raise Refused("The session_hash is a name of letters and digits, 64 at most.")


async def _body(receive: Any) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused("The question was cut short.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > QUESTION_BYTES:
            raise Refused(
                f"A question has at most {QUESTION_BYTES // 1_000_000} MB; send a file as an upload.",
                413,
            )
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Any) -> Any:
    """What the app receives: the body that was read, then whatever comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return given


def _counted(receive: Any) -> Any:
    """`receive` that ends an upload past its bound, whatever its headers said."""
    left = UPLOAD_BYTES + SMALL  # the form around the file

    async def given() -> dict[str, Any]:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise Refused(
                f"A file has at most {UPLOAD_BYTES // 1_000_000} MB; upload a part of it.", 413
            )
        return message

    return given


class _Answer:
    """An answer on its way out, with the headers that browsers heed. keep: whether its content is wanted afterwards."""

    def __init__(self, send: Any, blocks: Any):
        self._send, self._blocks, self.keep = send, blocks, False
        self._start: dict[str, Any] | None = None
        self.started, self.content = False, b""

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message = {**message, "headers": [*message.get("headers", ()), *ALWAYS]}
            if _is_html(message):
                self._start = message  # its policy names the scripts that are still to come
                return
        elif self._start or self.keep:
            self.content += message.get("body", b"")
        if self._start:
            if message.get("more_body"):
                return
            policy = (b"content-security-policy", self._policy())
            await self._send({**self._start, "headers": [*self._start["headers"], policy]})
            self._start, message = None, {"type": "http.response.body", "body": self.content}
        await self._send(message)

    def _policy(self) -> bytes:
        """Of the HTML, and of what Gradio puts into its head once it runs."""
        head = getattr(self._blocks, "head", None) or ""
        return content_policy(self.content + head.encode())

    async def refuse(self, refused: Refused) -> None:
        """One sentence in the place of an answer, unless one has begun."""
        if self.started and not self._start:
            return
        body = json.dumps({"detail": str(refused)}).encode()
        headers = [(b"content-type", b"application/json"), *ALWAYS]
        await self._send(
            {"type": "http.response.start", "status": refused.status, "headers": headers}
        )
        await self._send({"type": "http.response.body", "body": body})


def _is_html(message: dict[str, Any]) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in message["headers"]
    )
