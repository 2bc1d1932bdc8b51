"""The page Overview: empty, with shipped results only, in use, and over damaged runs."""

import re
import shutil
from dataclasses import dataclass, field
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.claims.claim import WORDS
from ocrgen.claims.evidence import judge_claims
from ocrgen.claims.selection import select_runs
from ocrgen.runs.records import RunRequest
from ocrgen.runs.store import SHIPPED, RunStore
from ocrgen.ui.ocr import page as ocr
from ocrgen.ui.overview.claims import EVIDENCE
from ocrgen.ui.overview.showcase import pick
from ocrgen.ui.runtime import views as runtime
from ocrgen.ui.shared.address import slug
from ocrgen.utils.places import HOME
from tests.helpers.pages import open_page as at
from tests.helpers.tables import keep


def open_page() -> AppTest:
    app = AppTest.from_file(str(HOME / "app.py"), default_timeout=60).run()
    assert not app.exception, app.exception
    return app


def words(app: AppTest) -> str:
    told = [e.value for kind in ("markdown", "caption", "warning", "info", "subheader") for e in app.get(kind)]
    return "\n".join([*told, *(e.proto.body for e in app.get("html"))])


def test_an_empty_lab_names_the_claims_and_how_to_measure_them(store):
    app = open_page()
    told = words(app)
    assert all(claim in told for claim in WORDS.values())
    assert told.count("not measured") >= 5 and "Nothing has been measured yet" in told
    assert app.button(key="overview_quick") and not app.get("image") and not app.metric
    assert links(app)["Start a quick study"] == ""
    for way in ("Read a character", "Train a generator", "Use your own data"):
        assert way in told


def test_with_shipped_results_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path / "none"))
    app = open_page()
    told = words(app)
    assert "**500 labelled images** of MNIST" in told and "95% intervals" in told
    assert "54,999 labelled images" in told and "Nothing has been measured" not in told
    assert "[Memari et al. 2024](https://arxiv.org/abs/2402.17204)" in told and "10.2 times" in told
    lead = next(m for m in app.markdown if m.value.startswith("**Yes**"))
    assert "[" not in lead.value and lead.proto.help.startswith("**Yes**") and "[+0." in lead.proto.help
    assert len(app.metric) == 3 and all(re.fullmatch(r"\d\d\.\d%", m.value) for m in app.metric)
    assert all("95%" in m.help and "10,000 test images" in m.help and "seeds" in m.help for m in app.metric)
    order = [e.type for e in app.main if e.type in ("metric", "imgs")]
    assert order == sorted(order, key="metric imgs".index)  # numbers, then pictures


def links(app: AppTest) -> dict[str, str]:
    """The query of each link to a page, by its label."""
    return {e.proto.label: e.proto.query_string for e in app.get("page_link")}


def test_each_claim_links_to_a_view_that_exists():
    assert sorted(EVIDENCE) == sorted(WORDS)
    views = {"4_OCR": ocr.VIEWS, "6_Runtime": runtime.VIEWS}
    for evidence in (e for of_claim in EVIDENCE.values() for e in of_claim):
        assert (HOME / "pages" / f"{evidence.page}.py").exists()
        if "view" in evidence.query:
            assert evidence.query["view"] in map(slug, views[evidence.page])


def test_the_links_open_those_views(tmp_path, monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    claims = judge_claims(select_runs(RunStore(tmp_path / "none", SHIPPED)))
    first = [EVIDENCE[c.number][0].asked(c) for c in claims if EVIDENCE[c.number][0].page == "4_OCR"]
    for query in first:
        page = at("4_OCR.py", **query)
        assert not [w.value for w in page.warning if "The link" in w.value], query
        assert [page.selectbox(key="ocr_run").value] == query["run"]
        if "view" in query:
            assert slug(page.segmented_control(key="ocr_view").value) == query["view"]


@pytest.fixture
def lab(trained, tmp_path, monkeypatch) -> RunStore:
    """A fair study and both generators, in one store of its own."""
    store = RunStore(tmp_path / "runs", None)
    keep(store)
    for run in trained.list():
        shutil.copytree(run.path, store.root / run.name)
    return store


def test_verdicts_digits_and_links_of_a_lab_in_use(lab):
    app = open_page()
    told = words(app)
    assert "**Yes**" in told and "n = 3 seeds" in told and "500 labelled images seen" in told
    assert len(app.get("image")) == 3
    (fair,) = lab.list("study")
    found = links(app)
    assert found["Evidence: what is decided"] == f"run={fair.name}&view=what-is-decided"
    assert {"Choose an image", "Train", "Upload your data"} <= set(found)


def test_real_digits_need_no_data_where_a_training_has_kept_them(lab, tmp_path):
    for run in lab.list("train"):
        assert (run.path / "samples" / "real.png").exists()
        run.amend(settings=run.request.settings | {"dataset": str(tmp_path / "gone.zip")})
    app = open_page()
    assert len(app.get("image")) == 3 and not app.info
    for run in lab.list("train"):
        (run.path / "samples" / "real.png").unlink()
    app = open_page()
    assert len(app.get("image")) == 2 and len(app.info) == 1


def test_what_is_damaged_is_one_line(lab):
    (fair,), other = lab.list("study"), keep(lab, dataset="digits")
    (fair.path / "run.json").write_text("{ half")
    (other.path / "table.parquet").write_bytes(b"PAR1")
    run = lab.list("train")[0]
    for file in (run.path / "samples").glob("*.png"):
        file.write_bytes(b"nothing")
    app = open_page()
    assert fair.name in app.warning[0].value and "And 1 more" in app.warning[0].value
    assert "is damaged and not shown" in app.info[0].value
    assert len(app.get("image")) == 1 and not app.error


@dataclass
class Trained:
    """What the showcase asks of a run."""

    model: str
    epochs: int
    shipped: bool = False
    dataset: str = "mnist"
    state: str = "done"
    n: int = 1000
    created: str = "2026"
    request: RunRequest = field(init=False)

    def __post_init__(self):
        settings = {"model": self.model, "dataset": self.dataset}
        self.request = RunRequest(
            verb="train",
            settings=settings,
            label="",
            number=1,
            created=self.created,
            data={"train": {"n": self.n, "fingerprint": ""}},
        )

    def drawn_epochs(self):
        return [*range(1, self.epochs + 1)]


def picked(*runs: Any) -> dict:
    """What the showcase shows of these."""
    return pick(list(runs))


def test_a_test_run_does_not_displace_what_is_shipped_or_better_trained():
    shipped = [Trained("cvae", 10, shipped=True), Trained("cgan", 10, shipped=True)]
    tried = [Trained("cvae", 2, created="2027"), Trained("cgan", 2, created="2027"), Trained("flow", 1)]
    elsewhere = [Trained(m, 1, dataset="digits") for m in ("cvae", "cgan", "flow", "rendered")]
    assert list(picked(*shipped, *tried, *elsewhere).values()) == shipped
    long, stopped, short, small = (
        Trained("cvae", 10), Trained("cvae", 30, state="cancelled"), Trained("cvae", 2), Trained("cvae", 20, n=60),
    )  # fmt: skip
    assert picked(long, stopped, small, short) == {"cvae": long}
    assert picked(stopped) == {"cvae": stopped} and picked() == {}
    assert list(picked(*elsewhere)) == ["rendered", "cvae", "cgan", "flow"]
