"""Sheets, cards and boards with digits on them, photographed on a table, and pictures that only look like that."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from ocrgen.datasets import Characters
from tests.helpers.photos import Draw, Photo
from tests.helpers.photos.pen import INKS, develop, pick, put, stroke

SKIN = np.array([[225, 180, 150], [200, 150, 120], [140, 95, 70], [90, 60, 45]], np.float32)


def _grain(rng: np.random.Generator, shape: tuple[int, int], sigma: float | tuple[float, float]) -> np.ndarray:
    """Random texture (H, W) of mean 0 and standard deviation 1."""
    sigmas = np.broadcast_to(sigma, 2)
    # What is much blurred is drawn smaller and enlarged, which takes less time.
    steps = np.maximum(1, sigmas // 3).astype(int)
    small = rng.normal(0, 1, np.array(shape) // steps + 1).astype(np.float32)
    y, x = sigmas / steps
    grain = cv2.resize(cv2.GaussianBlur(small, (0, 0), x, sigmaY=y), shape[::-1])
    return (grain - grain.mean()) / grain.std()


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image.astype(np.float32), (0, 0), max(0.3, sigma))


def _digit(image: np.ndarray, height: int) -> np.ndarray:
    """As `stroke`, which needs a few pixels of its own for each of the digit's, at any height."""
    times = -(-100 // height)
    ink = stroke(image, height * times)
    return cv2.resize(ink, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)


def _table(rng: np.random.Generator, shape: tuple[int, int], kind: str) -> np.ndarray:
    """What the sheet lies on: RGB float32 (H, W, 3)."""
    unit = max(shape) / 400
    if kind == "wood":
        tone = rng.uniform([70, 40, 20], [215, 165, 120]) * rng.uniform(0.75, 1)
        grain = _grain(rng, shape, (rng.uniform(0.8, 2.5) * unit, rng.uniform(15, 50) * unit)) * rng.uniform(0.04, 0.12)
        grain = grain + _grain(rng, shape, (12 * unit, 120 * unit)) * rng.uniform(0.02, 0.08)
        if rng.random() < 0.4:  # boards
            joints = (np.arange(shape[0]) + rng.integers(99)) % int(rng.uniform(60, 150) * unit) < 2 * unit
            grain = grain - 0.4 * joints[:, None]
        table = tone * (1 + grain[..., None])
        return (table if rng.random() < 0.6 else table[::-1]).astype(np.float32)
    if kind == "light":
        tone = np.repeat(rng.uniform(130, 205), 3) + rng.uniform(-25, 10, 3)
        return (tone + _grain(rng, shape, unit)[..., None] * rng.uniform(1, 6)).astype(np.float32)
    if kind == "patterned":
        first, second = rng.uniform(20, 230, (2, 3))
        second = second if np.abs(first - second).max() > 60 else 255 - first
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        angle, step = rng.uniform(0, np.pi), rng.uniform(12, 50) * unit
        u, v = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
        weave = [
            np.sin(2 * np.pi * u / step) > rng.uniform(-0.5, 0.5),
            (np.sin(2 * np.pi * u / step) > 0) ^ (np.sin(2 * np.pi * v / step) > 0),
            np.hypot(u % step - step / 2, v % step - step / 2) < step * rng.uniform(0.2, 0.4),
            _grain(rng, shape, step / 3) > rng.uniform(-0.5, 0.5),
        ][rng.integers(4)]
        mix = _blur(weave.astype(np.float32), 0.5)[..., None]
        return (first * mix + second * (1 - mix) + _grain(rng, shape, 0.7)[..., None] * rng.uniform(2, 8)).astype(
            np.float32
        )
    tone = np.repeat(rng.uniform(15, 95), 3) + rng.uniform(-12, 12, 3)
    return (tone + _grain(rng, shape, unit)[..., None] * rng.uniform(1, 6)).astype(np.float32)


def _writing(rng: np.random.Generator, pool: Characters, rows: list[int], shape: tuple[int, int]) -> tuple:
    """The ink (H, W), 0 to 1, of rows of so many digits on a sheet, and their text."""
    pen, texts = np.zeros(shape, np.float32), []
    tall = rng.uniform(0.28, 0.62) * min(shape) if rows == [1] else 0.62 * shape[0] / len(rows)
    tall = max(12, min(tall, 0.8 * shape[1] / max(rows)))
    block = tall * (1 + 1.45 * (len(rows) - 1))
    y = rng.uniform(0.1, 0.9) * max(0.0, 0.9 * shape[0] - block) + 0.05 * shape[0]
    for count in rows:
        picks = [pick(rng, pool) for _ in range(count)]
        strokes = [_digit(image, round(tall * rng.uniform(0.9, 1.05))) for image, _ in picks]
        gap = tall * rng.uniform(0.25, 0.5)
        width = sum(s.shape[1] for s in strokes) + gap * (count - 1)
        if width > 0.9 * shape[1]:
            strokes = [cv2.resize(s, None, fx=(f := 0.9 * shape[1] / width), fy=f) for s in strokes]
            gap, width = gap * f, 0.9 * shape[1]
        x = rng.uniform(0.1, 0.9) * (0.9 * shape[1] - width) + 0.05 * shape[1]
        for ink in strokes:
            put(pen, ink, round(y), round(x))
            x += ink.shape[1] + gap
        texts += [text for _, text in picks]
        y += 1.45 * tall
    return pen, "".join(texts)


def _paper(rng: np.random.Generator, pen: np.ndarray, kind: str) -> np.ndarray:
    """A sheet with ink (H, W) on it: RGB float32 (H, W, 3)."""
    paper, ink = rng.uniform(222, 252, 3) * [1, 1, rng.uniform(0.9, 1)], INKS[rng.integers(len(INKS))]
    if kind == "blackboard":
        paper, ink = rng.uniform(15, 70, 3) + [0, rng.uniform(0, 25), 0], rng.uniform(200, 250, 3)
    if kind == "coloured":
        paper = np.array([[250, 235, 120], [180, 225, 180], [245, 180, 190], [170, 205, 240]])[rng.integers(4)]
    sheet = paper + _grain(rng, pen.shape, 1)[..., None] * rng.uniform(0.5, 3)
    if kind in ("ruled", "squared"):
        step, thick = pen.shape[0] / rng.uniform(8, 22), max(1.2, max(pen.shape) * rng.uniform(0.0015, 0.003))
        rules = np.repeat((np.arange(pen.shape[0]) % step < thick)[:, None], pen.shape[1], 1)
        if kind == "squared":
            rules = rules | (np.arange(pen.shape[1]) % step < thick)
        rules = _blur(rules.astype(np.float32), 0.6)[..., None]
        sheet = sheet * (1 - rules) + paper * rng.uniform([0.5, 0.65, 0.8], [0.8, 0.88, 0.95]) * rules
    return (sheet * (1 - pen[..., None]) + ink * pen[..., None]).astype(np.float32)


def _corners(rng: np.random.Generator, shape: tuple[int, int], aspect: float, turn: float, share: float) -> np.ndarray:
    """Corners (4, 2) of a sheet on a photograph (H, W), clockwise from its top left, inside of it where it fits.

    aspect: its width to its height. turn: radians. share: of the photograph that it is to fill.
    """
    height, width = shape
    tall = np.sqrt(share * height * width / aspect)
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [aspect * tall / 2, tall / 2]
    away = rng.uniform(-0.25, 0.25, 2) / max(np.ptp(box, axis=0))
    corners = box / (1 + box @ away)[:, None] @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    extent = np.ptp(corners, axis=0)
    corners *= min(1, (0.97 * np.array([width, height]) / extent).min())
    free = np.array([width, height]) - np.ptp(corners, axis=0)
    return (corners - corners.min(0) + free * rng.uniform(0.1, 0.9, 2)).astype(np.float32)


def _lay(rng: np.random.Generator, sheet: np.ndarray, table: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The sheet, with its shadow, on the table: RGB float32 (H, W, 3)."""
    height, width = sheet.shape[:2]
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, corners)
    size = table.shape[1], table.shape[0]
    cover = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, size, flags=cv2.INTER_AREA)
    on_top = cv2.warpPerspective(sheet, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    reach = max(size) * rng.uniform(0.002, 0.012)
    shadow = _blur(np.roll(cover, rng.uniform(-reach, reach, 2).astype(int), (0, 1)), reach)
    table = table * (1 - rng.uniform(0, 0.5) * shadow[..., None])
    return on_top * cover[..., None] + table * (1 - cover[..., None])


def _hand(rng: np.random.Generator, page: np.ndarray, corners: np.ndarray, pen: np.ndarray) -> None:
    """Draw one to three fingers on the sheet, in place, at its bottom or the side that has more room beside the ink."""
    rows, columns = (np.flatnonzero((pen > 0.5).any(axis)) for axis in (1, 0))
    room = [1 - rows[-1] / pen.shape[0], 1 - columns[-1] / pen.shape[1], columns[0] / pen.shape[1]]
    a, b = [(2, 3), (1, 2), (0, 3)][int(np.argmax(room))]
    centre, tone = corners.mean(0), SKIN[rng.integers(len(SKIN))] * rng.uniform(0.85, 1)
    middle = corners[a] + (corners[b] - corners[a]) * rng.uniform(0.3, 0.7)
    out = (middle - centre) / np.linalg.norm(middle - centre)
    along = np.array([-out[1], out[0]])
    size = max(page.shape) * rng.uniform(0.035, 0.06)
    for k in range(rng.integers(1, 4)):
        reach = min(rng.uniform(0.8, 2.2) * size, max(room) * np.linalg.norm(middle - centre) * 1.4 - size)
        tip = middle + along * size * 2.2 * k - out * max(0, reach)
        layer = np.zeros(page.shape[:2], np.float32)
        end = tip + out * max(page.shape) * 1.5
        cv2.line(layer, tuple(map(int, tip)), tuple(map(int, end)), 1.0, max(3, int(2 * size)), cv2.LINE_AA)
        layer = _blur(layer, 1)[..., None]
        shade = tone * (1 + 0.06 * _grain(rng, page.shape[:2], size / 2)[..., None])
        page[:] = page * (1 - layer) + shade * layer


def _light(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : page.shape[0] * 1j, -1 : 1 : page.shape[1] * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    return page * (1 - rng.uniform(0.0, 0.3) * (np.cos(angle) * x + np.sin(angle) * y + 1.4) / 2.8)[..., None]


def _size(rng: np.random.Generator, smallest: int) -> tuple[int, int]:
    long = int(rng.integers(smallest, 1601))
    short = int(long * rng.uniform(0.6, 0.85))
    return (long, short) if rng.random() < 0.5 else (short, long)


def on_table(
    rng: np.random.Generator, pool: Characters, table: str = "wood", paper: str = "plain", rows: list[int] | None = None
) -> Photo:
    """A sheet that fills 25 to 95 % of the photograph."""
    rows = rows or [1]
    if table == "any":
        table = str(rng.choice(["wood", "dark", "light", "patterned"]))
    shape = _size(rng, 300 if rows == [1] else 600)
    turn = np.deg2rad(rng.uniform(-10, 10))
    share = rng.uniform(0.25, 0.9)
    if table == "tilted":
        table, turn, share = "wood", np.deg2rad(rng.uniform(12, 30) * rng.choice([-1, 1])), rng.uniform(0.25, 0.6)
    aspect = float(np.exp(rng.uniform(-0.5, 0.5)) if rows == [1] else rng.uniform(1, 1.9))
    outside, hand = table == "corner", table == "hand"
    kind = "wood" if table in ("corner", "hand") and rng.random() < 0.7 else table
    corners = _corners(rng, shape, aspect, turn, share)
    if outside:  # moved towards one corner of the photograph, and the sheet's own corner past it
        k = rng.integers(4)
        target = np.array([[0, 0], [shape[1], 0], shape[::-1], [0, shape[0]]], np.float32)[k]
        corners += target - corners[k] + (target - corners.mean(0)) * rng.uniform(0.03, 0.12)
    tall = int(max(np.linalg.norm(corners[1] - corners[2]), np.linalg.norm(corners[0] - corners[3])))
    wide = int(max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[3] - corners[2])))
    pen, text = _writing(rng, pool, rows, (tall, wide))
    if paper == "any":
        paper = str(rng.choice(["plain", "coloured", "ruled", "squared"]))
    page = _lay(rng, _paper(rng, pen, paper), _table(rng, shape, kind), corners)
    if hand:
        _hand(rng, page, corners, pen)
    return develop(rng, _light(rng, page), text)


def whiteboard(rng: np.random.Generator, pool: Characters) -> Photo:
    """A board with a frame on a wall, its writing in the colours of markers."""
    shape = _size(rng, 400)
    corners = _corners(rng, shape, float(rng.uniform(1, 1.8)), np.deg2rad(rng.uniform(-6, 6)), rng.uniform(0.35, 0.85))
    wide, tall = (int(np.linalg.norm(corners[0] - corners[k])) for k in (1, 3))
    pen, text = _writing(rng, pool, [int(rng.integers(1, 4))], (tall, wide))
    board = rng.uniform(225, 250, 3) * (1 - pen[..., None]) + INKS[rng.integers(len(INKS))] * pen[..., None]
    frame = max(2, int(max(wide, tall) * rng.uniform(0.01, 0.04)))
    framed = np.empty((tall + 2 * frame, wide + 2 * frame, 3), np.float32)
    framed[:] = np.repeat(rng.uniform(30, 190), 3)
    framed[frame:-frame, frame:-frame] = board
    wall = rng.uniform([120, 110, 90], [215, 215, 205]) + _grain(rng, shape, 1)[..., None] * rng.uniform(1, 4)
    return develop(rng, _light(rng, _lay(rng, framed, wall.astype(np.float32), corners)), text)


def no_sheet(rng: np.random.Generator, pool: Characters, kind: str) -> Photo:
    """One digit on paper that fills the photograph, with something on it that has straight sides as a sheet has."""
    shape = _size(rng, 200)
    short = min(shape)
    image, text = pick(rng, pool)
    ink = _digit(image, int(short * rng.uniform(0.2, 0.4)))
    pen = np.zeros(shape, np.float32)
    y, x = ((side - part) // 2 for side, part in zip(shape, ink.shape, strict=True))
    put(pen, ink, y, x)
    middle = np.array([shape[1], shape[0]]) / 2
    half = short * rng.uniform(0.3, 0.44)
    turn = np.deg2rad(rng.uniform(-4, 4))
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half * [1, rng.uniform(0.85, 1)]
    box = box @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + middle
    thick = max(1, int(short * rng.uniform(0.004, 0.05)))
    page = _paper(rng, pen, "plain")
    drawn = np.zeros(shape, np.float32)
    if kind == "box":
        cv2.polylines(drawn, [box.astype(np.int32)], True, 1.0, thick, cv2.LINE_AA)
    elif kind == "circle":
        cv2.circle(drawn, (int(middle[0]), int(middle[1])), int(half), 1.0, thick, cv2.LINE_AA)
    elif kind == "table":
        for k in range(3):
            for lines in (((0, k), (2, k)), ((k, 0), (k, 2))):
                a, b = (tuple(map(int, middle + half * 1.1 * (np.array(p) - 1) + half * 0.55)) for p in lines)
                cv2.line(drawn, a, b, 1.0, max(1, thick // 3), cv2.LINE_AA)
    elif kind == "hollow":  # a thick 0 with straight sides, and nothing in it
        page = _paper(rng, np.zeros(shape, np.float32), "plain")
        cv2.polylines(drawn, [box.astype(np.int32)], True, 1.0, int(short * rng.uniform(0.05, 0.15)), cv2.LINE_AA)
        text = "0"
    page = page * (1 - drawn[..., None]) + INKS[rng.integers(len(INKS))] * drawn[..., None]
    if kind == "shadow":  # of the phone, with three straight sides
        shade = np.zeros(shape, np.float32)
        box += (0, rng.uniform(0.2, 0.7) * half)
        box[2:] += (0, shape[0])
        cv2.fillPoly(shade, [box.astype(np.int32)], 1.0)
        shade = _blur(shade, short * rng.uniform(0.01, 0.04))
        page = page * (1 - rng.uniform(0.15, 0.4) * shade[..., None])
    return develop(rng, _light(rng, page), text)


def _of(draw: Callable[..., Photo], **how: object) -> Draw:
    return partial(draw, **how)


ON_TABLE: dict[str, Draw] = {
    **{
        f"sheet_{table}": _of(on_table, table=table)
        for table in ("wood", "dark", "light", "patterned", "tilted", "corner", "hand")
    },
    "sheet_coloured": _of(on_table, table="any", paper="coloured"),
    "sheet_ruled": _of(on_table, table="any", paper="ruled"),
    "sheet_squared": _of(on_table, table="any", paper="squared"),
    "sheet_blackboard": _of(on_table, table="light", paper="blackboard"),
    "sheet_whiteboard": whiteboard,
    "sheet_digits": _of(on_table, table="any", rows=[3]),
    "sheet_lines": _of(on_table, table="any", rows=[2, 3]),
}
NO_SHEET: dict[str, Draw] = {
    f"nosheet_{kind}": _of(no_sheet, kind=kind) for kind in ("box", "circle", "table", "hollow", "shadow")
}
CONDITIONS = ON_TABLE | NO_SHEET
