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
from ocrgen.ui.shared.classes import class_chooser
from ocrgen.utils.errors import UserError

WAYS = ("Sample", "Draw", "Upload", "Camera")
FORMATS = ("png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff")
CANVAS = 280
SAMPLES = 5  # of each class, to go through with "another"


@dataclass(frozen=True)
class Script:
    """What the chosen readers read: their data set's name, the classes' texts, and how characters are laid out."""

    dataset: str
    classes: tuple[str, ...]
    geometry: Geometry

    @property
    def noun(self) -> str:
        """What one of the classes is called."""
        return noun(self.classes)


@dataclass(frozen=True, eq=False)
class InputImage:
    """Characters of one picture: images uint8 (N, 28, 28); `page` uint8 (H, W, 3) with boxes drawn, of a picture.

    truth: the class of the one character, where it is known.
    """

    name: str
    images: np.ndarray
    page: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    truth: int | None = None


def image_input(script: Script) -> list[InputImage]:
    """Let the user choose a way and bring pictures; empty until there is one. Faults are shown, by file."""
    label = f"Bring a {script.noun}"
    way = st.segmented_control(label, WAYS, default="Sample", key="saliency_way", required=True, wrap=True)
    return {"Sample": sample, "Draw": draw, "Upload": upload, "Camera": camera}[way](script)


def sample(script: Script) -> list[InputImage]:
    """A real test image in one click."""
    chosen = class_chooser(
        script.classes, "saliency_digit", f"A real test {script.noun}", min(3, len(script.classes) - 1)
    )
    st.session_state.setdefault("saliency_nth", 0)
    if st.button("Another one", key="saliency_another", icon=":material/refresh:"):
        st.session_state["saliency_nth"] = (st.session_state["saliency_nth"] + 1) % SAMPLES
    try:
        images, source = samples(script.dataset, script.classes, str(data_root()))
    except UserError as fault:
        st.info(str(fault))
        return []
    text, found = script.classes[chosen], images[chosen]
    if not len(found):
        st.info(f"The {source} has no {shown(text)}.")
        return []
    nth = st.session_state["saliency_nth"] % len(found)
    return [InputImage(f"{source}: {article(text)} {shown(text)}", found[nth][None], truth=chosen)]


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


def draw(script: Script) -> list[InputImage]:
    """A drawing by mouse or finger; it survives every change of settings, and a visit to another page."""
    from streamlit_drawable_canvas import st_canvas

    if "saliency_canvas" not in st.session_state:
        st.session_state["saliency_initial"] = st.session_state.get("saliency_drawing")
    result = st_canvas(
        stroke_width=18, stroke_color="#111111", background_color="#FFFFFF", height=CANVAS, width=CANVAS,
        drawing_mode="freedraw", return_image_data=True, key="saliency_canvas",
        initial_drawing=st.session_state["saliency_initial"],
    )  # fmt: skip
    what = (
        f"one {script.noun}, with all its parts," if script.geometry.single else "one digit, or several side by side,"
    )
    st.caption(f"Draw {what} with the mouse or a finger.")
    if result.json_data is None or not result.json_data.get("objects"):
        return []
    if result.image_data is not None:  # a drawing that is shown again sends its pixels only when it is changed
        buffer = io.BytesIO()
        Image.fromarray(result.image_data).save(buffer, "PNG")
        st.session_state["saliency_drawing"] = result.json_data
        st.session_state["saliency_pixels"] = buffer.getvalue()
    pixels = st.session_state.get("saliency_pixels")
    return read([("Your drawing", pixels)], script.geometry) if pixels else []


def upload(script: Script) -> list[InputImage]:
    """Photographs and scans, several at once."""
    what = f"One {script.noun} a picture, with all its parts" if script.geometry.single else "One digit or several"
    files = st.file_uploader(
        f"Photographs or scans of handwritten {script.noun}s", FORMATS, True, key="saliency_upload",
        max_upload_size=MAX_BYTES >> 20,
        help=f"{what}, dark on light or light on dark. The pictures stay on this machine.",
    )  # fmt: skip
    return read([(f.name, f.getvalue()) for f in files[:12]], script.geometry)


def camera(script: Script) -> list[InputImage]:
    """A photograph taken here and now."""
    shot = st.camera_input(f"Hold the {script.noun} into the light", key="saliency_camera")
    return read([("Your photograph", shot.getvalue())] if shot else [], script.geometry)


@st.cache_data(max_entries=32, show_spinner="Looking for characters …")
def _read(name: str, data: bytes, geometry: Geometry):
    return read_picture(data, name, geometry)


def read(pictures: list[tuple[str, bytes]], geometry: Geometry) -> list[InputImage]:
    """Characters of pictures; one that cannot be read is named with what to do, and stops no other."""
    inputs = []
    for name, data in pictures:
        try:
            picture = _read(name, data, geometry)
        except UserError as fault:
            st.error(str(fault))
            continue
        images = np.stack([c.image for c in picture.characters])
        page = boxed(picture.image, [c.box for c in picture.characters])
        inputs.append(InputImage(name, images, page, tuple(picture.notes)))
    return inputs


def boxed(page: np.ndarray, boxes: list[tuple[int, int, int, int]]) -> np.ndarray:
    """A picture with numbered boxes around its characters."""
    picture = Image.fromarray(page).convert("RGB")
    pen = ImageDraw.Draw(picture)
    wide = max(2, max(page.shape[:2]) // 250)
    for i, (x, y, w, h) in enumerate(boxes, 1):
        pen.rectangle((x - wide, y - wide, x + w + wide, y + h + wide), outline=hue("cgan"), width=wide)
        if len(boxes) > 1:
            pen.text((x, max(0, y - 8 * wide)), str(i), fill=hue("cgan"), font_size=max(12, 7 * wide))
    return np.asarray(picture)
