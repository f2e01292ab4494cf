"""The training steps on a tiny dataset: resumption to the byte, who is trained by what, faults that stop."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from settings import CAPTION, DRAW, MATCH, MODEL, TRAINING

from gxn.config import parse
from gxn.errors import GxnError
from gxn.files import create_hdf5, load_tensors, open_hdf5
from gxn.losses.similarity import score
from gxn.steps.caption import caption
from gxn.steps.draw import draw
from gxn.steps.joint import in_turn, joint
from gxn.steps.match import match
from gxn.training import loop
from gxn.training.captioning import Captioning, CaptioningConfig, build_rewards
from gxn.training.checkpoint import read_decoder, read_encoders
from gxn.training.data import read_split, spread_rows
from gxn.training.drawing import Drawing, DrawingConfig, build_drawer, read_thumbnails
from gxn.training.matching import Matching, MatchingConfig
from gxn.training.stages import Stage


def match_stage(epochs=2, **changes):
    return {"epochs": epochs, "matches": 1, "select": False, "match": MATCH | changes}


def joint_stage(caption=None, draw=None, epochs=2):
    return {"epochs": epochs, "matches": 2, "match": MATCH, "caption": caption, "draw": draw}


@pytest.fixture
def pretrained(arguments, data):
    """Checkpoints of every stage before the joint one."""
    files = {"thumbnails": data / "thumbnails.h5", "frequencies": data / "frequencies.h5"}
    match(None, **arguments("warmup", stage=match_stage()))
    warmup = data / "warmup.safetensors"
    caption(
        warmup, None, files["frequencies"], **arguments("decoder", stage={"epochs": 1, "caption": CAPTION})
    )
    draw(warmup, files["thumbnails"], **arguments("drawer", stage={"epochs": 1, "draw": DRAW}))
    names = ("warmup", "decoder", "drawer")
    return files | {name: data / f"{name}.safetensors" for name in names}


class Killed(Exception):
    pass


def interrupted(monkeypatch, after):
    """Let the loop save `after` epochs, then stop it as a kill would."""
    save, count = loop.Resume.save, []

    def counting(self, state):
        save(self, state)
        count.append(1)
        if len(count) == after:
            raise Killed

    monkeypatch.setattr(loop.Resume, "save", counting)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_killed_stage_ends_with_the_same_bytes(arguments, pretrained, monkeypatch, data, after):
    stage = joint_stage(CAPTION | {"grounding_rate": 0.001}, DRAW | {"grounding_rate": 0.001}, epochs=3)
    joint(**pretrained, **arguments("whole", stage=stage))
    whole = [(data / f"whole{suffix}").read_bytes() for suffix in (".safetensors", ".csv")]
    with monkeypatch.context() as patch, pytest.raises(Killed):
        interrupted(patch, after)
        joint(**pretrained, **arguments("parts", stage=stage))
    torch.manual_seed(999)  # the resumed process must not depend on what its generator was
    joint(**pretrained, **arguments("parts", stage=stage))
    assert [(data / f"parts{suffix}").read_bytes() for suffix in (".safetensors", ".csv")] == whole
    assert list((data / "scratch").iterdir()) == []


@pytest.mark.parametrize("changed", [{}, {"clip": 1.5}])
def test_the_configuration_hash_covers_the_stages_before(arguments, data, changed):
    """Two runs whose last stage is the same compare only where the stages before it are."""
    found = []
    for warmup in ({}, changed):
        match(None, **arguments("warmup", stage=match_stage(epochs=1, **warmup)))
        match(data / "warmup.safetensors", **arguments("row", stage=match_stage(epochs=1)))
        found.append(load_tensors(data / "row.safetensors")[1]["provenance"]["config"])
    assert (found[0] == found[1]) == (not changed)


def test_scheduled_sampling_rises_over_the_stages():
    config = parse(CaptioningConfig, CAPTION | {"sampling_every": 5, "sampling_increase": 0.05}, "caption")
    seen = []
    for earlier in (0, 8):
        path = Captioning.__new__(Captioning)
        path.config, path.optimizers = replace(config, earlier=earlier), {}
        for epoch in (0, 4, 5, 7, 30):
            path.start_epoch(epoch)
            seen.append(round(path.sampling, 3))
    assert seen == [0, 0, 0.05, 0.05, 0.25, 0.05, 0.1, 0.1, 0.15, 0.25]


@pytest.mark.parametrize(("size", "count"), [(128, 32), (128, 65), (128, 100), (7, 7), (5, 9)])
def test_drawn_pairs_are_spread_over_a_batch_that_is_sorted_by_length(size, count):
    rows = spread_rows(size, count)
    assert len(rows) == min(size, count) and rows[0] == 0 and rows[-1] < size
    assert rows.diff().max() - rows.diff().min() <= 1 and size - rows[-1] <= rows.diff().max() + 1


def test_captions_are_learnt_in_half_precision_too(arguments, pretrained, data):
    files, stage = [pretrained[name] for name in ("warmup", "decoder", "frequencies")], {"epochs": 3}
    found = {}
    for precision in ("float32", "bfloat16"):
        training = TRAINING | {"precision": precision}
        stage["caption"] = CAPTION | {"learning_rate": 1e-4}
        caption(*files, **arguments(precision, stage=stage, training=training))
        found[precision] = pd.read_csv(data / f"{precision}.csv").xe_loss
    assert np.allclose(found["float32"], found["bfloat16"], rtol=0.05)
    assert (found["float32"] != found["bfloat16"]).any()


def test_a_state_of_another_recipe_is_no_start(arguments, monkeypatch, data, capsys):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        interrupted(patch, 1)
        match(None, **arguments("a", stage=match_stage()))
    match(None, **arguments("a", stage=match_stage(clip=1.5)))
    assert "another recipe" in capsys.readouterr().out
    match(None, **arguments("b", stage=match_stage(clip=1.5)))
    assert (data / "a.safetensors").read_bytes() == (data / "b.safetensors").read_bytes()


def test_a_damaged_state_starts_anew(arguments, monkeypatch, data, capsys):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        interrupted(patch, 1)
        match(None, **arguments("a", stage=match_stage()))
    state = data / "scratch" / "a" / "last.pt"
    state.write_bytes(state.read_bytes()[:1000])
    match(None, **arguments("a", stage=match_stage()))
    assert "starting anew" in capsys.readouterr().out


def test_warmup_learns(arguments, data):
    match(None, **arguments("a", stage=match_stage(epochs=25)))
    losses = pd.read_csv(data / "a.csv")["ranking_loss"]
    assert losses.iloc[-1] < 0.5 * losses.iloc[0]


def parameters(path, prefix):
    return {k: v for k, v in load_tensors(path)[0].items() if k.startswith(prefix)}


def moved(before, after, prefix):
    a, b = parameters(before, prefix), parameters(after, prefix)
    assert a.keys() == b.keys() and a
    return {name for name in a if not torch.equal(a[name], b[name])}


def encoders_after(data, arguments, pretrained, stage, monkeypatch):
    """Which encoder parameters a joint stage moves when its ranking updates are left out."""
    monkeypatch.setattr(Matching, "step", lambda self, batch: {})
    joint(**pretrained, **arguments("row", stage=stage))
    return moved(pretrained["warmup"], data / "row.safetensors", "encoders.")


def test_captions_reach_the_grounded_image_map_alone(arguments, pretrained, data, monkeypatch):
    stage = joint_stage(CAPTION | {"grounding_rate": 0.01})
    names = encoders_after(data, arguments, pretrained, stage, monkeypatch)
    assert names == {"encoders.image.grounded.weight", "encoders.image.grounded.bias"}


def test_drawings_reach_the_grounded_text_encoder_alone(arguments, pretrained, data, monkeypatch):
    stage = joint_stage(draw=DRAW | {"grounding_rate": 0.01})
    names = encoders_after(data, arguments, pretrained, stage, monkeypatch)
    assert "encoders.text.grounded.weight" in names and "encoders.word.shared.weight" in names
    assert any(name.startswith("encoders.rnn.grounded") for name in names)
    assert not any("abstract" in name or "image" in name for name in names)


def test_a_grounding_rate_of_zero_leaves_the_encoders(arguments, pretrained, data, monkeypatch):
    assert encoders_after(data, arguments, pretrained, joint_stage(CAPTION, DRAW), monkeypatch) == set()


def test_pretraining_fits_what_the_networks_read_to_the_frozen_encoders(arguments, pretrained, data):
    """Of all pairs, as the split has fewer than the sample."""
    encoders, *_ = read_encoders(pretrained["warmup"])
    train = read_split(data / "tokens.h5", data / "features.h5", "train", torch.device("cpu"))
    seen = encoders.image_space(train.features, "grounded")[train.caption_image]
    batch = train.sample(len(train.lengths))
    told = encoders.text_space(batch.tokens, batch.lengths, "grounded")
    for file, names, embedded in (
        ("decoder", ["decoder"], seen),
        ("drawer", ["augmentation", "discriminator"], told),
    ):
        tensors, _ = load_tensors(pretrained[file])
        for name in names:
            assert torch.allclose(tensors[f"{name}.standard.mean"], embedded.mean(0), atol=1e-6)
            spread = (embedded - embedded.mean(0)).square().mean().sqrt()
            assert torch.allclose(tensors[f"{name}.standard.spread"], spread, atol=1e-6)


@pytest.mark.parametrize("reads", ["text", "mean"])
@pytest.mark.parametrize("grounds", [False, True])
def test_the_discriminator_shapes_the_text_encoder_only_where_it_is_told(
    arguments, pretrained, data, monkeypatch, grounds, reads
):
    """The generator's update is left out, so that what moves was moved by the discriminator's."""
    monkeypatch.setattr(Drawing, "_generate", lambda self, sketch, image: {})
    model = MODEL | {"discriminator_reads": reads}
    draw(
        pretrained["warmup"],
        pretrained["thumbnails"],
        **arguments("judge", stage={"epochs": 1, "draw": DRAW}, model=model),
    )
    files = pretrained | {"drawer": data / "judge.safetensors"}
    monkeypatch.setattr(Matching, "step", lambda self, batch: {})
    stage = joint_stage(draw=DRAW | {"grounding_rate": 0.01, "discriminator_grounds": grounds})
    joint(**files, **arguments("row", stage=stage, model=model))
    names = moved(pretrained["warmup"], data / "row.safetensors", "encoders.")
    assert ("encoders.text.grounded.weight" in names) == grounds
    assert not any("abstract" in name or "image" in name for name in names)
    assert moved(files["drawer"], data / "row.safetensors", "discriminator.")


def test_a_decoder_that_reads_the_image_as_a_word_comes_back_from_its_checkpoint(arguments, pretrained, data):
    model = MODEL | {"decoder_start": "word"}
    stage = {"epochs": 1, "caption": CAPTION}
    caption(
        pretrained["warmup"],
        None,
        pretrained["frequencies"],
        **arguments("said", stage=stage, model=model),
    )
    decoder = read_decoder(data / "said.safetensors")
    assert decoder.start.out_features == MODEL["word"]
    assert decoder.greedy(torch.rand(3, MODEL["joint"]), 4).shape[0] == 3


def test_one_update_in_so_many_is_self_critical(arguments, pretrained, data, monkeypatch):
    found, seen = Captioning._critical, []
    monkeypatch.setattr(
        Captioning, "_critical", lambda self, *of: seen.append(self.updates) or found(self, *of)
    )
    files = [pretrained[name] for name in ("warmup", "decoder", "frequencies")]
    caption(*files, **arguments("a", stage={"epochs": 2, "caption": CAPTION | {"critical_every": 3}}))
    assert seen == [1, 4, 1, 4]  # of four updates in each of two epochs
    assert pd.read_csv(data / "a.csv").reward.gt(0).any()


def test_the_reward_is_the_weighted_sum(arguments, pretrained):
    stage = Stage(arguments("a", stage={}))
    images, said = np.arange(12), np.random.default_rng(0).integers(3, 8, (12, 5))
    of = {}
    for weights in ((1.0, 0.0), (0.0, 1.0), (0.5, 2.0)):
        changes = dict(zip(("reward_cider_d", "reward_bleu_4"), weights, strict=True))
        config = parse(CaptioningConfig, CAPTION | changes, "captioning")
        of[weights] = build_rewards(stage, config, pretrained["frequencies"])[0].score(images, said)
    assert of[1.0, 0.0].any() and of[0.0, 1.0].any()
    assert np.allclose(of[0.5, 2.0], 0.5 * of[1.0, 0.0] + 2 * of[0.0, 1.0])


def test_captions_of_the_same_image_are_negatives_only_where_it_is_told(arguments):
    stage = Stage(arguments("a", stage={}))
    batch = stage.train.batch(torch.arange(6))  # three captions of each of two images
    found = {}
    for taken in (False, True):
        encoder = stage.encoders.config = replace(stage.encoder, same_image_negatives=taken)
        path = Matching(stage.encoders, parse(MatchingConfig, MATCH, "match"))
        images, texts = (
            stage.encoders.images(batch.features),
            stage.encoders.texts(batch.tokens, batch.lengths),
        )
        scores = score(encoder.similarity, images, texts, encoder.weights).detach()
        wrong = ~torch.eye(6, dtype=torch.bool) if taken else batch.image[:, None] != batch.image
        hinges = [(0.05 - scores.diagonal()[own] + scores).clamp(min=0) for own in ((..., None), (None,))]
        expected = sum(float(hinge[wrong].sum()) for hinge in hinges) / 6
        found[taken] = expected
        assert float(path.step(batch)["ranking_loss"]) == pytest.approx(expected, rel=1e-4)
    assert found[True] > found[False]


def test_an_epoch_is_chosen_on_the_first_validation_images(arguments, data):
    rows = {}
    for images in (None, 3):
        training = TRAINING | {"select_images": images}
        match(None, **arguments(f"v{images}", stage=match_stage(), training=training))
        rows[images] = pd.read_csv(data / f"v{images}.csv")
    assert (rows[None].ranking_loss == rows[3].ranking_loss).all()
    assert (rows[3].val_t2i_r10 == 100).all()  # of three images each is among the first ten


def test_every_module_trains_in_training_mode_and_validates_in_evaluation_mode(
    arguments, pretrained, monkeypatch
):
    seen = []
    for path in (Matching, Captioning, Drawing):
        for name, mode in (("step", True), ("validate", False)):
            original = getattr(path, name)

            def checked(self, data, original=original, mode=mode):
                assert all(m.training == mode for each in self.modules.values() for m in each.modules())
                seen.append((type(self), mode))
                return original(self, data)

            monkeypatch.setattr(path, name, checked)
    joint(**pretrained, **arguments("row", stage=joint_stage(CAPTION, DRAW)))
    assert len(set(seen)) == 6


@pytest.mark.parametrize(
    ("value", "said"), [(float("nan"), "nan"), (float("inf"), "inf"), (1e30, r"\S+e\+\d+")]
)
def test_a_loss_that_is_not_finite_or_explodes_stops_with_its_place(
    arguments, data, monkeypatch, value, said
):
    original = Matching.step

    def poisoned(self, batch):
        losses = original(self, batch)
        poisoned.calls += 1
        return {name: loss * value for name, loss in losses.items()} if poisoned.calls == 6 else losses

    poisoned.calls = 0
    monkeypatch.setattr(Matching, "step", poisoned)
    with pytest.raises(
        GxnError, match=rf"ranking_loss is {said} at step 2 of epoch 2; batch of sentids .*last\.pt"
    ):
        match(None, **arguments("a", stage=match_stage()))
    assert not (data / "a.safetensors").exists() and (data / "scratch/a/last.pt").exists()


def test_embeddings_that_collapse_stop_the_stage(arguments, data):
    with create_hdf5(data / "same.h5", {}) as file, open_hdf5(data / "features.h5") as features:
        file["features"], file["imgid"] = np.ones((24, 16), np.float32), features["imgid"][:]
    with pytest.raises(GxnError, match=r"image embeddings: all 6 are the same\. The model has collapsed"):
        match(None, **arguments("a", stage=match_stage(), features=data / "same.h5"))
    assert not (data / "a.safetensors").exists()


def test_a_batch_larger_than_the_split_is_refused(arguments):
    settings = arguments("a", stage=match_stage()) | {"training": TRAINING | {"batch": 64}}
    with pytest.raises(GxnError, match=r"training\.batch: 64 .* 36 captions of the train split"):
        match(None, **settings)


@pytest.mark.parametrize(
    ("key", "value"), [("batch", 0), ("batch", 1), ("select_images", 0), ("precision", "float16")]
)
def test_a_training_section_that_cannot_be_is_refused(arguments, key, value):
    settings = arguments("a", stage=match_stage()) | {"training": TRAINING | {key: value}}
    with pytest.raises(GxnError, match=rf"training\.{key}: must be .* not .?{value}"):
        match(None, **settings)


@pytest.mark.parametrize("key", ["epochs", "matches"])
def test_a_stage_without_an_update_is_refused(arguments, data, key):
    stage = {"epochs": 1, "matches": 1, "select": False, "match": MATCH} | {key: 0}
    with pytest.raises(GxnError, match=rf"stage\.{key}: must be at least 1, not 0"):
        match(None, **arguments("a", stage=stage))
    assert not (data / "a.safetensors").exists()


def test_an_unknown_key_is_named(arguments):
    with pytest.raises(
        GxnError, match=r"stage\.match\.learning_rte: unknown key; did you mean 'learning_rate'"
    ):
        match(None, **arguments("a", stage=match_stage(learning_rte=1)))


def test_a_checkpoint_of_another_margin_is_a_start(arguments, pretrained):
    other = arguments("a", stage=match_stage(epochs=1))
    other["encoder"] = other["encoder"] | {"margin": 0.1, "same_image_negatives": True}
    match(pretrained["warmup"], **other)


def test_adam_keeps_the_layout_of_what_is_drawn_with(arguments, data):
    """Its kernel reads memory as it lies: parameters, gradients and moments must lie alike, resumed too."""
    stage = Stage(arguments("a", stage={}))
    images = read_thumbnails(data / "thumbnails.h5", stage.train)
    networks = build_drawer(stage.model, images.shape[-1], stage.device)
    path = Drawing(stage.encoders, *networks.values(), parse(DrawingConfig, DRAW, "draw"), images)
    path.step(stage.train.batch(torch.arange(8)))
    content = io.BytesIO()
    torch.save({name: each.state_dict() for name, each in path.optimizers.items()}, content)
    content.seek(0)
    for name, state in torch.load(content, weights_only=True).items():
        path.optimizers[name].load_state_dict(state)
    seen = 0
    for optimizer in path.optimizers.values():
        for parameter, state in optimizer.state.items():
            for each in (parameter.grad, state["exp_avg"], state["exp_avg_sq"]):
                assert each.stride() == parameter.stride()
            seen += not parameter.is_contiguous()
    assert seen > 4


@pytest.mark.parametrize(
    ("key", "value"), [("similarity", "cosine"), ("abstract_state", "last"), ("absolute", False)]
)
def test_a_checkpoint_of_other_spaces_is_refused(arguments, pretrained, key, value):
    other = arguments("a", stage=match_stage())
    was, other["encoder"] = other["encoder"][key], other["encoder"] | {key: value}
    with pytest.raises(
        GxnError, match=rf"warmup\.safetensors: was trained with {key} {was}, but --encoder says {value}"
    ):
        match(pretrained["warmup"], **other)


def test_a_checkpoint_of_another_vocabulary_or_shape_is_refused(arguments, pretrained):
    wider = arguments("a", stage=match_stage())
    wider["model"] = wider["model"] | {"hidden": 13}
    with pytest.raises(
        GxnError, match=r"warmup\.safetensors: does not fit the configured encoders.*size mismatch"
    ):
        match(pretrained["warmup"], **wider)


@pytest.mark.parametrize(
    ("imagine", "matches", "expected"),
    [("cd", 2, "cmdm"), ("c", 2, "cmm"), ("cd", 1, "cdm"), ("", 2, "mm"), ("d", 1, "dm"), ("cd", 3, "cmdmm")],
)
def test_updates_come_in_the_order_of_algorithm_1(imagine, matches, expected):
    assert "".join(in_turn(list(imagine), "m", matches)) == expected


def test_grounding_goes_on_at_a_tenth_when_ranking_does(arguments, pretrained):
    """On equal terms with the control, the encoders' last epochs are at a tenth of every rate that moves them."""
    rates = {"grounding_rate": 0.02, "decay_epoch": 2}
    stage = Stage({**arguments("rates", stage={}), **pretrained})
    networks = build_drawer(stage.model, 16, stage.device)
    thumbnails = read_thumbnails(pretrained["thumbnails"], stage.train)
    drawing = Drawing(
        stage.encoders, **networks, config=parse(DrawingConfig, DRAW | rates, "draw"), thumbnails=thumbnails
    )
    config = parse(CaptioningConfig, CAPTION | rates, "caption")
    rewards = build_rewards(stage, config, pretrained["frequencies"])
    decoder = read_decoder(pretrained["decoder"])
    captioning = Captioning(stage.encoders, decoder, config, *rewards)
    for path, grounding, own in (
        (drawing, "ground_text", "generator"),
        (captioning, "ground_image", "decoder"),
    ):
        found = []
        for epoch in range(4):
            path.start_epoch(epoch)
            found.append([path.optimizers[name].param_groups[0]["lr"] for name in (grounding, own)])
        assert [each[0] for each in found] == pytest.approx([0.02, 0.02, 0.002, 0.002])
        assert len({each[1] for each in found}) == 1
