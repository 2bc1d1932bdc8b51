"""Readers as runs, and reading pictures from a shell."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from ocrgen.__main__ import main
from ocrgen.readers.export import to_onnx
from ocrgen.readers.runs import FILE, default_reader, geometry_of, load, readers
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from tests.helpers.letters import drawn, png, unpacked
from tests.helpers.readers import picture, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def read_store(tmp_path_factory) -> RunStore:
    store = RunStore(tmp_path_factory.mktemp("readers"), shipped=None)
    train(store)
    return store


def test_a_reader_says_what_it_has_seen(read_store):
    (run,) = readers(read_store)
    reader, about = load(run)
    assert about["n_labelled"] == 1317 and about["dataset"] == "digits"
    assert run.request.learned_from == "real"
    report = json.loads((run.path / "report.json").read_text())
    assert report["accuracy"] == about["accuracy"] == run.request.accuracy > 0.9
    assert sum(map(sum, report["confusion"])) == report["n"] == 360
    assert geometry_of(about).min_stroke == 3.0


def test_a_reader_of_generated_digits_counts_its_generators_images(trained):
    (cvae, *_) = trained.list("train")
    run = train(trained, generator=cvae.name, samples=200, steps=20, n=100)
    try:
        assert run.request.learned_from == "cvae"
        assert run.request.n_labelled == 1317, "the generator has seen them all"
    finally:
        trained.delete(run)


def test_a_reader_of_some_images_says_so(store):
    run = train(store, n=50, augment=True, steps=10)
    assert run.request.n_labelled == 50


def test_read_as_json(read_store, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(read_store.root))
    files = {"good.png": picture([3, 1, 4]), "bad.png": b"no picture at all", "blank.png": None}
    buffer = io.BytesIO()
    Image.new("L", (200, 200), 255).save(buffer, "PNG")
    files["blank.png"] = buffer.getvalue()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in files] + [str(tmp_path / "missing.png")]
    name = readers(read_store)[0].name
    assert main(["read", *paths, "--reader", name, "--json"]) == 0, "one bad file does not stop the others"
    rows = json.loads(capsys.readouterr().out)
    assert [row["file"] for row in rows] == paths
    good, *bad = rows
    assert good["text"] == "314" and [c["character"] for c in good["characters"]] == [*"314"] and good["notes"] == []
    assert [c["index"] for c in good["characters"]] == [3, 1, 4]
    assert good["error"] is None and [d["digit"] for d in good["digits"]] == [3, 1, 4]
    for digit in good["digits"]:
        assert len(digit["probabilities"]) == 10 and sum(digit["probabilities"]) == pytest.approx(1, abs=1e-4)
        assert digit["digit"] == int(np.argmax(digit["probabilities"]))
        assert len(digit["box"]) == 4 and all(isinstance(v, int) for v in digit["box"])
    assert [d["box"][0] for d in good["digits"]] == sorted(d["box"][0] for d in good["digits"])
    for row in bad:
        assert (
            row["digits"] == row["characters"] == []
            and row["text"] == ""
            and len(row["error"]) > 10
            and "Traceback" not in row["error"]
        )


def test_what_was_noticed_stands_in_text_and_json(read_store, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(read_store.root))
    page = Image.open(io.BytesIO(picture([3, 1, 4])))
    dot = page.height * 3 // 4
    page.paste(20, (page.width // 3 - 9, dot, page.width // 3 + 9, dot + 18))
    exif, stored = Image.Exif(), page.transpose(Image.Transpose.ROTATE_90)
    exif[0x0112] = 6
    first, second = stored.convert("RGB"), Image.new("RGB", stored.size)
    first.save(tmp_path / "a.png", save_all=True, append_images=[second], exif=exif)
    expected = [
        "a.png was turned upright, as its EXIF data say.",
        "a.png holds an animation: its first frame was read.",
        "After digit 1, a mark that may be a decimal point or comma was left out.",
    ]
    arguments = ["read", str(tmp_path / "a.png"), "--reader", readers(read_store)[0].name]
    assert main([*arguments, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["notes"] == expected and row["text"] == "314"
    assert main(arguments) == 0
    assert capsys.readouterr().out.strip().endswith("  ".join(expected))


def test_nothing_but_bad_files_is_a_failure(read_store, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(read_store.root))
    (tmp_path / "x.png").write_bytes(b"")
    assert main(["read", str(tmp_path / "x.png"), "--reader", readers(read_store)[0].name]) == 2
    assert "x.png" in capsys.readouterr().err


def test_no_reader_yet(store):
    with pytest.raises(UserError, match="no OCR model of digits yet"):
        default_reader(store)


def test_the_best_reader_of_real_digits_reads_unless_another_is_named(read_store):
    worse = train(read_store, steps=10, n=20)
    try:
        assert default_reader(read_store).name != worse.name
    finally:
        read_store.delete(worse)


LETTERS = ("i", "n", "é", "ث", "ن")


@pytest.fixture(scope="module")
def lettered(tmp_path_factory) -> RunStore:
    """A store with a reader of letters with dots and accents."""
    folder = tmp_path_factory.mktemp("lettered")
    texts = {}
    for text in LETTERS:
        for seed in range(24):
            texts[f"{text}/{seed}.png"] = png(drawn(text, 64, 0.6, seed, "DejaVuSans"))
    store = RunStore(folder / "runs", shipped=None)
    train(store, label="letters", dataset=str(unpacked(folder / "own", texts)), steps=250, augment=True)
    return store


def test_a_picture_of_a_letter_is_one_character_with_all_its_parts(lettered, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(lettered.root))
    files = [tmp_path / f"{i}.png" for i in range(len(LETTERS))]
    for file, text in zip(files, LETTERS, strict=True):
        file.write_bytes(png(drawn(text, 400, 0.6, 90, "DejaVuSans")))
    assert main(["read", *map(str, files), "--reader", "letters", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["text"] for row in rows] == list(LETTERS)
    classes = tuple(sorted(LETTERS))
    for row, text in zip(rows, LETTERS, strict=True):
        assert list(row) == ["file", "text", "characters", "notes", "error"], "no digits where none are read"
        (character,) = row["characters"]
        assert character["character"] == text == classes[character["index"]]
        assert character["probability"] == character["probabilities"][character["index"]] > 0.3
        x, y, width, height = character["box"]
        pixels = np.argwhere(np.asarray(Image.open(row["file"])) < 100)
        top, left = pixels.min(0)
        bottom, right = pixels.max(0)
        assert abs(x - left) < 8 and abs(y - top) < 8, "the dots are in the box"
        assert abs(x + width - right) < 8 and abs(y + height - bottom) < 8
    assert main(["read", *map(str, files), "--reader", "letters"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.search(r"0\.png: i  \(i \d+%\)$", lines[0])
    assert re.search("3.png: \u2068ث\u2069  \\(\u2068ث\u2069 \\d+%\\)$", lines[3]), "right-to-left letters stand apart"


def test_a_readers_geometry_is_that_of_its_letters(lettered):
    about = load(lettered.get("letters"))[1]
    geometry = geometry_of(about)
    assert geometry.single and geometry.sizes[0] <= geometry.box <= geometry.sizes[1]
    del about["geometry"]
    assert geometry_of(about) == geometry, "where none is stored, it is measured anew"
    with pytest.raises(UserError, match="geometry is damaged"):
        geometry_of(about | {"geometry": {"box": "wide"}})


def test_letters_are_read_by_those_who_are_asked_for(lettered):
    with pytest.raises(UserError, match=r"no OCR model of digits yet: name one .* --reader: .*reader.* \(5 letters\)"):
        default_reader(lettered)
    digits = train(lettered, steps=5)
    try:
        assert default_reader(lettered).name == digits.name
    finally:
        lettered.delete(digits)


def test_letters_and_digits_do_not_teach_one_reader(lettered, trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(trained.root))
    (cvae, *_) = trained.list("train")
    dataset = lettered.get("letters").request.dataset
    assert main(["reader", "--dataset", dataset, "--generator", cvae.name, "--steps", "5"]) == 2
    assert "draws digits 0 to 9, and" in (told := capsys.readouterr().err) and "has 5 letters" in told
    trained.delete(next(run for run in trained.list("reader") if run.state == "failed"))


def test_the_onnx_model_says_what_its_classes_are(lettered):
    import onnx

    model = onnx.load_from_string(to_onnx(lettered.get("letters").path / "weights" / FILE))
    about = json.loads({p.key: p.value for p in model.metadata_props}["ocrgen"])
    assert about["classes"] == sorted(LETTERS)
    assert model.doc_string.startswith("Reads one handwritten letter")
    (output,) = model.graph.output
    assert output.type.tensor_type.shape.dim[1].dim_value == len(LETTERS)


@pytest.mark.parametrize(("samples", "k"), [(100, 100), (101, 28)])
def test_samples_are_drawn_of_every_class_in_turn(samples, k):
    from ocrgen.generators import generators
    from ocrgen.generators.sampling import draw, draw_total

    kind = generators()["cvae"]
    model = kind(kind.presets["fast"], tuple(f"w{i}" for i in range(k))).eval()
    drawn_images = draw_total(model, samples, 3)
    assert len(drawn_images) == samples and np.ptp(drawn_images.counts) <= 1
    assert np.array_equal(drawn_images.images, draw(model, -(-samples // k), 3).images[:samples])
    with pytest.raises(UserError, match="1 to 100,000"):
        draw_total(model, 100_001, 0)
