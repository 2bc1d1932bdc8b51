"""The README's table is what the shipped studies say."""

import re

import pytest

from ocrgen.runs.run import Run
from ocrgen.study import read_results
from ocrgen.study.arms import BAR
from ocrgen.utils.places import HOME, SHIPPED

STUDIES = {"MNIST": "mnist", "Arabic digits": "arabic", "Arabic letters": "arabic-letters"}
WAYS = ("real+aug+rendered", "real+aug+cvae-filtered", "real+aug+cgan-filtered")
WORDS = {"no difference that matters": "same", "better": "**better**"}


def rows() -> list[str]:
    """The table's lines: data and n, accuracies in %, differences in points, each with its interval, and the word."""
    lines = []
    for title, name in STUDIES.items():
        results = read_results(Run(SHIPPED / f"study-fair-{name}", shipped=True))
        for n in results.config.n:
            cells = [title, f"{n:,}"]
            for arm in ("real", BAR):
                row = results.of(arm, n, "accuracy")
                cells.append(f"{100 * row['mean']:.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]")
            for way in WAYS:
                d = results.decisions[way, n]
                figures = (f"{100 * x:+.2f}".replace("-", "−") for x in (d.estimate.mean, d.low, d.high))
                cells.append("{} [{}, {}] {}".format(*figures, WORDS.get(d.verdict, d.verdict)))
            lines.append("| " + " | ".join(cells) + " |")
    return lines


@pytest.mark.slow
def test_the_table_of_findings_is_what_is_shipped():
    lines = (HOME / "README.md").read_text().splitlines()
    assert rows() == [line for line in lines if re.match(r"\| (MN|Ar)", line)]


@pytest.mark.parametrize("file", [*HOME.glob("*.md"), *HOME.glob("docs/*.md")], ids=lambda file: file.name)
def test_every_file_that_a_document_links_to_is_there(file):
    for link in re.findall(r"\]\(([^)#:\s]+)\)", file.read_text()):
        assert (file.parent / link).exists(), link
