"""Gradio's place behind the door: an app that says what reached it, and what a refusal at the door looks like."""

from types import SimpleNamespace

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from tabs.wiring import door

EVENT = SimpleNamespace(fn=print, inputs=[], api_name="x")


class Stub(Starlette):
    """Gradio's place behind the door: says what reached it, or breaks as Gradio does."""

    def __init__(self, queue):
        async def echo(request):
            return JSONResponse({"body": (await request.body()).decode()})

        async def broken(request):
            raise AttributeError("'list' object has no attribute 'get'")

        async def page(request):
            return HTMLResponse("<script>start()</script><script src='a.js'></script>")

        async def upload(request):
            path = self.folder / "digest" / "photo.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(await request.body())
            return JSONResponse([str(path)])

        both = {"methods": ["GET", "POST"]}
        routes = [
            Route("/", page),
            Route("/gradio_api/upload", upload, methods=["POST"]),
            Route("/gradio_api/call/broken", broken, **both),
            Route("/{path:path}", echo, **both),
        ]
        super().__init__(routes=routes, middleware=door.door())
        self.queue, self.folder = queue, None

    def get_blocks(self):
        """An app with any number of events that take anything."""

        class Events(dict):
            def get(self, number, usual=None):
                return EVENT

            def values(self):
                return [
                    SimpleNamespace(**{**vars(EVENT), "api_name": name}) for name in ("x", "broken")
                ]

        return SimpleNamespace(_queue=self.queue, fns=Events(), head="<script>headed()</script>")


def refusal(answer, status):
    assert answer.status_code == status
    sentence = answer.json()["detail"]
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300
    return sentence
