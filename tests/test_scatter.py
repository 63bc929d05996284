"""The scatter of pictures by itself, on a bare page in a real Chromium; what it computes, against brute force."""

import base64
import io
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tabs.wiring.assets import PAGE

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SIDE = 360  # of the canvas, CSS pixels
BARE = """<!doctype html><meta charset="utf-8"><title>scatter</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css"><link rel="stylesheet" href="scatter.css"><style>
body {{ margin: 0; height: 3000px; }} #room {{ width: {side}px; }} #room > * {{ border: 0; height: {high}px; }}
</style><div id="room"></div>
<script type="module">
import {{ scatterCrowd }} from "./scatter/crowd.js";
import {{ recognisable }} from "./scatter/draw.js";
import {{ scatterGrid }} from "./scatter/grid.js";
import {{ inside }} from "./scatter/lasso.js";
import {{ laid }} from "./scatter/marks.js";
import * as rasters from "./scatter/raster.js";
import {{ scatter as newScatter }} from "./scatter/scatter.js";
import * as views from "./scatter/view.js";
import {{ scatterWants }} from "./scatter/wants.js";

const said = [];
const say = (name) => (value) => said.push([name, value]);
const PALETTE = ["#0072b2", "#d55e00", "#009e73"];
const sheet = document.createElement("canvas");
[sheet.width, sheet.height] = [64, 32];
for (const [x, colour] of [[0, "#ff0000"], [32, "#0000ff"]]) {{
  sheet.getContext("2d").fillStyle = colour;
  sheet.getContext("2d").fillRect(x, 0, 32, 32);
}}
const tile = (place) => ({{ image: sheet, x: 32 * (place % 2), y: 0, w: 32, h: 32 }});
function scatter({{ points: given = [], ...options }} = {{}}) {{
  const points = typeof given === "string" ? floats(given) : Float32Array.from(given);
  const calls = Object.fromEntries(["hover", "select", "choose", "moved", "wants"].map((name) => [name, say(name)]));
  const count = points.length / 2;
  const codes = Uint16Array.from({{ length: count }}, (_, i) => i % 3);
  const map = newScatter({{ points, codes, palette: PALETTE, ...calls, ...options }});
  document.getElementById("room").append(map.node);
  return (window.map = map);
}}
const floats = (packed) => new Float32Array(Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)).buffer);
const frames = (n = 3) => n ? new Promise((done) => requestAnimationFrame(() => frames(n - 1).then(done))) : Promise.resolve();
const modules = {{ inside, scatterCrowd, recognisable, scatterGrid, laid, rasters, views, scatterWants }};
Object.assign(window, {{ said, say, sheet, tile, scatter, floats, frames, modules }});
</script>"""


@pytest.fixture(scope="module")
def bare():
    """The address of a page with the scatter and nothing else."""
    page = BARE.format(side=SIDE, high=SIDE + 32).encode()

    class Server(SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path != "/":
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=PAGE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def person(chromium):
    """Somebody with a mouse and a keyboard, for all tests that need no more."""
    context = chromium.new_context(viewport={"width": 600, "height": 500})
    yield context
    context.close()


@pytest.fixture
def visit(chromium, person, bare):
    """A function that opens the page; page errors and requests elsewhere fail the test."""
    trouble, opened = [], []

    def visited(clock=False, **settings):
        another = clock or settings
        context = (
            chromium.new_context(viewport={"width": 600, "height": 500}, **settings)
            if another
            else person
        )
        page = context.new_page()
        opened.append(context if another else page)
        page.on("pageerror", lambda error: trouble.append(f"page error: {error}"))
        page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: trouble.extend(outside(asked.url)))
        if clock:
            page.clock.install(time=0)
        page.goto(bare)
        if clock:
            page.clock.pause_at(10_000)
        return page

    def outside(url):
        return [] if url.startswith((bare, "data:", "blob:")) else [f"asked {url}"]

    yield visited
    for each in opened:
        each.close()
    assert not trouble


def packed(points):
    """Numbers as the page's `floats` reads them."""
    return base64.b64encode(np.ascontiguousarray(points, np.float32).tobytes()).decode()


def show(page, points, **options):
    """Draw points (n, 2) with options; without a clock, wait until they are there."""
    page.evaluate("(options) => { scatter(options); }", {"points": packed(points), **options})
    settled(page)


def settled(page):
    page.wait_for_function("!map.moving")
    page.evaluate("frames()")


def where(page, count):
    """(count, 2) places on the canvas in CSS pixels."""
    return np.array(
        page.evaluate(
            "(n) => Array.from({ length: n }, (_, i) => map.at(i)).map(({ x, y }) => [x, y])", count
        )
    )


def corner(page):
    box = page.locator(".hl-scatter-top").bounding_box()
    return np.array([box["x"], box["y"]])


def window(page, x, y):
    """A spot of the canvas in the window."""
    return [float(value) for value in corner(page) + (x, y)]


def spots(page, count):
    """The same in the window, in whole pixels, as a mouse has them."""
    return [
        tuple(spot) for spot in (corner(page) + where(page, count)).round().astype(int).tolist()
    ]


def said(page, name):
    return page.evaluate(
        "(name) => said.filter(([each]) => each === name).map(([, value]) => value)", name
    )


def random_points(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)


def within(outline, points):
    """Even-odd rule for all points at once, by counting crossings of a ray to the left. outline (m, 2), points (n, 2)."""
    start, end = outline, np.roll(outline, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    straddles = (start[:, 1] <= y) != (end[:, 1] <= y)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = (y - start[:, 1]) / (end[:, 1] - start[:, 1])
    crossing = start[:, 0] + along * (end[:, 0] - start[:, 0])
    return (straddles & (crossing < x)).sum(axis=1) % 2 == 1


# Pointing.


def test_what_is_pointed_at_is_the_nearest_point(visit):
    page = visit()
    show(page, random_points(2000))
    seen = where(page, 2000)
    spots = np.random.default_rng(1).uniform(0, SIDE, (400, 2))
    found = page.evaluate("(spots) => spots.map(([x, y]) => map.nearest(x, y))", spots.tolist())
    distances = np.linalg.norm(seen[None] - spots[:, None], axis=2)
    for place, each in zip(found, distances, strict=True):
        if place is None:
            assert each.min() > 12
        else:
            assert each[place] == pytest.approx(each.min(), abs=1e-4)
            assert each.min() <= 12
    assert 0 < found.count(None) < 400


def test_pointing_looks_at_few_points_and_says_so_once(visit):
    page = visit()
    counted = page.evaluate(
        """([points, spots]) => {
            const grid = modules.scatterGrid(floats(points));
            const found = spots.map(([x, y]) => grid.nearest(x, y, 0.08));
            return [grid.looked / spots.length, found];
        }""",
        [packed(random_points(50_000)), random_points(200, 5).tolist()],
    )
    assert counted[0] < 100
    points = random_points(50_000)
    for place, spot in zip(counted[1], random_points(200, 5), strict=True):
        distances = np.linalg.norm(points - spot, axis=1)
        assert (place is None and distances.min() > 0.08) or distances[place] == pytest.approx(
            distances.min()
        )

    show(page, [[0, 0], [1, 1]])
    x, y = spots(page, 2)[1]
    page.mouse.move(x, y)
    page.mouse.move(x + 2, y)
    page.mouse.move(x - 60, y)
    assert said(page, "hover") == [1, None]


def test_of_points_at_one_place_the_one_on_top_is_meant(visit):
    page = visit()
    show(page, [[0, 0]] * 40)
    assert where(page, 40) == pytest.approx(SIDE / 2)
    assert page.evaluate("map.nearest(180, 181)") == 39


def test_the_card_stays_inside_and_off_the_point(visit):
    page = visit()
    show(page, random_points(25, 3))
    page.evaluate(
        """map.set({ thumbnail: tile, card: (place) => ({ title: `<img src=x onerror=alert(1)> ${place}`, lines: ["a line", "another"] }) })"""
    )
    settled(page)
    card = page.locator(".hl-scatter-card")
    for x, y in where(page, 25):
        page.mouse.move(*window(page, x, y))
        page.evaluate("frames(2)")
        shown = page.evaluate("map.hovered")
        box = card.bounding_box()
        left, top = np.array([box["x"], box["y"]]) - corner(page)
        assert left >= 0
        assert top >= 0
        assert left + box["width"] <= SIDE
        assert top + box["height"] <= SIDE
        px, py = page.evaluate("(place) => Object.values(map.at(place))", shown)
        assert not (left < px < left + box["width"] and top < py < top + box["height"])
        assert card.locator("strong").inner_text() == f"<img src=x onerror=alert(1)> {shown}"


def test_the_same_picture_is_marked_in_linked_maps_without_an_echo(visit):
    page = visit()
    show(page, random_points(30))
    before = page.evaluate("map.node.querySelector('.hl-scatter-top').toDataURL()")
    page.evaluate(
        "map.set({ hovered: 7, selected: [1, 2], view: { x: 0.1, y: 0, scale: 2 } }); frames()"
    )
    assert page.evaluate("[map.hovered, map.selected, map.view]") == [
        7,
        [1, 2],
        {"x": 0.1, "y": 0, "scale": 2},
    ]
    assert page.evaluate("map.node.querySelector('.hl-scatter-top').toDataURL()") != before
    assert page.locator(".hl-scatter-card").is_hidden()
    assert page.evaluate("said") == []
    page.evaluate("map.set({ view: null })")
    assert page.evaluate("map.view") == {"x": 0, "y": 0, "scale": 1}


def test_a_caller_that_echoes_the_view_a_frame_late_does_not_stop_a_glide(visit):
    page = visit()
    show(page, random_points(30))
    page.evaluate(
        """() => {
            let latest = null;
            map.set({ moved: (view) => {
                said.push(["moved", view]);
                latest = view;
                requestAnimationFrame(() => map.set({ view: latest }));
            } });
        }"""
    )
    page.get_by_role("button", name="Zoom in").click()
    settled(page)
    assert page.evaluate("map.view.scale") == pytest.approx(2)
    assert len(said(page, "moved")) > 2


# Selecting.


def test_the_lasso_selects_what_brute_force_finds_inside(visit):
    page = visit()
    points = random_points(50_000, 2)
    turn = np.linspace(
        0, 4 * np.pi, 120, endpoint=False
    )  # twice around, crossing itself: the middle is outside
    star = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (1 + 0.5 * np.sin(2.5 * turn))[:, None]
    found = page.evaluate(
        "([outline, points]) => modules.inside(outline, floats(points))",
        [star.tolist(), packed(points)],
    )
    expected = np.flatnonzero(within(star, points.astype(float)))
    assert 1000 < len(expected) < 40_000
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("held", ["Shift", None])
def test_a_lasso_drawn_by_hand_selects(visit, held):
    page = visit()
    show(page, random_points(500))
    seen = where(page, 500)
    outline = [(120, 100), (240, 110), (250, 260), (180, 200), (110, 250)]
    if held:
        page.keyboard.down(held)
    else:
        page.get_by_role("button", name="Lasso").click()
    page.mouse.move(*window(page, *outline[0]))
    page.mouse.down()
    for spot in outline[1:]:
        page.mouse.move(*window(page, *spot))
    page.mouse.up()
    expected = np.flatnonzero(within(np.array(outline, float), seen)).tolist()
    assert len(expected) > 20
    assert said(page, "select") == [expected]
    assert page.evaluate("map.view.x") == 0  # not panned
    page.keyboard.up("Shift")
    page.keyboard.press("Escape")
    assert said(page, "select")[-1] == []
    assert page.evaluate("map.selected") == []


def test_clicks_choose_add_and_clear(visit):
    page = visit()
    show(page, [[-1, -1], [1, 1], [1, -1]])
    here = spots(page, 3)
    page.mouse.click(*here[0])
    assert said(page, "choose") == [0]
    page.keyboard.down("Shift")
    page.mouse.click(*here[1])
    page.mouse.click(*here[0])
    page.keyboard.up("Shift")
    page.mouse.click(*window(page, 180, 180))
    page.wait_for_function("!map.selected.length")
    assert said(page, "select") == [[0], [0, 1], [1], []]
    assert said(page, "choose") == [0]


def test_what_is_chosen_already_is_opened(visit):
    page = visit()
    show(page, [[-1, -1], [1, 1]])
    page.evaluate("map.set({ open: say('open') })")
    page.mouse.dblclick(*spots(page, 2)[1])
    assert said(page, "open") == [1]
    assert page.evaluate("map.view.scale") == 1
    page.keyboard.press("Enter")
    assert said(page, "open") == [1, 1]
    assert said(page, "choose") == [1]


def test_unselected_points_fade_and_stay(visit):
    page = visit()
    show(page, [[-1, 0], [1, 0], [0, 1]])
    at = "(place) => { const { x, y } = map.at(place); return [...map.node.querySelector('canvas').getContext('2d').getImageData(x, y, 1, 1).data]; }"
    assert [page.evaluate(at, place)[:3] for place in (0, 1)] == [[0, 114, 178], [213, 94, 0]]
    page.evaluate("map.set({ selected: [1] }); frames()")  # one is marked, and no other fades
    assert page.evaluate(at, 0)[:3] == [0, 114, 178]
    page.evaluate("map.set({ selected: [1, 2] }); frames()")
    assert [page.evaluate(at, place)[:3] for place in (0, 1)] == [[201, 202, 198], [213, 94, 0]]


# Zooming and panning.


@pytest.mark.parametrize("steps", [[-240, -240, -120], [-200, 150, -90]])
def test_zooming_keeps_what_is_under_the_pointer(visit, steps):
    page = visit()
    show(page, random_points(300))
    before, spot = where(page, 300), np.array([217, 92])
    page.mouse.move(*window(page, *spot))
    page.keyboard.down("Control")
    for step in steps:
        page.mouse.wheel(0, step)
        page.wait_for_timeout(30)
    page.wait_for_function("map.view.scale > 1.01")
    scale = page.evaluate("map.view.scale")
    assert where(page, 300) == pytest.approx(spot + (before - spot) * scale, abs=1e-3)


def test_a_wheel_scrolls_the_page_until_the_map_is_clicked(visit):
    page = visit()
    show(page, random_points(50))
    page.mouse.move(*window(page, 100, 100))
    page.mouse.wheel(0, 120)
    page.wait_for_function("scrollY > 0")
    assert page.evaluate("map.view.scale") == 1
    assert page.locator(".hl-scatter-hint").inner_text()
    page.evaluate("scrollTo(0, 0)")
    page.locator(".hl-scatter-top").focus()
    page.mouse.wheel(0, -120)
    page.wait_for_function("map.view.scale > 1")
    assert page.evaluate("scrollY") == 0


def test_dragging_moves_the_map_with_the_pointer(visit):
    page = visit()
    show(page, random_points(50))
    before = where(page, 50)
    page.mouse.move(*window(page, 100, 100))
    page.mouse.down()
    page.mouse.move(*window(page, 130, 80))
    page.mouse.move(*window(page, 140, 90))
    page.mouse.up()
    assert where(page, 50) == pytest.approx(before + (40, -10), abs=1e-3)
    assert said(page, "moved")[-1] == page.evaluate("map.view")
    assert said(page, "select") == []
    page.get_by_role("button", name="Show all").click()
    settled(page)
    assert where(page, 50) == pytest.approx(before, abs=1e-6)


def test_a_double_click_zooms_about_its_spot_and_keeps_the_selection(visit):
    page = visit()
    show(page, [[-1, -1], [1, 1], [1, -1]], selected=[2])
    before, spot = where(page, 3), np.array([70, 290])
    page.mouse.dblclick(*window(page, *spot))
    settled(page)
    assert where(page, 3) == pytest.approx(spot + (before - spot) * 2, abs=1e-3)
    page.wait_for_timeout(300)
    assert page.evaluate("map.selected") == [2]


def test_two_fingers_zoom_and_one_draws_the_lasso(visit):
    page = visit(has_touch=True)
    show(page, random_points(300))
    before = where(page, 300)
    touch = page.context.new_cdp_session(page)

    def fingers(kind, *spots):
        at = [
            dict(zip("xy", (corner(page) + spot).tolist(), strict=True), id=i)
            for i, spot in enumerate(spots)
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    fingers("touchStart", (140, 180), (220, 180))
    fingers("touchMove", (120, 180), (240, 180))
    fingers("touchMove", (100, 180), (260, 180))
    fingers("touchEnd")
    assert where(page, 300) == pytest.approx((before - 180) * 2 + 180, abs=0.1)

    page.get_by_role("button", name="Lasso").click()
    outline = [(60, 60), (300, 60), (300, 300), (60, 300)]
    fingers("touchStart", outline[0])
    for spot in outline[1:]:
        fingers("touchMove", spot)
    fingers("touchEnd")
    settled(page)
    expected = np.flatnonzero(within(np.array(outline, float), where(page, 300))).tolist()
    assert said(page, "select") == [expected]
    assert len(expected) > 20


# Motion.


def test_points_move_in_step_and_arrive_exactly(visit):
    page = visit(clock=True)
    first = np.array([[-1, -1], [1, 1], [-0.5, 0.5]], np.float32)
    second = np.array([[1, 0.9], [-1, -0.9], [0.25, 0.75]], np.float32)
    third = np.array([[-1, 1], [1, -1], [0.1, -0.3]], np.float32)
    page.evaluate("(points) => { scatter({ points }); }", first.ravel().tolist())
    page.clock.run_for(100)
    start = where(page, 3)
    page.evaluate(
        "(points) => map.set({ points: Float32Array.from(points) })", second.ravel().tolist()
    )
    assert where(page, 3) == pytest.approx(start)
    page.clock.run_for(310)
    middle = where(page, 3)
    expected = (SIDE / 2 - 30) * second * (1, -1) + SIDE / 2
    share = (middle - start) / (expected - start)
    assert share == pytest.approx(share[0, 0], abs=1e-4)  # all in step
    assert 0.4 < share[0, 0] < 0.6
    page.evaluate(
        "(points) => map.set({ points: Float32Array.from(points) })", third.ravel().tolist()
    )
    page.clock.run_for(16)
    assert where(page, 3) == pytest.approx(middle, abs=1)  # goes on from where it was
    page.clock.fast_forward(5000)  # the last frame is late
    assert not page.evaluate("map.moving")
    assert where(page, 3) == pytest.approx((SIDE / 2 - 30) * third * (1, -1) + SIDE / 2, abs=1e-4)


def test_nothing_moves_for_those_who_want_it_still(visit):
    page = visit(reduced_motion="reduce")
    show(page, [[-1, -1], [1, 1]])
    before = where(page, 2)
    page.evaluate("map.set({ points: Float32Array.of(1, 1, -1, -1) })")
    assert not page.evaluate("map.moving")
    assert where(page, 2) == pytest.approx(before[::-1])


def test_other_pictures_are_there_at_once_with_nothing_selected(visit):
    page = visit()
    show(page, random_points(20), selected=[3], hovered=4)
    page.evaluate("map.set({ points: Float32Array.of(0, 0, 1, 1, 2, 2) })")
    assert page.evaluate("[map.moving, map.selected, map.hovered]") == [False, [], None]
    page.evaluate(
        "map.set({ selected: [1], points: Float32Array.of(0, 0, 2, 2, 2, 3), fresh: true })"
    )
    assert page.evaluate("[map.moving, map.selected]") == [False, [1]]


# Keyboard.


def test_arrows_go_from_point_to_point(visit):
    page = visit()
    rows = [[x, y] for y in (1, 0, -1) for x in (-1, 0, 1)]
    show(page, rows)
    page.evaluate("map.set({ label: 'nine pictures', describe: (place) => `picture ${place}` })")
    canvas = page.get_by_role("application", name="nine pictures")
    canvas.focus()
    said_aloud = page.locator(".hl-spoken")
    for key, place in [
        ("ArrowLeft", 4),
        ("ArrowLeft", 3),
        ("ArrowUp", 0),
        ("ArrowUp", 0),
        ("ArrowRight", 1),
        ("ArrowDown", 4),
    ]:
        page.keyboard.press(key)
        page.evaluate("frames(2)")
        assert page.evaluate("map.hovered") == place
        assert said_aloud.inner_text() == f"picture {place}"
    assert said(page, "hover") == [4, 3, 0, 1, 4]
    page.keyboard.press("Enter")
    assert said(page, "choose") == [4]
    page.keyboard.press("+")
    settled(page)
    assert page.evaluate("map.view.scale") == pytest.approx(1.5)
    page.keyboard.press("0")
    settled(page)
    assert page.evaluate("map.view.scale") == 1
    page.keyboard.press("Escape")
    assert page.evaluate("[map.selected, map.hovered]") == [[], None]


def test_arrows_reach_points_at_one_place_and_out_of_sight(visit):
    page = visit()
    show(page, [[0, 0], [0, 0], [0, 0], [5, 0]], view={"x": -1, "y": 0, "scale": 6})
    page.locator(".hl-scatter-top").focus()
    reached = []
    for key in ["ArrowRight"] * 4 + ["ArrowLeft"] * 3:
        page.keyboard.press(key)
        reached.append(page.evaluate("map.hovered"))
    assert reached == [0, 1, 2, 3, 2, 1, 0]
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert 0 < where(page, 4)[3][0] < SIDE


# Pictures.


def test_pictures_shown_never_crowd_and_stay_when_coming_nearer(visit):
    page = visit()
    points = random_points(3000, 8) / 4
    distances = [0.3, 0.2, 0.1, 0.04, 0.01, 0.0001]
    shown = page.evaluate(
        """([points, distances]) => {
            const crowd = modules.scatterCrowd(floats(points));
            return distances.map((distance) => {
                const room = crowd.room(distance);
                return Array.from({ length: 3000 }, (_, i) => i).filter(room);
            });
        }""",
        [packed(points), distances],
    )
    before = set()
    for places, distance in zip(shown[:-1], distances, strict=False):
        apart = np.abs(points[places][:, None] - points[None]).max(
            axis=2
        )  # sideways or up and down
        among = apart[:, places] + np.eye(len(places)) * 9
        assert among.min() >= distance - 1e-6
        assert (
            apart.min(axis=0).max() < distance * np.sqrt(2) + 1e-6
        )  # wherever there is room, there is a picture
        assert before <= set(places)
        before = set(places)
    assert len(shown[-1]) == 3000


def test_pictures_come_and_go_at_different_counts(visit):
    page = visit()
    come, go = page.evaluate(
        """[false, true].map((before) => {
            const counts = Array.from({ length: 2000 }, (_, i) => i + 1);
            return counts.findLast((count) => modules.recognisable(before, count, 360, 360));
        })"""
    )
    assert come * 1.2 < go < 2000


def test_only_missing_thumbnails_in_sight_are_wanted(visit):
    page = visit(clock=True)
    grid = np.stack(np.meshgrid(np.arange(40), np.arange(40)), axis=2).reshape(-1, 2)
    page.evaluate(
        """(points) => {
            window.have = new Set([20 * 40 + 20]);
            scatter({ points, thumbnail: (place) => (have.has(place) ? tile(place) : undefined) });
        }""",
        grid.ravel().tolist(),
    )
    page.clock.run_for(500)
    assert said(page, "wants") == []  # 1600 points in sight: dots
    page.evaluate("map.set({ view: { x: 0.026, y: 0.026, scale: 2 } })")
    page.clock.run_for(50)
    assert said(page, "wants") == []  # not yet at rest
    page.clock.run_for(500)
    (asked,) = said(page, "wants")
    seen = where(page, 1600)
    reach = 20 * 2
    visible = np.flatnonzero(((seen > -reach) & (seen < SIDE + reach)).all(axis=1))
    assert len(set(asked)) == len(asked) <= 400
    assert set(asked) <= set(visible.tolist()) - {820}
    far = np.linalg.norm(seen[asked] - SIDE / 2, axis=1)
    assert (np.diff(far) >= -1e-6).all()
    shown = page.evaluate("map.pictures")
    assert shown
    page.evaluate(
        "(places) => { places.slice(0, 100).forEach((place) => have.add(place)); map.draw(); }",
        asked,
    )
    page.clock.run_for(500)
    again = said(page, "wants")[1:]
    assert not {place for places in again for place in places} & set(asked)  # once is enough


def test_no_more_than_400_are_wanted_at_once_from_the_middle_outwards(visit):
    page = visit()
    page.evaluate(
        """() => {
            const options = { wants: say("wants") };
            const lens = { width: 1000, height: 0 };
            const wants = modules.scatterWants({ at: (place) => ({ x: place, y: 0 }), lens, options });
            const missing = Array.from({ length: 1000 }, (_, i) => i);
            wants.notice(missing);
            setTimeout(() => wants.notice(missing), 200);
        }"""
    )
    page.wait_for_function("said.length === 2")
    first, second = said(page, "wants")
    assert sorted(first) == list(range(301, 701)) or sorted(first) == list(range(300, 700))
    assert first[0] == 500
    assert len(second) == 400
    assert not set(first) & set(second)


def test_a_picture_is_drawn_in_its_border_where_its_point_is(visit):
    page = visit()
    show(page, [[-1, 0], [1, 0]], wrong=[False, True])
    page.evaluate("map.set({ thumbnail: tile }); frames()")
    pixel = """([place, dx, dy]) => {
        const { x, y } = map.at(place);
        const data = map.node.querySelector("canvas").getContext("2d").getImageData(x + dx, y + dy, 1, 1).data;
        return [...data].slice(0, 3);
    }"""
    assert page.evaluate("map.pictures")
    assert page.evaluate(pixel, [0, 0, 0]) == [255, 0, 0]
    assert page.evaluate(pixel, [1, 0, 0]) == [0, 0, 255]
    side = next(step for step in range(40) if page.evaluate(pixel, [0, step, 0]) != [255, 0, 0])
    assert page.evaluate(pixel, [0, side + 1, 0]) == [0, 114, 178]
    assert page.evaluate(pixel, [0, side, -side]) == [0, 114, 178]
    assert page.evaluate(pixel, [1, side, -side]) == [27, 29, 31]  # the cross of a wrong answer


def test_what_sticks_out_on_one_side_is_not_seen_on_the_other(visit):
    page = visit()
    row = page.evaluate(
        """() => {
            const raster = modules.rasters.raster(60, 20);
            const canvas = new OffscreenCanvas(60, 20);
            const black = modules.rasters.number("#000");
            const white = modules.rasters.number("#fff");
            raster.fill(white);
            raster.put(-2, 10, raster.stamp("disc", 6.4), black);
            raster.box(55, 4, 40, 6, black);
            const ends = Uint32Array.from({ length: 160 }, (_, i) => (i % 40 < 30 ? white : black));
            raster.picture(-30, 14, 40, 4, ends);
            raster.show(canvas.getContext("2d"));
            const { data } = canvas.getContext("2d").getImageData(0, 0, 60, 20);
            return [7, 10, 15].map((y) => Array.from({ length: 60 }, (_, x) => data[4 * (60 * y + x)] < 128));
        }"""
    )
    assert np.flatnonzero(row[0]).tolist() == [0, 1, 2, 3, *range(55, 60)]
    assert np.flatnonzero(row[1]).tolist() == [0, 1, 2, 3, 4]
    assert np.flatnonzero(row[2]).tolist() == [*range(10)]


# Marks.


def test_labels_of_marks_keep_apart_and_inside(visit):
    page = visit()
    spread = np.random.default_rng(4).uniform(-0.3, 0.3, (8, 2))
    laid = page.evaluate(
        """(spots) => {
            const marks = spots.map((_, i) => ({ id: i, kind: "prompt", label: `a photo of a thing ${i}` }));
            const lens = modules.views.lens(modules.views.ALL, 360, 360);
            return modules.laid(marks, spots.flat(), lens, (text) => 6 * text.length).map(({ label }) => label);
        }""",
        spread.tolist(),
    )
    for box in laid:
        assert box["x"] >= 0
        assert box["x"] + box["w"] <= 360
    for a, b in combinations(laid, 2):
        apart_sideways = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert apart_sideways or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]


def test_marks_move_alone_and_outsiders_make_room(visit):
    page = visit()
    show(
        page,
        [[-1, -1], [1, 1]],
        marks=[{"id": "cat", "kind": "prompt", "x": 0, "y": 0, "label": "a cat"}],
        links=[["cat", 1]],
    )
    before = where(page, 2)
    page.evaluate(
        "map.set({ marks: [{ id: 'cat', kind: 'prompt', x: 0.5, y: 0, label: 'the cat' }] })"
    )
    assert page.evaluate("map.moving")
    assert where(page, 2) == pytest.approx(before)
    settled(page)
    assert where(page, 2) == pytest.approx(before)
    page.evaluate(
        "map.set({ marks: [{ id: 'cat', kind: 'photo', x: 3, y: 0, label: 'the cat', image: sheet }] })"
    )
    settled(page)
    after = where(page, 2)
    assert np.ptp(after[:, 0]) == pytest.approx(np.ptp(before[:, 0]) / 2, rel=1e-4)


# Without much to show.


@pytest.mark.parametrize(
    "points",
    [[], [[3, 4]], [[1e9, -1e9]] * 50, [[0, 0], [float("nan"), 1], [2, 2]], [[5, 5], [5, 9]]],
)
def test_little_or_odd_data_is_drawn_too(visit, points):
    page = visit()
    page.evaluate(
        """(points) => { scatter({ points: points.map((value) => value ?? NaN), empty: "No pictures yet.", thumbnail: tile }); }""",
        [None if value != value else value for value in np.ravel(points).tolist()],
    )
    settled(page)
    for key in ["ArrowRight", "Enter", "+", "0"]:
        page.locator(".hl-scatter-top").press(key)
    settled(page)
    assert page.locator(".hl-scatter-empty").inner_text() == ("" if points else "No pictures yet.")
    finite = np.isfinite(np.array(points, float).reshape(-1, 2)).all(axis=1)
    seen = where(page, len(points)).reshape(-1, 2)[finite] if len(points) else np.zeros((0, 2))
    assert ((seen > 0) & (seen < SIDE)).all()
    if len(set(map(tuple, points))) == 1:
        assert seen == pytest.approx(SIDE / 2)
    assert "NaN" not in page.evaluate("map.svg({ title: 'x' })")
    assert page.evaluate("Object.values(map.view).every(Number.isFinite)")


def test_a_map_taken_away_leaves_nothing_behind(visit):
    page = visit()
    show(page, random_points(30))
    page.evaluate("map.destroy()")
    assert page.locator(".hl-scatter").count() == 0
    page.evaluate("document.body.classList.toggle('dark'); frames()")


def test_the_theme_is_followed(visit):
    page = visit()
    show(page, random_points(30))
    ground = "[...map.node.querySelector('canvas').getContext('2d').getImageData(2, 2, 1, 1).data]"
    assert page.evaluate(ground) == [255, 255, 255, 255]
    page.evaluate("document.body.classList.add('dark'); frames(4)")
    assert page.evaluate(ground) == [0x19, 0x1C, 0x1F, 255]


# Export.

ODD = "<script>alert('\"1\" & 2')</script> ]]> \x00\x0b\ud800 caf\u00e9 \U0001f408"
SVG = "{http://www.w3.org/2000/svg}"


def test_svg_is_valid_and_holds_words_as_they_are(visit):
    page = visit()
    marks = [
        {"id": "p", "kind": "prompt", "x": 0, "y": 0, "label": "a <b> & c", "colour": '"/><x y="'}
    ]
    show(page, random_points(40), marks=marks, wrong=[i % 4 == 0 for i in range(40)])
    legend = [
        {"label": "cats & <dogs>", "colour": "#0072b2", "count": 12345},
        {"label": "wrong", "colour": "#d55e00", "wrong": True},
    ]
    text = page.evaluate(
        "([title, legend]) => map.svg({ title: `${title}\\ud800\\u0000`, caption: 'seed 0, n = 40', legend })",
        [ODD.replace("\ud800", "").replace("\x00", ""), legend],
    )
    root = ElementTree.fromstring(text)
    words = [node.text for node in root.iter(f"{SVG}text")]
    assert (
        root.find(f"{SVG}title").text
        == "<script>alert('\"1\" & 2')</script> ]]>  caf\u00e9 \U0001f408"
    )
    assert "cats & <dogs>  12,345" in words
    assert "a <b> & c" in words
    assert "seed 0, n = 40" in words
    inner = root.find(f"{SVG}svg")
    assert len(list(inner.iter(f"{SVG}circle"))) == 30
    assert len(list(inner.iter(f"{SVG}path"))) == 10
    assert root.find(f".//{SVG}script") is None
    assert root.find(f".//{SVG}x") is None
    at = np.array(
        [[float(node.get("cx")), float(node.get("cy"))] for node in inner.iter(f"{SVG}circle")]
    )
    right = where(page, 40)[[i for i in range(40) if i % 4]] - SIDE / 2
    assert at - 340 == pytest.approx(
        right * (340 - 30) / (SIDE / 2 - 30), abs=0.1
    )  # 680 wide on the sheet


def test_svg_holds_thumbnails_that_can_be_opened(visit):
    page = visit()
    show(page, [[-1, 0], [1, 0]])
    page.evaluate("map.set({ thumbnail: tile }); frames()")
    root = ElementTree.fromstring(page.evaluate("map.svg()"))
    images = [node.get("href") for node in root.iter(f"{SVG}image")]
    assert len(images) == 2
    for href, colour in zip(images, ([255, 0, 0], [0, 0, 255]), strict=True):
        picture = Image.open(
            io.BytesIO(base64.b64decode(href.removeprefix("data:image/jpeg;base64,")))
        )
        assert np.abs(np.asarray(picture, int).mean(axis=(0, 1)) - colour).max() < 6


def test_png_is_twice_as_sharp_on_white_with_its_legend(visit):
    page = visit()
    show(page, random_points(40))
    page.evaluate("document.body.classList.add('dark'); frames()")
    told = {
        "title": "A title",
        "caption": "word " * 60,
        "legend": [{"label": "cat", "colour": "#ff00ff", "count": 3}],
        "width": 500,
    }
    data = page.evaluate(
        """async (about) => {
            const bytes = new Uint8Array(await (await map.png(about)).arrayBuffer());
            return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
        }""",
        told,
    )
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), int)
    assert picture.shape[1] == 1000
    assert picture.shape[0] > 1000  # the map, and words around it
    assert (picture[0, 0] == 255).all()
    colours = set(np.unique(picture @ (1 << 16, 1 << 8, 1)).tolist())
    assert {0xFF00FF, 0x0072B2, 0xD55E00, 0x009E73} <= colours
    rows = np.flatnonzero((picture == (255, 0, 255)).all(axis=2).any(axis=1))
    assert rows.min() > 960  # the legend is below the map


def test_draw_times(visit):
    """Printed, not judged: how long a draw takes here, without a graphics card (-s shows it)."""
    page = visit()
    page.set_viewport_size({"width": 1000, "height": 1000})
    page.add_style_tag(content="#room { width: 900px; } #room > * { height: 932px; }")
    lattice = np.stack(np.meshgrid(np.arange(55), np.arange(55)), axis=2).reshape(-1, 2)[:3000]
    for points, pictures in ((lattice, 3000), (random_points(50_000), 0)):
        show(page, points)
        page.evaluate("map.set({ thumbnail: tile }); frames()")
        times = page.evaluate(
            """async () => {
                const ask = window.requestAnimationFrame;
                const times = [];
                window.requestAnimationFrame = (draw) => ask((time) => {
                    const start = performance.now();
                    draw(time);
                    times.push(performance.now() - start);
                });
                for (let i = 0; i < 10; i++) {
                    map.set({ view: { x: i / 1e4, y: 0, scale: 1 } });
                    await new Promise((done) => ask(() => ask(done)));
                }
                window.requestAnimationFrame = ask;
                return times.sort((a, b) => a - b);
            }"""
        )
        assert page.evaluate("map.pictures") == bool(pictures)
        drawn = len(times)
        assert drawn >= 9
        print(
            f"{len(points)} {'thumbnails' if pictures else 'dots'} on 900 x 900: {times[drawn // 2]:.1f} ms a draw"
        )
        page.evaluate("map.destroy()")
