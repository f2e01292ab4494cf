"""A training step between its arguments and its checkpoint."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from small import config_files
from tiny import TINY

from gxn.configuration.networks import EncoderSettings, Model
from gxn.errors import GxnError
from gxn.files import digest, load_tensors, save_tensors
from gxn.losses.temperature import LearntTemperature
from gxn.training.matching import Matching
from gxn.training.stage import Stage, StageArguments, load_modules, stated, stated_model

STEP = "gxn.steps.train_ranking"


@pytest.fixture
def stage(data: Path) -> Callable[..., Stage]:
    """Make a stage of the tiny dataset."""

    def make(*changes: dict, out: str = "a", seed: int = 3, **files: Path) -> Stage:
        arguments = StageArguments(
            config=config_files(data / "config" / out, TINY, *changes),
            stage="pretrain_ranking",
            name="two_space",
            features=data / "features.h5",
            tokens=data / "tokens.h5",
            seed=seed,
            resume=data / "scratch" / out,
            curves=data / f"{out}.csv",
            out=data / f"{out}.safetensors",
        )
        return Stage(STEP, arguments, **files)

    return make


def trained(stage: Stage) -> Path:
    """Run the stage."""
    stage.run([Matching(stage.encoders, stage.settings.ranking)], {"encoders": stage.encoders}, size=5)
    return stage.arguments.out


class TestStart:
    def test_it_reads_training_and_validation_split(self, stage):
        made = stage()
        assert (made.train.name, made.val.name) == ("train", "val") and len(made.val.imgid) == 6

    def test_validation_is_of_the_first_images_where_so_many_are_asked_for(self, stage):
        assert len(stage({"training": {"val_subset": 3}}).val.imgid) == 3

    def test_networks_have_the_sizes_of_data_and_configuration(self, stage):
        sizes = stage().sizes
        assert (sizes.feature_dim, sizes.vocab_size, sizes.joint_dim) == (16, 12, 10)

    def test_weights_depend_on_the_seed_alone(self, stage):
        torch.manual_seed(999)
        one, two, other = (stage(seed=seed).encoders.state_dict() for seed in (3, 3, 4))
        assert all(torch.equal(one[name], two[name]) for name in one)
        assert not all(torch.equal(one[name], other[name]) for name in one)


class TestCheckpoint:
    def test_it_holds_the_networks_that_are_kept(self, stage):
        made = stage()
        tensors, _ = load_tensors(trained(made))
        assert tensors.keys() == {f"encoders.{name}" for name in made.encoders.state_dict()}

    def test_it_describes_its_networks(self, stage):
        made = stage()
        _, about = load_tensors(trained(made))
        assert stated(EncoderSettings, "encoder", about, Path("x")) == made.settings.encoder
        assert stated_model(about, Path("x")) == made.settings.model
        assert (about["sizes"], about["size"]) == (made.sizes.model_dump(), 5)

    def test_it_names_its_vocabulary(self, stage):
        made = stage()
        assert load_tensors(trained(made))[1]["vocabulary"] == digest(list(made.words))

    def test_an_epoch_is_a_line_of_the_curves(self, stage, data):
        trained(stage({"pretrain_ranking": {"epochs": 3}}))
        lines = (data / "a.csv").read_text().splitlines()
        assert lines[0] == "epoch,ranking_loss,val_rsum,val_i2t_r10,val_t2i_r10" and len(lines) == 4

    def test_no_state_is_left(self, stage, data):
        trained(stage())
        assert list((data / "scratch").iterdir()) == []

    @pytest.mark.parametrize(
        ("change", "same"),
        [
            ({}, True),
            ({"joint": {"epochs": 9}}, True),
            ({"pretrain_ranking": {"max_grad_norm": 1.5}}, False),
            ({"threads": 2}, False),
        ],
    )
    def test_its_provenance_tells_what_the_stage_takes(self, stage, change, same):
        found = [
            load_tensors(trained(stage(each, out=out)))[1]["provenance"]["config"]
            for each, out in (({}, "a"), (change, "b"))
        ]
        assert (found[0] == found[1]) == same

    @pytest.mark.parametrize("changed", [False, True])
    def test_and_what_the_stages_before_took(self, stage, changed):
        """Two runs whose last stage is the same compare only where the stages before it are."""
        found = []
        for out, change in (
            ("a", {}),
            ("b", {"pretrain_ranking": {"max_grad_norm": 1.5}} if changed else {}),
        ):
            first = trained(stage(change, out=out))
            second = stage(out=f"{out}2")
            second.start_from(first, {"encoders": second.encoders})
            found.append(load_tensors(trained(second))[1]["provenance"]["config"])
        assert (found[0] == found[1]) == (not changed)


class TestStartFrom:
    @pytest.fixture
    def first(self, stage) -> Path:
        """The checkpoint of an earlier stage."""
        return trained(stage(out="first"))

    def test_networks_are_those_of_the_checkpoint(self, stage, first):
        made = stage(seed=9)
        made.start_from(first, {"encoders": made.encoders})
        tensors, _ = load_tensors(first)
        assert all(torch.equal(tensors[f"encoders.{k}"], v) for k, v in made.encoders.state_dict().items())

    def test_weights_of_a_loss_are_taken_where_the_checkpoint_has_them(self, stage):
        loss = LearntTemperature(0.5)
        first = stage(out="first")
        matching = Matching(first.encoders, first.settings.ranking)
        first.run([matching], {"encoders": first.encoders, "loss": loss})
        second, begun = stage(out="second"), LearntTemperature(0.1)
        second.start_from(first.arguments.out, {"encoders": second.encoders}, {"loss": begun})
        assert torch.equal(begun.log_scale, loss.log_scale)

    def test_weights_of_a_loss_begin_anew_where_the_checkpoint_has_none(self, stage, first):
        made, begun = stage(), LearntTemperature(0.1)
        made.start_from(first, {"encoders": made.encoders}, {"loss": begun})
        assert torch.equal(begun.log_scale, LearntTemperature(0.1).log_scale)

    @pytest.mark.parametrize(
        ("section", "key", "was", "now"),
        [
            ("encoders.two_space", "similarity", "order", "cosine"),
            ("encoders.two_space", "abstract_weight", "0.5", 0.25),
            ("retrieval", "absolute", "True", False),
            ("retrieval", "word_embeddings", "shared", "own"),
        ],
    )
    def test_one_of_other_spaces_is_refused(self, stage, first, section, key, was, now):
        change: dict = {key: now}
        for part in reversed(section.split(".")):
            change = {part: change}
        made = stage(change)
        message = (
            rf"first\.safetensors: was trained with {key} {was}, but the configuration says {now}; give it"
        )
        with pytest.raises(GxnError, match=message):
            made.start_from(first, {"encoders": made.encoders})

    @pytest.mark.parametrize(
        "change",
        [
            {"encoders": {"two_space": {"loss": {"kind": "hardest", "margin": 0.1}}}},
            {"retrieval": {"same_image_negatives": True}},
            {"retrieval": {"each_space_weight": 0.5}},
        ],
    )
    def test_another_loss_is_no_other_space(self, stage, first, change):
        made = stage(change)
        made.start_from(first, {"encoders": made.encoders})

    def test_other_widths_are_refused(self, stage, first):
        made = stage({"model": {"text_hidden": 13}})
        with pytest.raises(
            GxnError, match=r"first\.safetensors: does not fit the configured encoders.*size mismatch"
        ):
            made.start_from(first, {"encoders": made.encoders})

    def test_another_vocabulary_is_refused(self, stage, first):
        tensors, about = load_tensors(first)
        save_tensors(first, tensors, about | {"vocabulary": "other"})
        made = stage()
        with pytest.raises(
            GxnError, match=r"first\.safetensors: was trained with another vocabulary than .*tokens\.h5"
        ):
            made.start_from(first, {"encoders": made.encoders})

    def test_a_checkpoint_without_that_network_is_refused(self, stage, first):
        with pytest.raises(
            GxnError, match=r"first\.safetensors: does not fit the configured decoder: .*Missing key"
        ):
            stage().start_from(first, {"decoder": torch.nn.Linear(2, 2)})

    @pytest.mark.parametrize("encoder", [None, {}, {"spaces": ["abstract"]}, 5])
    def test_metadata_that_describe_no_encoder_are_refused(self, stage, first, encoder):
        tensors, about = load_tensors(first)
        save_tensors(first, tensors, about | {"encoder": encoder})
        made = stage()
        with pytest.raises(GxnError, match=r"first\.safetensors: encoder: .*; train it again"):
            made.start_from(first, {"encoders": made.encoders})


def test_modules_are_filled_by_their_names():
    layer = torch.nn.Linear(2, 1, bias=False)
    tensors = {"a.weight": torch.ones(1, 2), "ab.weight": torch.zeros(1, 2)}
    load_modules(Path("x"), tensors, {"a": layer})
    assert torch.equal(layer.weight, torch.ones(1, 2))


@pytest.mark.parametrize(
    "tensors", [{}, {"a.weight": torch.ones(2, 2)}, {"a.weight": torch.ones(1, 2), "a.b": torch.ones(1)}]
)
def test_tensors_that_do_not_fit_are_refused(tensors):
    with pytest.raises(
        GxnError, match=r"^x: does not fit the configured a: .*; train it again, or set section model"
    ):
        load_modules(Path("x"), tensors, {"a": torch.nn.Linear(2, 1, bias=False)})


def test_what_a_checkpoint_states_is_read_strictly():
    with pytest.raises(GxnError, match=r"^x: model: embed_dim: must be a whole number, not 'wide'"):
        stated(Model, "model", {"model": {"embed_dim": "wide"}}, Path("x"))
