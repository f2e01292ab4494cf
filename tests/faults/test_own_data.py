"""Mistakes of users, and names of their files, through `snakemake` as they would run it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from workplace import ROOT, Workplace

from gxn.features.cnn import build
from gxn.files import read_json, save_tensors, write_json

pytestmark = pytest.mark.slow

# spaces, both quotes, a command, an option, a composed and a decomposed letter, other scripts
NASTY = "my 'photo\"graphs $(touch pwned) `touch pwned`; --out é é 犬 🐕"
STAGES = ("pretrain_ranking", "pretrain_xe", "pretrain_scst", "pretrain_gan", "joint")
SPLITS = ["train"] * 6 + ["val"] * 3 + ["test"] * 3
# a row of each kind: retrieval alone, both generative paths, a closed form
ROWS = ("vsepp", "gxn_i2t_t2i", "cca")
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
SMALL = {
    "seeds": [0],
    "methods": {name: None for name in PARAMS["methods"] if name not in ROWS},
    "significance": {"control": "vsepp", "resamples": 100},
    "model": dict.fromkeys(
        ["embed_dim", "text_hidden", "joint_dim", "decoder_hidden", "cond_dim", "z_dim"], 8
    )
    | {"g_channels": 4, "d_channels": 4},
    "training": {"batch_size": 8},
    "drawing": {"batch_size": 4},
    "vocabulary": {"min_count": 1},
    "features": {"crop": 32, "batch_size": 4},
}


def karpathy(filenames: list[str]) -> dict:
    """Two captions for each image."""
    return {
        "dataset": "d",
        "images": [
            {
                "filename": name,
                "imgid": row,
                "split": split,
                "sentences": [
                    {"raw": f"A {row} dog{k}.", "imgid": row, "sentid": 2 * row + k} for k in (0, 1)
                ],
            }
            for row, (name, split) in enumerate(zip(filenames, SPLITS, strict=True))
        ],
    }


class Own:
    """A copy of the project in a nasty place, with photographs, captions and weights in another."""

    def __init__(self, folder: Path) -> None:
        self.place = Workplace(folder / "the pro'ject é")
        self.home = folder / NASTY
        self.images = self.home / "pictures"
        (self.images / "a b").mkdir(parents=True)
        random = np.random.default_rng(0)
        self.names = [f"a b/é '{row}' $(touch pwned) 犬.jpg" for row in range(len(SPLITS))]
        for name in self.names:
            Image.fromarray(random.integers(0, 256, (40, 36, 3), np.uint8)).save(self.images / name)
        write_json(self.home / "captions.json", karpathy(self.names))
        torch.manual_seed(0)
        self.cnn = build("shufflenet_v2_x0_5", None)
        save_tensors(self.home / "weights.safetensors", self.cnn.state_dict(), {})

    def settings(self, changes: dict | None = None, name: str = "own", **source) -> dict:
        """The configuration with changes; others are of the source of the data."""
        files = {"images": str(self.images), "captions": str(self.home / "captions.json")}
        about = {"name": name, "gan_image_size": 16, "source": {"kind": "images"} | files | source}
        weights = str(self.home / "weights.safetensors")
        cnn = {"name": "shufflenet_v2_x0_5", "layer": "pool", "weights": weights}
        settings = SMALL | {"dataset": about, "cnn": cnn}
        for key, value in (changes or {}).items():
            settings[key] = settings.get(key, {}) | value if isinstance(value, dict) else value
        return settings

    def run(self, *targets: str, changes: dict | None = None, **about) -> tuple[int, str]:
        """Run the workflow to `targets` with changes of the configuration."""
        path = self.place.configure(self.settings(changes, **about))
        return self.place.run("--cores", "2", "--configfile", path, "--", *targets)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Made once; the first test makes the data that later ones start from."""
    folder = tmp_path_factory.mktemp("own")
    made = Own(folder)
    made.code, made.said = made.run("data", "features")
    return made


def test_names_with_spaces_quotes_and_commands_work(own, tmp_path):
    assert own.code == 0, own.said[-3000:]
    made = read_json(own.place.folder / "data/own/captions.json")
    assert [image["filename"] for image in made["images"]] == own.names
    assert sorted(own.place.made("data")) == [
        f"data/own/{name}"
        for name in ("captions.json", "document_frequencies.h5", "features.h5", "gan_images.h5",
                     "preflight/features.json", "preflight/vocabulary.json", "split.json", "tokens.h5",
                     "vocabulary.json")
    ]  # fmt: skip
    assert not list(own.place.folder.parent.rglob("pwned*"))
    code, said = own.run("data", "features")
    assert code == 0 and "Nothing to be done" in said


def test_such_names_work_throughout(own):
    short = {key: {"epochs": 1} for key in STAGES}
    tuned = {"finetune": {"methods": ["vsepp"], "epochs": 1}}
    code, said = own.run("results/table_ablation.csv", "figures", changes=short | tuned, name="whole")
    assert code == 0, said[-3000:]
    assert not list(own.place.folder.parent.rglob("pwned*"))


def refused(own: Own, name: str, message: str, *targets: str, **changes) -> None:
    """One line says it, the exit status too, and nothing half written stays."""
    before = own.place.made()
    code, said = own.run(*targets, name=name, **changes)
    assert code != 0
    assert message in said, said[-3000:]
    assert "Traceback" not in said
    assert own.place.made() == before


def captioned(own: Own, change) -> dict:
    """Captions changed by `change`, as an argument of `refused`."""
    document = karpathy(own.names)
    change(document)
    path = own.home / "changed.json"
    path.write_text(json.dumps(document))
    return {"captions": str(path)}


def test_a_path_that_is_not_there_is_named_with_its_key(own):
    for key, changes in (
        ("dataset.source.captions", {"captions": "no/such file"}),
        ("cnn.weights", {"changes": {"cnn": {"weights": "no/such file"}}}),
    ):
        message = f"{key}: no/such file: no such file; relative paths count from {own.place.folder}"
        refused(own, "lost", message, "data/lost/captions.json", **changes)


def test_a_missing_image_is_named(own):
    def lose(document):
        document["images"][4]["filename"] = "no such.jpg"

    message = f"error: {own.images}: no such.jpg: is missing"
    refused(own, "missing", message, "data/missing/captions.json", **captioned(own, lose))


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 no photograph", None])
def test_an_unreadable_image_is_named(own, content):
    whole = (own.images / own.names[0]).read_bytes()
    (own.images / "bad.jpg").write_bytes(whole[: len(whole) // 2] if content is None else content)

    def spoil(document):
        document["images"][4]["filename"] = "bad.jpg"

    message = f"error: {own.images}/bad.jpg: image 4 cannot be read: "
    refused(own, "unreadable", message, "data/unreadable/captions.json", **captioned(own, spoil))


def test_a_json_without_captions_is_named(own):
    message = "changed.json: images[2] (a b/é '2' $(touch pwned) 犬.jpg): sentences: is empty or missing"
    without = captioned(own, lambda document: document["images"][2].pop("sentences"))
    refused(own, "without", message, "data/without/captions.json", **without)


def test_an_empty_caption_is_named(own):
    def empty(document):
        document["images"][2]["sentences"][1]["raw"] = " "

    message = "sentences[1]: raw: is empty; give it text or remove the entry"
    refused(own, "empty", message, "data/empty/captions.json", **captioned(own, empty))


METRICS = "results/own/metrics/vsepp/seed0.json"


@pytest.fixture(scope="module")
def finished(own):
    """A row's metrics and all that they were made from."""
    code, said = own.run(METRICS)
    assert code == 0, said[-3000:]
    return own


def costs_nothing(own: Own, message: str, **changes) -> None:
    """The setting is refused each time, once a run, with all finished work in place."""
    for _ in range(2):
        refused(own, "own", message, METRICS, changes=changes)
        assert own.place.said.count(message) == 1


def nothing_to_do(own: Own) -> None:
    """The settings of before want no job."""
    code, said = own.run(METRICS)
    assert code == 0 and "Nothing to be done" in said, said[-3000:]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"vocabulary": {"min_count": 999}},
            "error: vocabulary.min_count: no word occurs 999 times in the training split; lower it",
        ),
        ({"cnn": {"layer": "nonsense"}}, "error: cnn.layer: shufflenet_v2_x0_5 has no module 'nonsense'"),
        ({"features": {"crop": 37}}, "pixels, smaller than features.crop, 37; set features.resize to 37"),
        (
            {"training": {"batch_size": 13}},
            "error: training.batch_size: 13 pairs are more than the 12 captions",
        ),
        ({"evaluate": {"protocols": ["full", "5k"]}}, "error: evaluate.protocols: 5k needs exactly 5,000"),
        ({"evaluate": {"protocols": ["1k-5fold"]}}, "error: evaluate.protocols: 1k-5fold needs 5,000 images"),
    ],
    ids=["vocabulary", "layer", "crop", "batch", "5k", "1k-5fold"],
)
def test_a_refused_setting_costs_no_finished_work(finished, changes, message):
    costs_nothing(finished, message, **changes)
    nothing_to_do(finished)


def test_wrong_weights_are_named_with_their_tensor(finished):
    state = finished.cnn.state_dict()
    state["fc.weight"] = torch.zeros(10, 1024)
    path = finished.home / "wrong.safetensors"
    save_tensors(path, state, {})
    message = f"error: {path}: tensor 'fc.weight' is (10, 1024), shufflenet_v2_x0_5 needs"
    costs_nothing(finished, message, cnn={"weights": str(path)})
    nothing_to_do(finished)


def test_damaged_weights_cost_nothing_once_they_are_whole_again(finished):
    path = finished.home / "weights.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1000])
    costs_nothing(finished, f"error: {path}: cannot be read as safetensors")
    path.write_bytes(whole)
    nothing_to_do(finished)


def test_refused_captions_cost_nothing_once_they_are_mended(finished):
    path = finished.home / "captions.json"
    whole = path.read_bytes()
    document = karpathy(finished.names)
    document["images"][4]["filename"] = "no such.jpg"
    path.write_text(json.dumps(document))
    costs_nothing(finished, f"error: {finished.images}: no such.jpg: is missing")
    path.write_bytes(whole)
    nothing_to_do(finished)


def test_other_captions_are_read_although_a_kill_left_those_of_before(finished):
    arguments = ("--cores", "2", "--configfile")
    name = finished.place.configure(finished.settings({}, name="left"))
    target = "data/left/captions.json"
    code, said = finished.place.run(*arguments, name, "--notemp", "--", target)
    assert code == 0, said[-3000:]
    (finished.place.folder / target).unlink()
    path = finished.home / "captions.json"
    whole = path.read_bytes()
    document = karpathy(finished.names)
    document["images"][4]["sentences"][0]["raw"] = "Changed."
    path.write_text(json.dumps(document))
    code, said = finished.place.run(*arguments, name, "--", target)
    path.write_bytes(whole)
    assert code == 0, said[-3000:]
    assert "changed" in (finished.place.folder / target).read_text()


def test_a_setting_that_suits_is_checked_alone_and_reaches_what_depends_on_it(finished):
    """In the first call: Snakemake must not overlook it beside the check, nor make more than it reaches."""
    arguments = ("--dry-run", "--cores", "1", "--configfile")
    for changes, jobs in (
        ({"evaluate": {"protocols": ["1k-5fold"]}}, {"preflight", "passed", "evaluate"}),
        (
            {"training": {"batch_size": 9}},
            {"preflight", "passed", "pretrain_ranking", "rank", "evaluate"},
        ),
    ):
        name = finished.place.configure(finished.settings(changes))
        code, said = finished.place.run(*arguments, name, "--", METRICS)
        assert code == 0
        planned = re.findall(r"^ (\w+(?: \w+)*) +\d+ *$", said, re.MULTILINE)  # the table of jobs
        assert {name.replace(" ", "_") for name in planned} == {*jobs, "total"}


def test_an_unknown_key_is_named_before_anything_runs(own):
    changes = {"pretrain_ranking": {"epochs": 1, "learning_rte": 0.1}}
    message = "pretrain_ranking.learning_rte: unknown key; did you mean 'learning_rate'?"
    refused(own, "unknown", message, "data/unknown/captions.json", changes=changes)


def test_a_path_that_snakemake_would_read_otherwise_is_named(own):
    message = "dataset.source.images: 'my {dataset}' contains braces or a control character"
    refused(own, "braces", message, "data/braces/captions.json", images="my {dataset}")


def test_a_number_that_is_none_is_named_before_anything_runs(own):
    changes = {"pretrain_ranking": {"learning_rate": float("nan")}}
    refused(
        own,
        "none",
        "pretrain_ranking.learning_rate: must be a finite number",
        "data/none/captions.json",
        changes=changes,
    )
