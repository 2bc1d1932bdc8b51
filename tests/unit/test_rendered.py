"""Rendered characters: fonts that hold an alphabet, those that do not, and what is drawn of them."""

import json
import shlex
import shutil
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from ocrgen.cli.rendering import render
from ocrgen.datasets.alphabet import AlphabetError, split_characters
from ocrgen.generators import generators
from ocrgen.generators.glyphs import fonts as finding
from ocrgen.generators.glyphs.fonts import FAMILIES, find_fonts
from ocrgen.generators.glyphs.letters import BODIES, LETTERS
from ocrgen.generators.glyphs.strokes import handwritten
from ocrgen.generators.sampling import draw
from ocrgen.imaging.geometry import Geometry, stroke_widths
from ocrgen.readers.checkpoint import load_reader, stored_geometry
from ocrgen.readers.reading import read_file
from ocrgen.readers.request import ReaderRequest
from ocrgen.readers.runs import FILE, run_reader
from ocrgen.readers.typed import typed_geometry
from ocrgen.runs.jobs import Stop
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError

pytestmark = pytest.mark.slow

RENDERED = generators()["rendered"]


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def font_file(package: str = "fontpkg-caveat") -> Path:
    title = next(f.title for f in FAMILIES if f.package == package)
    return next(f.path for f in finding._of_packages() if f.family == title)


def rendered(texts: str, **settings):
    config = RENDERED.Config.model_validate(settings)
    return RENDERED(config, split_characters(texts)).prepare(Geometry()).eval()


def test_every_chosen_family_is_installed_and_draws():
    found = {f.family for f in finding._of_packages()}
    assert {f.title for f in FAMILIES} <= found
    assert all(finding.characters(f) for f in finding._of_packages())


def test_a_font_that_lacks_a_character_is_not_used(tmp_path):
    """Without a look at the character map it would draw the empty box of `.notdef`, and teach that as a B."""
    without = TTFont(font_file())
    for table in without["cmap"].tables:
        table.cmap = {code: name for code, name in table.cmap.items() if code != ord("B")}
    (tmp_path / "fonts").mkdir()
    without.save(tmp_path / "fonts" / "NoB.ttf")
    assert "NoB" in {f.family for f in find_fonts(["A", "C"], str(tmp_path / "fonts"))}
    assert "NoB" not in {f.family for f in find_fonts(["A", "B"], str(tmp_path / "fonts"))}


def test_a_class_that_no_font_has_is_named(store):
    with pytest.raises(UserError, match="No font here has \U0001f9ff"):
        rendered("A\U0001f9ffB")


def test_a_text_too_long_to_draw_is_refused(store):
    with pytest.raises(UserError, match="'check' cannot be rendered"):
        rendered("check cross")


def test_a_damaged_font_beside_a_good_one_is_passed_over(store, tmp_path):
    folder = tmp_path / "fonts"
    folder.mkdir()
    shutil.copy(font_file(), folder / "Good.ttf")
    content = font_file("fontpkg-delius").read_bytes()
    (folder / "Cut.ttf").write_bytes(content[: len(content) // 3])
    (folder / "Text.ttf").write_text("no font")
    (folder / "Empty.otf").write_bytes(b"")
    families = {f.family for f in find_fonts(["A", "B"], str(folder))}
    assert "Good" in families and not families & {"Text", "Empty"}
    assert draw(rendered("AB", fonts=str(folder)), 2, 0).images.any((1, 2)).all()


def test_a_folder_without_a_readable_font_is_told(tmp_path):
    (tmp_path / "Text.ttf").write_text("no font")
    with pytest.raises(UserError, match="holds no font file that can be read"):
        find_fonts(["A", "B"], str(tmp_path))
    with pytest.raises(UserError, match="is no folder"):
        find_fonts(["A", "B"], str(tmp_path / "nowhere"))


def test_a_folder_with_500_fonts_is_used_in_part(store, tmp_path):
    for i in range(500):
        (tmp_path / f"Font{i:03d}.ttf").symlink_to(font_file())
    model = rendered("0123456789", fonts=str(tmp_path), style="print")
    assert 1000 < len(model.sampler.fields) <= 3000
    assert draw(model, 1, 0).images.any((1, 2)).all()


def test_the_same_seed_draws_the_same_from_the_cache_and_anew(store):
    first = draw(rendered("AB"), 5, 3).images
    assert list((store / ".glyphs").glob("*.npz"))
    again = draw(rendered("AB"), 5, 3).images
    shutil.rmtree(store / ".glyphs")
    anew = draw(rendered("AB"), 5, 3).images
    assert np.array_equal(first, again) and np.array_equal(first, anew)
    assert not np.array_equal(first, draw(rendered("AB"), 5, 4).images)


def test_a_damaged_cache_is_made_anew(store):
    first = draw(rendered("AB"), 5, 3).images
    (file,) = (store / ".glyphs").glob("*.npz")
    file.write_bytes(file.read_bytes()[:1000])
    assert np.array_equal(first, draw(rendered("AB"), 5, 3).images)


def test_digits_lie_as_those_of_mnist_do(store):
    images = draw(rendered("0123456789"), 30, 0).images.astype(float)
    inked = images > 64
    heights, widths = (inked.any(axis).sum(1) for axis in (2, 1))
    assert 18 <= np.median(np.maximum(heights, widths)) <= 21
    mass = images.sum((1, 2))
    rows, columns = ((images.sum(axis) @ np.arange(28)) / mass for axis in (2, 1))
    assert abs(rows.mean() - 14) < 0.5 and abs(columns.mean() - 14) < 0.5


def test_strokes_are_as_thick_as_asked(store):
    thin, thick = (draw(rendered("0123456789", thin=w, thick=w, forms=1), 20, 0).images for w in (1.5, 4))
    assert thick.mean() > 1.6 * thin.mean()


def test_layouts_of_letters_keep_their_sizes(store):
    geometry = Geometry(box=15, single=True, sizes=(7.0, 24.0))
    model = RENDERED(RENDERED.Config(), ("ا", "س", "د")).prepare(geometry).eval()
    images = draw(model, 60, 0).images
    inked = images > 64
    sides = np.maximum(inked.any(2).sum(1), inked.any(1).sum(1)).reshape(60, 3)
    assert sides[:, 2].mean() < sides[:, 1].mean() and sides.std(0).min() > 1


@pytest.mark.parametrize(
    ("typed", "classes"),
    [("ABCA", ("A", "B", "C")), (" A  B\nSS ", ("A", "B", "SS")), ("e\u0301a", ("\u00e9", "a")), ("بت", ("ب", "ت"))],
)
def test_typed_characters_become_classes(typed, classes):
    assert split_characters(typed) == classes


def test_one_character_is_no_alphabet():
    with pytest.raises(AlphabetError, match="1 class"):
        split_characters("AAA")


def test_a_reader_learns_typed_characters_without_a_labelled_image(store):
    """It reads capitals of a family that it has never seen, as a page sets them; wide ones are not cut in two."""
    runs = RunStore(store, shipped=None)
    settings = ReaderRequest(dataset="", characters="AMW", samples=1500, steps=150).model_dump()
    run = runs.create("reader", settings, "typed")
    run_reader(run, Stop(run), lambda step, total: None)
    assert run.request.n_labelled == 0 and run.request.accuracy is None and run.request.learned_from == "rendered"
    reader, metadata = load_reader(run.path / "weights" / FILE)
    serif = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
    sheet = Image.new("L", (860, 300), 235)
    ImageDraw.Draw(sheet).text((60, 70), "W A M", fill=30, font=ImageFont.truetype(serif, 140))
    picture = store / "sheet.png"
    sheet.save(picture)
    assert read_file(picture, reader, stored_geometry(metadata))["text"].replace(" ", "") == "WAM"


@pytest.mark.parametrize(("texts", "single"), [("ABC", False), ("ijk", True), ("0123456789", False)])
def test_letters_of_several_pieces_stand_one_in_a_picture(store, texts, single):
    assert typed_geometry(draw(rendered(texts), 50, 0)).single is single


def test_noise_of_any_size_stays_in_range():
    model = RENDERED(RENDERED.Config()).eval()
    noise = torch.full((20, model.noise_size), 50.0)
    images = model.decode(torch.cat([noise, -noise]), torch.arange(40) % 10)
    assert images.shape == (40, 28, 28)


@pytest.mark.parametrize("style", ["handwriting", "print", "pens"])
def test_no_character_comes_out_blank(store, style):
    """The Arabic zero is a dot, with much space around it in a font: enlarged by that, it once was drawn as nothing."""
    config = RENDERED.presets[style].model_dump()
    for texts in ("٠١٢٣٤٥٦٧٨٩", "0123456789"):
        assert draw(rendered(texts, **config), 60, 0).images.max((1, 2)).min() > 100


def test_blank_images_have_no_look_to_take(store):
    model = RENDERED(RENDERED.Config(), tuple("AB")).prepare(Geometry(), np.zeros((5, 28, 28), np.uint8)).eval()
    assert np.array_equal(draw(model, 3, 0).images, draw(rendered("AB"), 3, 0).images)


@pytest.mark.parametrize("least, most", [(1.6, 2.2), (3.0, 4.5)])
def test_strokes_become_as_wide_as_those_of_a_data_set(store, least, most):
    like = draw(rendered("ABCDEF", thin=least, thick=most), 100, 1).images
    config = RENDERED.Config()
    fitted = RENDERED(config, tuple("ABCDEF")).prepare(Geometry(), like).eval()
    wanted, found = (np.median(stroke_widths(x)) for x in (like, draw(fitted, 100, 2).images))
    unfitted = np.median(stroke_widths(draw(rendered("ABCDEF"), 100, 2).images))
    assert abs(found - wanted) < 0.2 < abs(unfitted - wanted)


def test_an_outlined_pen_leaves_its_stroke_hollow(store):
    config = {"thin": 5, "thick": 5, "pressure": 0, "rotation": 0, "slant": 0, "bend": 0, "tremble": 0}
    filled, hollow = (draw(rendered("I L", outlined=k, **config), 50, 0).images for k in (0, 1))
    assert hollow.sum() < 0.8 * filled.sum()
    assert (hollow.max((1, 2)) > 150).all()


@pytest.mark.parametrize("text", LETTERS)
def test_every_arabic_letter_has_handwritten_forms(text):
    rng = np.random.default_rng(0)
    drawings = list(handwritten(text, rng, 12))
    bodies, dots, _ = LETTERS[text]
    assert len(drawings) == 12
    assert all(np.isfinite(np.concatenate(d.strokes)).all() for d in drawings)
    plain = [1 + form.split(" @ ")[0].count("|") for form in BODIES[bodies]]
    extra = [len(d.strokes) - plain[i % len(plain)] for i, d in enumerate(drawings)]
    assert min(extra) > 0 if dots else not any(extra)


def test_the_command_in_a_file_draws_the_same_file_again(store, tmp_path, monkeypatch):
    (tmp_path / "my fonts").mkdir()
    shutil.copy(font_file(), tmp_path / "my fonts")
    monkeypatch.chdir(tmp_path)
    asked = ["--characters", "A ß", "--per-class", "3", "--seed", "5", "--style", "print", "--fonts", "my fonts"]
    render([*asked, "--out", "first.npz"])
    with np.load("first.npz") as file:
        first, facts = file["images"], json.loads(str(file["provenance"]))
    Path("first.npz").unlink()
    render(shlex.split(facts["command"])[4:])
    with np.load("first.npz") as file:
        assert np.array_equal(first, file["images"])
