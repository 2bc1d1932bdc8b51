"""Ways to bring a digit: a sample, a drawing, a photograph; each ends as digits of 28x28 with a word on how."""

import io
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from ocrgen.datasets import DataError, load_data
from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import MAX_BYTES
from ocrgen.imaging.geometry import Geometry
from ocrgen.plots.style import hue
from ocrgen.utils.errors import UserError

WAYS = ("Sample", "Draw", "Upload", "Camera")
FORMATS = ("png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff")
CANVAS = 280
SAMPLES = 5  # of each digit, to go through with "another"


@dataclass(frozen=True, eq=False)
class InputImage:
    """Characters of one picture: images uint8 (N, 28, 28); `page` uint8 (H, W, 3) with boxes drawn, of a picture."""

    name: str
    images: np.ndarray
    page: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def image_input(dataset: str, geometry: Geometry) -> list[InputImage]:
    """Let the user choose a way and bring pictures; empty until there is one. Faults are shown, by file."""
    way = st.segmented_control("Bring a digit", WAYS, default="Sample", key="saliency_way", required=True, wrap=True)
    return {"Sample": sample, "Draw": draw, "Upload": upload, "Camera": camera}[way](dataset, geometry)


def sample(dataset: str, geometry: Geometry) -> list[InputImage]:
    """A real test digit in one click."""
    digit = st.pills("A real test digit", range(10), default=3, key="saliency_digit", required=True, wrap=True)
    st.session_state.setdefault("saliency_nth", 0)
    if st.button("Another one", key="saliency_another", icon=":material/refresh:"):
        st.session_state["saliency_nth"] = (st.session_state["saliency_nth"] + 1) % SAMPLES
    try:
        images, source = samples(dataset)
    except UserError as fault:
        st.info(str(fault))
        return []
    return [InputImage(f"{source}: a {digit}", images[digit][st.session_state["saliency_nth"]][None])]


@st.cache_data(max_entries=4, show_spinner=False)
def samples(dataset: str) -> tuple[np.ndarray, str]:
    """Test digits uint8 (10, SAMPLES, 28, 28) of a data set; the bundled ones where it is not at hand."""
    try:
        test, source = load_data(dataset).test, dataset
    except DataError:
        test, source = load_data("digits").test, "bundled digits"
    return np.stack([test.images[test.labels == c][:SAMPLES] for c in range(10)]), f"{source} test set"


def draw(dataset: str, geometry: Geometry) -> list[InputImage]:
    """A digit drawn by mouse or finger; it survives every change of settings, and a visit to another page."""
    from streamlit_drawable_canvas import st_canvas

    if "saliency_canvas" not in st.session_state:
        st.session_state["saliency_initial"] = st.session_state.get("saliency_drawing")
    result = st_canvas(
        stroke_width=18, stroke_color="#111111", background_color="#FFFFFF", height=CANVAS, width=CANVAS,
        drawing_mode="freedraw", return_image_data=True, key="saliency_canvas",
        initial_drawing=st.session_state["saliency_initial"],
    )  # fmt: skip
    st.caption("Draw one digit, or several side by side, with the mouse or a finger.")
    if result.json_data is None or not result.json_data.get("objects"):
        return []
    if result.image_data is not None:  # a drawing that is shown again sends its pixels only when it is changed
        buffer = io.BytesIO()
        Image.fromarray(result.image_data).save(buffer, "PNG")
        st.session_state["saliency_drawing"] = result.json_data
        st.session_state["saliency_pixels"] = buffer.getvalue()
    pixels = st.session_state.get("saliency_pixels")
    return read([("Your drawing", pixels)], geometry) if pixels else []


def upload(dataset: str, geometry: Geometry) -> list[InputImage]:
    """Photographs and scans, several at once."""
    files = st.file_uploader(
        "Photographs or scans of handwritten digits", FORMATS, True, key="saliency_upload",
        max_upload_size=MAX_BYTES >> 20,
        help="One digit or several, dark on light or light on dark. The pictures stay on this machine.",
    )  # fmt: skip
    return read([(f.name, f.getvalue()) for f in files[:12]], geometry)


def camera(dataset: str, geometry: Geometry) -> list[InputImage]:
    """A photograph taken here and now."""
    shot = st.camera_input("Hold the digit into the light", key="saliency_camera")
    return read([("Your photograph", shot.getvalue())] if shot else [], geometry)


@st.cache_data(max_entries=32, show_spinner="Looking for digits …")
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
        images = np.stack([d.image for d in picture.digits])
        inputs.append(
            InputImage(name, images, boxed(picture.image, [d.box for d in picture.digits]), tuple(picture.notes))
        )
    return inputs


def boxed(page: np.ndarray, boxes: list[tuple[int, int, int, int]]) -> np.ndarray:
    """A picture with numbered boxes around its digits."""
    picture = Image.fromarray(page).convert("RGB")
    pen = ImageDraw.Draw(picture)
    wide = max(2, max(page.shape[:2]) // 250)
    for i, (x, y, w, h) in enumerate(boxes, 1):
        pen.rectangle((x - wide, y - wide, x + w + wide, y + h + wide), outline=hue("cgan"), width=wide)
        if len(boxes) > 1:
            pen.text((x, max(0, y - 8 * wide)), str(i), fill=hue("cgan"), font_size=max(12, 7 * wide))
    return np.asarray(picture)
