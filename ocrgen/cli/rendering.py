"""The verb that renders characters from fonts and pen strokes: `render`."""

import shlex
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
        style: Literal["handwriting", "print", "pens"] = "handwriting",
        fonts: str = "",
    ) -> tuple[str, Path, str, int, int, str, str]:
        """Render labelled characters from fonts, pen strokes and handwritten forms into one file.

        Args:
            dataset: a data set, or a path to your own: its characters, laid out as they are there.
            out: FILE.npz (arrays images, labels, classes) or FILE.zip (one folder per class, PNG).
            characters: the characters to render, instead of those of a data set: "ABCDEF", or texts between spaces.
            per_class: images of each class; 100,000 at most in all.
            seed: the same seed draws the same images.
            style: paths of a pen, outlines of the fonts, or pens of all kinds, thin, thick and outlined.
            fonts: a folder with fonts of your own, used beside the lab's.
        """
        return dataset, out, characters, per_class, seed, style, fonts

    dataset, out, characters, per_class, seed, style, fonts = parse(command, "render", args)
    from ocrgen import __version__
    from ocrgen.datasets import geometry_for, load_data
    from ocrgen.datasets.alphabet import noun, split_characters
    from ocrgen.generators.sampling import FORMATS, draw, to_npz, to_zip
    from ocrgen.generators.untrained import ready

    if bool(dataset) == bool(characters):
        raise UserError("name a data set, or give --characters: one of the two.")
    if out.suffix.lower() not in FORMATS:
        raise UserError(f"{out}: the file's name must end in {' or '.join(FORMATS)}.")
    check_out(out)
    if characters:
        model = ready("rendered", split_characters(characters), preset=style, fonts=fonts)
    else:
        train = load_data(data_set(dataset, False)).train
        model = ready("rendered", train.classes, geometry_for(dataset, train), train.images, style, fonts=fonts)
    drawn = draw(model, per_class, seed, "rendered", Bar("render").show)
    named = ["--characters", characters] if characters else [dataset]
    named += ["--per-class", str(per_class), "--seed", str(seed), "--style", style, "--out", out.name]
    named += ["--fonts", fonts] if fonts else []
    facts = {
        "made by": f"ocrgen {__version__}",
        "command": f"python -m ocrgen render {shlex.join(named)}",
        "settings": model.config.model_dump(),
        "note": "Rendered characters: no image here was written by a hand.",
    }
    write_out(out, (to_npz if out.suffix.lower() == ".npz" else to_zip)(drawn, facts))
    print(f"{len(drawn):,} images, {per_class:,} a {noun(drawn.classes)}, in {out}")
    return 0
