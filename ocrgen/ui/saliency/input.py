"""Ways to bring a character: a sample, a drawing, a photograph; each ends as 28x28 pixels with a word on how."""

import io
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from ocrgen.datasets import DataError, data_root, load_data, title
from ocrgen.datasets.alphabet import are_digits, article, noun, shown
from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import MAX_BYTES
from ocrgen.imaging.geometry import Geometry
from ocrgen.plots.style import hue
from ocrgen.readers.network import Reader
from ocrgen.readers.wholeness import judge_of
from ocrgen.ui.saliency.classes import choose_class
from ocrgen.ui.shared.address import give, one_of, take
from ocrgen.ui.shared.markup import literal
from ocrgen.utils.errors import UserError

WAYS = ("Sample", "Draw", "Upload", "Camera")
FORMATS = ("png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff")
CANVAS = 280
MOST = 12  # pictures at a time
SAMPLES = 5  # of each class, to go through with "another"


@dataclass(frozen=True)
class Script:
    """What the chosen OCR models read: their data set's name, the classes' texts, and how characters are laid out.

    judge: the first of them, which decides where characters that touch are cut; judge_key: unique to it.
    """

    dataset: str
    classes: tuple[str, ...]
    geometry: Geometry
    judge: Reader
    judge_key: str

    @property
    def noun(self) -> str:
        """What one of the classes is called."""
        return noun(self.classes)


@dataclass(frozen=True, eq=False)
class InputImage:
    """Characters of one picture: images uint8 (N, 28, 28); `page` uint8 (H, W, 3) with boxes drawn, of a picture.

    key: unique among all that are shown. name: for people. truth: the class of the one character, where it is known.
    """

    key: str
    name: str
    images: np.ndarray
    page: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    truth: int | None = None


def image_input(script: Script) -> list[InputImage]:
    """Let the user choose a way and bring pictures, the newest first; empty until there is one. Faults are shown."""
    ways, key = WAYS, "saliency_way"
    if not script.dataset:  # of characters that were typed there are no real images
        ways, key = WAYS[1:], "saliency_way_typed"
    way = one_of(
        st.segmented_control, "Choose an image", ways, name="source", key=key, required=True, wrap=True
    )  # fmt: skip
    if st.session_state.get("saliency_last_way", way) != way:  # by a click, a link, or the way back
        clear_drawing()
    st.session_state["saliency_last_way"] = way
    return {"Sample": sample, "Draw": draw, "Upload": upload, "Camera": camera}[way](script)


def sample(script: Script) -> list[InputImage]:
    """A real test image in one click."""
    first = min(3, len(script.classes) - 1)
    chosen = choose_class(script.classes, f"Test {script.noun}", name="class", key="saliency_digit", default=first)
    take("sample", "saliency_nth", _read_nth)
    nth = st.session_state.setdefault("saliency_nth", 1)
    if st.button("Another sample", key="saliency_another", icon=":material/refresh:"):
        nth = st.session_state["saliency_nth"] = nth % SAMPLES + 1
    give("sample", [str(nth)])
    try:
        images, source = samples(script.dataset, script.classes, str(data_root()))
    except UserError as fault:
        st.info(str(fault))
        return []
    text, found = script.classes[chosen], images[chosen]
    if not len(found):
        st.info(f"The {source} has no {shown(text)}.")
        return []
    image = found[(nth - 1) % len(found)]
    return [InputImage("sample", f"{source}: {article(text)} {shown(text)}", image[None], truth=chosen)]


def _read_nth(texts: list[str]) -> int | None:
    if texts[0] in map(str, range(1, SAMPLES + 1)):
        return int(texts[0])
    st.warning(f"The link asks for sample “{texts[0][:80]}”, which is not from 1 to {SAMPLES}.")
    return None


@st.cache_data(max_entries=4, show_spinner=False)
def samples(dataset: str, classes: tuple[str, ...], root: str) -> tuple[list[np.ndarray], str]:
    """Test images of each class, up to SAMPLES, uint8 (n, 28, 28) each, and where they are from.

    Digits are taken from the bundled ones where the data set is not at hand. DataError if others are not, or if they
    are not of these classes any more. root: the folder of the data, part of the cache key.
    """
    try:
        test, source = load_data(dataset).test.relabelled(classes), title(dataset)
    except DataError:
        if not are_digits(classes):
            raise
        test, source = load_data("digits").test, "bundled digits"
    return [test.images[test.labels == c][:SAMPLES] for c in range(len(classes))], f"{source} test set"


def clear_drawing() -> None:
    """Forget the drawing; a canvas of another key is an empty one."""
    state = st.session_state
    state["saliency_canvases"] = state.get("saliency_canvases", 0) + 1
    for name in ("saliency_drawing", "saliency_pixels"):
        state.pop(name, None)


def draw(script: Script) -> list[InputImage]:
    """A drawing by mouse or finger; it survives every change of settings, and a visit to another page."""
    from streamlit_drawable_canvas import st_canvas

    state = st.session_state
    key = f"saliency_canvas_{state.setdefault('saliency_canvases', 0)}"
    if key not in state:
        state["saliency_initial"] = state.get("saliency_drawing")
    what = "with all its parts," if script.geometry.single else "or several side by side,"
    st.caption(f"Draw one {script.noun}, {what} with the mouse or a finger.")
    result = st_canvas(
        stroke_width=18, stroke_color="#111111", background_color="#FFFFFF", height=CANVAS, width=CANVAS,
        drawing_mode="freedraw", return_image_data=True, key=key, initial_drawing=state["saliency_initial"],
    )  # fmt: skip
    st.button("Clear", on_click=clear_drawing, key="saliency_clear", icon=":material/delete:")
    if result.json_data is None or not result.json_data.get("objects"):
        return []
    if result.image_data is not None:  # a drawing that is shown again sends its pixels only when it is changed
        buffer = io.BytesIO()
        Image.fromarray(result.image_data).save(buffer, "PNG")
        state["saliency_drawing"] = result.json_data
        state["saliency_pixels"] = buffer.getvalue()
    pixels = state.get("saliency_pixels")
    return read([("drawing", "Your drawing", pixels)], script) if pixels else []


def upload(script: Script) -> list[InputImage]:
    """Photographs and scans, several at once."""
    one = f"One {script.noun}"
    what = f"{one} a picture, with all its parts" if script.geometry.single else f"{one} or several"
    files = st.file_uploader(
        f"Photos or scans of handwritten {script.noun}s", FORMATS, True, key="saliency_upload",
        max_upload_size=MAX_BYTES >> 20,
        help=f"{what}, dark on light or light on dark. The pictures stay on the machine that runs this dashboard.",
    )  # fmt: skip
    if (older := len(files) - MOST) > 0:
        which = "the oldest one is" if older == 1 else f"the {older} oldest are"
        st.warning(f"{MOST} of {len(files)} pictures are shown, {which} not: remove some above to see the others.")
    names = told_apart([f.name for f in files])
    pictures = [(f.file_id, name, f.getvalue()) for f, name in zip(files, names, strict=True)]
    return read(pictures[::-1][:MOST], script)


def told_apart(names: list[str]) -> list[str]:
    """File names in which each that has come before has its number: phones call every photograph image.jpg."""
    return [f"{name} ({n})" if (n := names[:i].count(name) + 1) > 1 else name for i, name in enumerate(names)]


def camera(script: Script) -> list[InputImage]:
    """A photograph taken here and now."""
    shot = st.camera_input(f"Hold the {script.noun} into the light", key="saliency_camera")
    return read([("camera", "Your photo", shot.getvalue())] if shot else [], script)


@st.cache_data(max_entries=32, show_spinner="Looking for characters …")
def _read(name: str, data: bytes, geometry: Geometry, judge_key: str, _judge: Reader):
    return read_picture(data, name, geometry, judge_of(_judge))


def read(pictures: list[tuple[str, str, bytes]], script: Script) -> list[InputImage]:
    """Characters of pictures (key, name, bytes); one that cannot be read is named, and stops no other."""
    inputs = []
    for key, name, data in pictures:
        try:
            picture = _read(name, data, script.geometry, script.judge_key, script.judge)
        except UserError as fault:
            st.error(literal(str(fault)))
            continue
        images = np.stack([c.image for c in picture.characters])
        page = marked(picture.image, [c.box for c in picture.characters], getattr(picture, "outline", None))
        inputs.append(InputImage(key, name, images, page, tuple(picture.notes)))
    return inputs


def marked(page: np.ndarray, boxes: list[tuple[int, int, int, int]], outline: np.ndarray | None) -> np.ndarray:
    """A picture with numbered boxes around its characters, and the outline (4, 2) of the paper that was found."""
    picture = Image.fromarray(page).convert("RGB")
    pen = ImageDraw.Draw(picture)
    wide = max(2, max(page.shape[:2]) // 250)
    if outline is not None:
        corners = [(float(x), float(y)) for x, y in outline]
        pen.line([*corners, corners[0]], fill=hue("cvae"), width=wide, joint="curve")
    for i, (x, y, w, h) in enumerate(boxes, 1):
        pen.rectangle((x - wide, y - wide, x + w + wide, y + h + wide), outline=hue("cgan"), width=wide)
        if len(boxes) > 1:
            pen.text((x, max(0, y - 8 * wide)), str(i), fill=hue("cgan"), font_size=max(12, 7 * wide))
    return np.asarray(picture)
