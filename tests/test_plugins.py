"""A new loss, pooling, source or column is a new file: the configuration knows it by that alone."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from pydantic import TypeAdapter
from retrieval import brute_force, embeddings
from small import ENVIRONMENT, ROOT

from gxn import plugins
from gxn.configuration.section import Section, choice, parse
from gxn.errors import GxnError
from gxn.evaluation.embeddings import write_embeddings

PACKAGES = ("gxn.losses.ranking", "gxn.models.poolings", "gxn.sources")
LOSS = '''"""A toy: the sum of all scores, scaled."""

from pydantic import Field

from gxn.configuration.section import Positive, Section


class Parameters(Section):
    """Parameters of the toy."""

    scale: Positive = Field(description="Multiplies the scores")


def loss(scores, same_image, parameters):
    """Return parameters.scale times the sum of all scores."""
    return parameters.scale * scores.sum()
'''
SOURCE = '''"""A toy: one sentence a split."""

import json

from gxn.sources._source import Counts, Source


class Parameters(Source):
    """Parameters of the toy."""

    sentence: str

    def renders(self):
        """It makes its own images."""
        return True

    def counts(self):
        """Yield the values as they are made."""
        return Counts(200, 2, 2, 200)


def make(parameters, order):
    """Write the sentence."""
    order.captions.write_text(json.dumps({"dataset": order.name, "images": [], "said": parameters.sentence}))
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as part of every package of plug-ins, with a toy loss and a toy source."""
    for name, text in (("toy_loss", LOSS), ("toy_source", SOURCE), ("_shared", "")):
        (tmp_path / f"{name}.py").write_text(text)
    for package in PACKAGES:
        module = __import__(package, fromlist=["__path__"])
        monkeypatch.setattr(module, "__path__", [*module.__path__, str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if "toy_" in name:
            del sys.modules[name]


@pytest.mark.parametrize(
    ("package", "some"),
    [
        ("gxn.losses.ranking", {"hinge", "hardest"}),
        ("gxn.models.poolings", {"mean", "last"}),
        ("gxn.sources", {"images", "scenes"}),
    ],
)
def test_the_plugins_of_a_package_are_its_files(package, some):
    assert some <= set(plugins.names(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_sorted_and_shared_code_is_not_among_them(package):
    names = plugins.names(package)
    assert names == sorted(name for name in names if not name.startswith("_"))


def test_a_new_file_is_a_new_name(folder):
    assert "toy_loss" in plugins.names("gxn.losses.ranking")


def test_code_that_new_files_share_is_not(folder):
    assert "_shared" not in plugins.names("gxn.losses.ranking")


def test_a_plugin_is_loaded_by_its_name(folder):
    toy = plugins.load("gxn.losses.ranking", "toy_loss")
    assert toy.loss(torch.ones((2, 2)), None, toy.Parameters(scale=3)) == 12


def test_what_there_is_not_cannot_be_loaded():
    with pytest.raises(ModuleNotFoundError):
        plugins.load("gxn.losses.ranking", "nothing")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_plugin_has_what_its_package_asks_for(package):
    wanted = {
        "gxn.losses.ranking": {"loss", "build"},  # a loss, or one with weights of its own
        "gxn.models.poolings": {"build"},
        "gxn.sources": {"make"},
    }[package]
    for name in plugins.names(package):
        module = plugins.load(package, name)
        assert issubclass(module.Parameters, Section) and module.__doc__
        assert len([each for each in wanted if callable(getattr(module, each, None))]) == 1


def test_a_new_file_is_a_choice(folder):
    class Settings(Section):
        loss: choice("gxn.losses.ranking")

    assert parse(Settings, {"loss": {"kind": "toy_loss", "scale": 2}}, "x").loss.scale == 2.0


def test_its_parameters_are_checked(folder):
    class Settings(Section):
        loss: choice("gxn.losses.ranking")

    with pytest.raises(GxnError, match=r"^x: loss\.scale: must be above 0, not 0$"):
        parse(Settings, {"loss": {"kind": "toy_loss", "scale": 0}}, "x")


def test_it_stands_in_the_schema_with_its_description(folder):
    schema = TypeAdapter(choice("gxn.losses.ranking")).json_schema()
    toy = schema["$defs"]["toy_loss"]["properties"]
    assert toy["scale"]["description"] == "Multiplies the scores"
    assert (toy["scale"]["exclusiveMinimum"], toy["scale"]["maximum"]) == (0, 1e6)
    assert toy["kind"]["description"] == "A toy: the sum of all scores, scaled."


USER = """
import sys
from importlib import import_module
for package in {packages!r}:
    import_module(package).__path__.append({folder!r})
from gxn.configuration.files import load
assert "torch" not in sys.modules, "reading the configuration must not wait for torch"
files = ["params.yaml", "{folder}/mine.yaml"]
config = load(files)
from gxn.configuration.stages import settings
print(settings(config, "joint", "toy").ranking.loss)
from pathlib import Path
from gxn.steps.prepare import Arguments, prepare
prepare(Arguments(config=tuple(files), captions=Path("{folder}/captions.json")))
import torch
from gxn.losses import ranking
from gxn import plugins
chosen = settings(config, "joint", "toy").ranking.loss
loss = plugins.load("gxn.losses.ranking", chosen.kind).loss
print(float(loss(torch.ones(3, 3), torch.eye(3) > 0, chosen)))
"""


def test_one_file_and_three_lines_of_yaml_add_a_loss_and_a_source(tmp_path):
    """The case of a user: the files lie in the packages before anything is imported."""
    (tmp_path / "toy_loss.py").write_text(LOSS)
    (tmp_path / "toy_source.py").write_text(SOURCE)
    (tmp_path / "mine.yaml").write_text(
        "dataset: {source: {kind: toy_source, sentence: a toy}}\n"
        "methods:\n"
        "  toy: {encoder: two_space, loss: {kind: toy_loss, scale: 2}}\n"
    )
    script = USER.format(packages=PACKAGES, folder=str(tmp_path))
    output = subprocess.check_output([sys.executable, "-c", script], text=True, cwd=ROOT, env=ENVIRONMENT)
    assert output.split("\n")[:2] == ["scale=2.0 kind='toy_loss'", "18.0"]
    assert '"said": "a toy"' in (tmp_path / "captions.json").read_text()


def test_the_configuration_is_read_without_torch():
    script = "import sys; sys.modules['torch'] = None; import gxn.configuration.stages"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env=ENVIRONMENT)


COLUMN = '''"""A toy: the rank that the worst query gives."""

LABEL = "Worst"
READS = "ranks"


def column(ranks):
    """Return the largest rank."""
    return float(ranks.max())
'''
MEASURE = """
import sys
from gxn.evaluation import columns
columns.__path__.append({folder!r})
from gxn.reporting import tables
from gxn.steps import evaluate, table_ablation
config = ["--config", "params.yaml", "{folder}/mine.yaml"]
sys.argv = ["gxn evaluate", *config, "--embeddings", "{folder}/e.h5", "--method", "vse0", "--seed", "3",
            "--metrics", "{folder}/m.json", "--ranks", "{folder}/r.h5"]
evaluate.main()
sys.argv = ["gxn table_ablation", *config, "--metrics", "{folder}/m.json", "--csv", "{folder}/t.csv",
            "--latex", "{folder}/t.tex", "--markdown", "{folder}/t.md", "--spaces", "{folder}/s.csv"]
table_ablation.main()
"""


def test_one_file_adds_a_column_to_the_table(tmp_path):
    one = embeddings(np.random.default_rng(5), [2, 3, 1, 4], "order")
    write_embeddings(tmp_path / "e.h5", one)
    (tmp_path / "toy_worst.py").write_text(COLUMN)
    rows = dict.fromkeys(yaml.safe_load((ROOT / "params.yaml").read_text())["methods"])
    own = {"methods": rows | {"vse0": {"label": "Plain"}}, "significance": {"control": "vse0"}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(own))
    script = MEASURE.format(folder=str(tmp_path))
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env=ENVIRONMENT)
    (row,) = csv.DictReader((tmp_path / "t.csv").open())
    i2t, t2i = brute_force(one)
    assert (float(row["i2t_toy_worst"]), float(row["t2i_toy_worst"])) == (max(i2t), max(t2i))
