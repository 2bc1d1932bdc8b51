"""The runs on the page Train: their table, which of them are drawn, and their tags."""

import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.runs.run import Run
from ocrgen.runs.tags import read_tags, write_tags
from ocrgen.ui.train.table import _pick
from tests.helpers.pages import open_page
from tests.helpers.runs import request


@pytest.fixture
def runs(store) -> list[Run]:
    """Nine runs that have ended, the oldest first, with seeds 0 to 8, the first of a CGAN."""
    made = []
    for seed in range(9):
        model = "cvae" if seed else "cgan"
        made.append(store.create("train", request(model, train={"seed": seed}), "x", label=f"run {seed}"))
        # In one second names are in no order.
        made[-1].path.rename(made[-1].path.with_name(f"2026010{seed + 1}-000000-{model}"))
        made[-1] = store.get(f"2026010{seed + 1}-000000-{model}")
        state = {"state": "done", "epoch": 2, "epochs": 2, "seconds": 0.5, "monitor_seconds": 4.0}
        made[-1].update(**state, best_epoch=2, best=0.25 / (seed + 1), watched="lfid_192")
    return made


def rows(app: AppTest) -> list[str]:
    (table,) = app.dataframe
    return list(table.value.index)


def test_the_newest_run_is_drawn_at_first_and_the_table_tells_of_all(store, runs):
    app = open_page("2_Train.py")
    assert rows(app) == [run.name for run in runs[::-1]]
    first = app.dataframe[0].value.iloc[0]
    assert first[["Generator", "Name", "Preset", "Epochs", "State"]].tolist() == ["CVAE", "run 8", "fast", 2, "Done"]
    assert first["LFID-192"] == 0.25 / 9 and "Random seed" not in first and "Tags" not in first
    assert app.session_state["train_runs"] == [runs[-1].name] and "run" not in app.query_params
    assert app.session_state["train_table"]["selection"]["rows"] == [0]
    # Scoring cannot have taken more time than all of the training.
    assert not any("Scoring used" in m.value for m in app.markdown)


def test_settings_that_differ_among_the_drawn_runs_have_a_column(runs):
    app = open_page("2_Train.py", run=[runs[1].name, runs[3].name])
    assert app.dataframe[0].value["Random seed"].tolist() == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert not {"Batch", "Beta", "Epochs "} & set(app.dataframe[0].value)
    assert app.session_state["train_table"]["selection"]["rows"] == [5, 7]


def test_ticks_are_taken_over_up_to_as_many_as_there_are_colours(monkeypatch):
    state = {"train_rows": [*"abcdefghi"], "train_runs": ["d"], "train_table": {"selection": {"rows": [0, 3]}}}
    monkeypatch.setattr("streamlit.session_state", state)
    _pick()
    assert state["train_runs"] == ["d", "a"]
    state["train_table"] = {"selection": {"rows": [*range(9), 99]}}
    _pick()
    assert state["train_runs"] == ["a", "d", "b", "c", "e", "f"]


def test_no_run_at_all_may_be_chosen_and_a_deleted_one_makes_room_for_the_newest(store, runs):
    app = open_page("2_Train.py", run=runs[3].name)
    app.session_state["train_runs"] = []
    app.run()
    assert "Tick one or several" in app.info[0].value and "run" not in app.query_params
    app.session_state["train_runs"] = [runs[4].name]
    app.run()
    app.button(key=f"train_delete_{runs[4].name}").click().run()
    assert app.session_state["train_runs"] == [runs[8].name] and runs[4].name not in rows(app)


def test_the_filter_leaves_what_is_drawn(runs):
    app = open_page("2_Train.py")
    app.text_input(key="train_filter").set_value("CGAN run").run()
    assert rows(app) == [runs[8].name, runs[0].name]
    app.text_input(key="train_filter").set_value("no such run").run()
    assert rows(app) == [runs[8].name] and not app.exception


def test_tags_are_given_taken_away_and_filtered_by(store, runs):
    hostile = "<b>x</b> $y$ [z](http://a)"
    write_tags(runs[0], store, ["baseline", hostile])
    app = open_page("2_Train.py", run=runs[2].name)
    app.multiselect(key=f"train_tags_{runs[2].name}").set_value(["baseline"]).run()
    assert read_tags(runs[2], store) == ("baseline",)
    app.multiselect(key="train_tags").set_value(["baseline"]).run()
    assert rows(app) == [runs[2].name, runs[0].name]
    assert list(app.dataframe[0].value["Tags"].iloc[1]) == ["baseline", hostile]
    app.multiselect(key=f"train_tags_{runs[2].name}").set_value([]).run()
    assert read_tags(runs[2], store) == () and not app.exception
