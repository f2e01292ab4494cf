"""gxn init: a configuration that suits the data, and what to run; then the run itself on real photographs."""

import csv
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small import ROOT

from gxn.configuration.files import load
from gxn.errors import GxnError
from gxn.estimation import data, training
from gxn.steps.init import Arguments, init
from gxn.training.rates import Rate

THINGS = ("dog", "cat", "bus", "tree", "kite")


def captioned(folder: Path, count: int, pictures: bool = True) -> Path:
    """A table of captions, and pictures beside it."""
    folder.mkdir(parents=True)
    if pictures:
        for at in range(count):
            Image.new("RGB", (40, 30), (at % 256, at // 256, 7)).save(folder / f"{at}.png")
    rows = [f"{at}.png,A {THINGS[at % 5]} {at} {word}." for at in range(count) for word in ("runs", "sleeps")]
    (folder / "captions.csv").write_text("image,caption\n" + "\n".join(rows) + "\n")
    return folder / "captions.csv"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository's root, where nothing is measured."""
    rate = dict.fromkeys(("match", "xe", "mix", "draw", "tie"), Rate(0.01, 1))
    monkeypatch.setattr(training, "update_rates", lambda *_: rate)
    monkeypatch.setattr(data, "load_cnn", _no_cnn)
    monkeypatch.setattr(data, "forward", lambda network, crops, *_: network.weight)
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(ROOT / "params.yaml", root)
    monkeypatch.chdir(root)
    return root


def _no_cnn(name: str, layer: str, weights: Path | None):
    import torch

    return torch.nn.Linear(2, 3), 1280


def test_photographs_with_a_table_get_a_configuration_that_is_read(place, tmp_path, capsys):
    captioned(tmp_path / "My photos", 200)
    (tmp_path / "w.safetensors").write_bytes(b"")
    init(Arguments(folder=tmp_path / "My photos", weights=tmp_path / "w.safetensors"))
    said = capsys.readouterr().out
    config = load(["params.yaml", "config/My_photos.yaml"])
    assert config.dataset.source.captions == ("../My photos/captions.csv",)
    assert (config.dataset.name, config.features.file) == ("My_photos", None)
    assert "200 images (160 train, 20 val, 20 test), 400 captions" in said
    assert re.search(
        r"\n  uv run snakemake --cores \d+ --configfile config/My_photos.yaml -- all explore\n$", said
    )
    assert re.search(r"It will take about \d+ (s|min) of one processor: .* and \d+ short jobs", said)
    text = (place / "config/My_photos.yaml").read_text()
    assert "batch_size: 16 " in text and "# 200 images (160 train, 20 val, 20 test), 400 captions" in text
    with pytest.raises(GxnError, match=r"config/My_photos.yaml: already exists; remove it, or give another"):
        init(Arguments(folder=tmp_path / "My photos", weights=tmp_path / "w.safetensors"))


def test_too_few_photographs_for_captions_are_told(place, tmp_path, capsys):
    captioned(tmp_path / "p", 180)
    init(Arguments(folder=tmp_path / "p"))
    told = "No row captions or draws: there are 144 training images, of at least 150 that this takes."
    assert told in capsys.readouterr().out
    captioned(tmp_path / "q", 200)
    init(Arguments(folder=tmp_path / "q"))
    assert "No row captions" not in capsys.readouterr().out


def test_weights_that_are_to_be_downloaded_are_said_with_the_way_around(place, tmp_path, capsys):
    captioned(tmp_path / "p", 200)
    init(Arguments(folder=tmp_path / "p"))
    said = capsys.readouterr().out
    assert (
        "14.2 MB to download" in said and "no network, name weights that you have by --weights FILE" in said
    )


def test_features_alone_leave_out_what_draws(place, tmp_path, capsys):
    path = captioned(tmp_path / "t", 200, pictures=False)
    np.savez(tmp_path / "clip.npz", features=np.ones((199, 6)), names=[f"{at}.png" for at in range(199)])
    init(Arguments(captions=(path,), features=tmp_path / "clip.npz"))
    config = load(["params.yaml", "config/clip.yaml"])
    assert (config.features.file, config.dataset.source.missing_images) == ("../clip.npz", "skip")
    assert not [name for name, row in config.rows.items() if row.drawing] and "gxn_i2t_xe" in config.rows
    said = capsys.readouterr().out
    assert "no photographs: nothing can be drawn" in said and "to download" not in said
    assert "Where there is no network" not in said
    found = data.count(config)
    assert (found.images, found.captions, found.origin) == (199, 318, "counted in the captions")
    lines = training.measured(config, data.Counts(199, 318, 15, 4.0, ""))
    assert [line.step for line in lines[:2]] == ["prepare", "import_features"]


def test_a_precomp_folder_is_known_by_what_it_holds(place, tmp_path):
    folder = tmp_path / "f30k_precomp"
    folder.mkdir()
    for split, count in (("train", 30), ("dev", 5), ("test", 5)):
        np.save(folder / f"{split}_ims.npy", np.random.default_rng(0).standard_normal((count, 8)))
        text = "".join(f"A {split} {THINGS[at % 5]} {at}, {k}.\n" for at in range(count) for k in range(5))
        (folder / f"{split}_caps.txt").write_text(text)
    init(Arguments(folder=folder))
    config = load(["params.yaml", "config/f30k_precomp.yaml"])
    assert config.features.file == "../f30k_precomp" and config.dataset.source.images is None
    assert config.dataset.source.captions == ("../f30k_precomp",)


def test_what_is_not_there_is_named_and_nothing_is_written(place, tmp_path, monkeypatch):
    captioned(tmp_path / "p", 30)
    with pytest.raises(GxnError, match=r"--weights: no/w.safetensors: no such file"):
        init(Arguments(folder=tmp_path / "p", weights=Path("no/w.safetensors")))
    with pytest.raises(GxnError, match="name a folder of photographs or a file of features"):
        init(Arguments())
    assert not (place / "config").exists()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GxnError, match=r"has no params\.yaml"):
        init(Arguments(folder=tmp_path / "p"))


def test_the_folder_is_a_word_of_the_command_line(tmp_path):
    command = [sys.executable, "-m", "gxn.steps.init", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=_environment(ROOT))
    assert done.returncode == 2 and done.stderr.startswith(f"error: {tmp_path}/none")


def _environment(root: Path) -> dict[str, str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PYTHONPATH": str(root / "src"), "PATH": programs, "HOME": str(root.parent)}


def _processor_seconds() -> float:
    """Processor seconds of all programs that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository's root with all that a run needs."""
    root = tmp_path / "root"
    root.mkdir()
    for name in ("Snakefile", "params.yaml"):
        shutil.copy(ROOT / name, root)
    for name in ("src", "workflow", "profiles"):
        shutil.copytree(ROOT / name, root / name)
    return root


def _three_hundred(realdata: Path) -> list[dict]:
    """Images of Flickr8K with their captions."""
    return json.loads((realdata / "flickr8k/dataset_flickr8k.json").read_text())["images"][:300]


def _table(path: Path, images: list[dict]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["image", "caption"])
        for image in images:
            table.writerows([image["filename"], each["raw"]] for each in image["sentences"])
    return path


def _init_and_run(root: Path, *words: str) -> float:
    """Call init, and what it prints, as it prints it but for uv, on two cores; the processor seconds of both.

    They are measured, and not time, since other work on the machine would count in it.
    """

    def call(*words: str) -> str:
        done = subprocess.run(words, cwd=root, env=_environment(root), capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        return done.stdout

    begun = _processor_seconds()
    printed = shlex.split(call(sys.executable, "-m", "gxn.steps.init", *words).splitlines()[-1])
    assert printed[:3] == ["uv", "run", "snakemake"]
    printed[printed.index("--cores") + 1] = "2"
    call(*printed[2:])
    return _processor_seconds() - begun


def _ended(root: Path, name: str) -> None:
    """Assert that there are a table with a line of each row, a page, and captions that are not all alike."""
    rows = list(csv.DictReader((root / "results/table_ablation.csv").open()))
    config = load([root / "params.yaml", root / f"config/{name}.yaml"])
    assert [row["method"] for row in rows] == [row for row, own in config.methods.items() if own is not None]
    captions = json.loads((root / f"results/{name}/imagined/gxn_i2t_xe/seed0.json").read_text())["captions"]
    assert len(captions) == 30 and len(set(captions.values())) > 15
    pages = root / f"results/{name}/explore"
    assert (pages / "index.html").is_file() and len(list(pages.glob("pages/picture/*.html"))) == 30


@pytest.mark.slow
def test_three_hundred_photographs_come_to_a_table_and_a_page_within_ten_minutes(realdata, tmp_path, clone):
    folder = tmp_path / "holiday"
    folder.mkdir()
    images = _three_hundred(realdata)
    _table(folder / "captions.csv", images)
    for image in images:
        shutil.copy(realdata / "flickr8k/images" / image["filename"], folder)
    weights = (realdata / "weights/mobilenet_v2.safetensors").resolve()
    assert _init_and_run(clone, str(folder), "--weights", str(weights)) < 600
    _ended(clone, "holiday")
    assert (clone / "results/holiday/figures/t2i.png").stat().st_size > 100_000


@pytest.mark.slow
def test_features_alone_come_to_a_table_and_a_page(realdata, tmp_path, clone):
    images, small = _three_hundred(realdata), []
    for image in images:
        with Image.open(realdata / "flickr8k/images" / image["filename"]) as picture:
            small.append(np.asarray(picture.resize((8, 8))).reshape(-1) / np.float32(255))
    names = [image["filename"] for image in images]
    np.savez(tmp_path / "small.npz", features=np.stack(small), names=names)
    captions = _table(tmp_path / "captions.csv", images)
    _init_and_run(clone, "--captions", str(captions), "--features", str(tmp_path / "small.npz"))
    _ended(clone, "small")
    assert not (clone / "results/small/imagined/gxn_t2i").exists()
    assert (clone / "results/small/figures/t2i.png").is_file()
