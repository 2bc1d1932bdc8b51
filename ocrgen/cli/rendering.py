"""The verb that renders characters from fonts and pen strokes: `render`."""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from ocrgen.cli.common import Bar, check_out, data_set, parse, write_out
from ocrgen.utils.errors import UserError


def render(args: list[str]) -> int:
    """Render characters from fonts, without any training: render (DATASET | --characters TEXT) --out FILE ..."""

    def command(
        dataset: Positional[str] = "",
        *,
        out: Path,
        characters: str = "",
        per_class: int = 100,
        seed: int = 0,
        style: Literal["handwriting", "print"] = "handwriting",
        fonts: str = "",
    ) -> tuple[str, Path, str, int, int, str, str]:
        """Render labelled characters from fonts, pen strokes and handwritten forms into one file.

        Args:
            dataset: a data set, or a path to your own: its characters, laid out as they are there.
            out: FILE.npz (arrays images, labels, classes) or FILE.zip (one folder per class, PNG).
            characters: the characters to render, instead of those of a data set: "ABCDEF", or texts between spaces.
            per_class: images of each class; 100,000 at most in all.
            seed: the same seed draws the same images.
            style: the paths of a pen, or the outlines of the fonts.
            fonts: a folder with fonts of your own, used beside the lab's.
        """
        return dataset, out, characters, per_class, seed, style, fonts

    dataset, out, characters, per_class, seed, style, fonts = parse(command, "render", args)
    from ocrgen import __version__
    from ocrgen.datasets import load_data
    from ocrgen.datasets.alphabet import noun, split_characters
    from ocrgen.generators import generators
    from ocrgen.generators.sampling import FORMATS, draw, to_npz, to_zip
    from ocrgen.generators.untrained import ready
    from ocrgen.imaging.geometry import Geometry

    if bool(dataset) == bool(characters):
        raise UserError("name a data set, or give --characters: one of the two.")
    if out.suffix.lower() not in FORMATS:
        raise UserError(f"{out}: the file's name must end in {' or '.join(FORMATS)}.")
    check_out(out)
    if characters:
        kind = generators()["rendered"]
        config = kind.presets[style].model_copy(update={"fonts": fonts})
        model = kind(config, split_characters(characters)).prepare(Geometry()).eval()
        about = f"--characters {characters!r}"
    else:
        kind = generators()["rendered"]
        settings = kind.presets[style].model_dump() | {"fonts": fonts}
        model = ready("rendered", dataset, load_data(data_set(dataset, False)).train, **settings)
        about = dataset
    drawn = draw(model, per_class, seed, "rendered", Bar("render").show)
    facts = {
        "made by": f"ocrgen {__version__}",
        "command": f"python -m ocrgen render {about} --per-class {per_class} --seed {seed} --style {style}",
        "settings": model.config.model_dump(),
        "note": "Rendered characters: no image here was written by a hand.",
    }
    write_out(out, (to_npz if out.suffix.lower() == ".npz" else to_zip)(drawn, facts))
    print(f"{len(drawn):,} images, {per_class:,} a {noun(drawn.classes)}, in {out}")
    return 0
