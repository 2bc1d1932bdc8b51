"""How far a user's own data have come, as the runs on the disk tell."""

from ocrgen.runs.store import RunStore
from ocrgen.ui.shared.journey import steps
from tests.helpers.runs import request

OWN = "/somewhere/letters-0badcafe.npz"


def states(store: RunStore, *seen: str) -> str:
    return " ".join(step.state for step in steps(OWN, store.own(), seen))


def places(store: RunStore) -> dict:
    return {step.name: (step.page, dict(step.query)) for step in steps(OWN, store.own()) if step.page}


def test_each_step_follows_the_one_before(store):
    by_id = {"data": "letters-0badcafe"}
    assert states(store) == "done next later later later later"
    assert places(store) == {"Data": ("2_Train", by_id), "Train": ("2_Train", by_id), "Study": ("4_OCR", by_id)}
    run = store.create("train", request(dataset=OWN), "letters")
    assert states(store) == "done next later later later later"  # cancelled before its first epoch
    (run.folder("weights") / "epoch-001.safetensors").write_bytes(b"")
    assert states(store) == "done done next later later later"
    assert places(store)["Look"] == ("3_Gallery", {"run": run.name})
    assert states(store, "Look") == "done done done next later later"
    study = store.create("study", {"dataset": OWN}, "study")
    assert states(store, "Look", "Advice") == "done done done next later later"
    study.update(state="done")
    assert states(store) == "done done done done next later"
    assert places(store)["Advice"] == places(store)["Study"] == ("4_OCR", {"run": study.name})
    assert states(store, "Look", "Advice") == "done done done done done next"
    assert states(store, "Look", "Advice", "Download") == "done done done done done done"


def test_what_is_at_work_is_told_and_what_is_about_other_data_is_not(store, monkeypatch):
    monkeypatch.setattr("ocrgen.runs.run.is_locked", lambda file: True)
    other = store.create("train", request(), "digits")
    (other.folder("weights") / "epoch-001.safetensors").write_bytes(b"")
    store.create("train", request(dataset=OWN), "damaged").path.joinpath("run.json").write_text("{ half")
    assert states(store) == "done next later later later later"
    store.create("train", request(dataset=OWN), "letters").update(state="running")
    store.create("study", {"dataset": OWN}, "study").update(state="queued")
    assert states(store) == "done running later running later later"
