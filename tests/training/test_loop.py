"""The training loop: order of updates, modes, selection, losses that stop it, and a kill between epochs."""

import math

import pytest
import torch
from tiny import Killed, kill_after
from torch import nn

from gxn.errors import GxnError
from gxn.training import loop
from gxn.training.data import Split
from gxn.training.loop import Plan, set_mode, train
from gxn.training.resume import Resume

COUNT = 10


def split(name: str) -> Split:
    """Ten captions of ten images whose features count up."""
    rows = torch.arange(COUNT)
    return Split(
        name=name,
        features=rows.float().unsqueeze(1),
        tokens=torch.full((COUNT, 1), 3),
        lengths=torch.ones(COUNT, dtype=torch.int64),
        caption_image=rows,
        imgid=rows.numpy(),
        sentid=rows.numpy() + 100,
        words=("<pad>", "<bos>", "<eos>", "a"),
    )


class Fit:
    """An objective that draws a weight towards the mean feature, with noise of torch's generator."""

    def __init__(self, network: nn.Module, name: str = "fit", log: list | None = None) -> None:
        self.name, self.log = name, log if log is not None else []
        self.network = network
        self.modules = {"network": network}
        self.optimizers = {name: torch.optim.Adam(network.parameters(), 0.1)}
        self.scores = [1.0] * 100  # of the epochs, by their order

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        self.log.append(f"{self.name} epoch {epoch}")

    def step(self, batch) -> dict[str, torch.Tensor]:
        self.log.append(f"{self.name} step {self.network.training}")
        loss = (self.network.weight - batch.features - torch.randn(1)).square().mean()
        self.optimizers[self.name].zero_grad()
        loss.backward()
        self.optimizers[self.name].step()
        return {f"{self.name}_loss": loss.detach()}

    def validate(self, val: Split) -> dict[str, float]:
        self.log.append(f"{self.name} validate {self.network.training} {torch.is_grad_enabled()}")
        return {"val_score": self.scores[self.epoch], "val_loss": self.scores[self.epoch]}


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


def plan(**changes) -> Plan:
    return Plan(
        **{"epochs": 3, "batch_size": 4, "seed": 0, "monitor": None, "precision": "float32"} | changes
    )


def trained(folder, objective: Fit, **changes) -> list[dict[str, float]]:
    return train([objective], plan(**changes), split("train"), split("val"), Resume(folder, "one"))


def fresh(**given) -> Fit:
    torch.manual_seed(0)
    return Fit(Network(), **given)


def test_an_epoch_is_a_row(tmp_path):
    history = trained(tmp_path, fresh())
    assert [list(row) for row in history] == [["epoch", "fit_loss", "val_score", "val_loss"]] * 3
    assert [row["epoch"] for row in history] == [1, 2, 3]


def test_losses_are_means_over_the_steps(tmp_path, monkeypatch):
    seen, step = [], Fit.step
    monkeypatch.setattr(Fit, "step", lambda self, batch: seen.append(step(self, batch)) or seen[-1])
    history = trained(tmp_path, fresh(), epochs=1)
    assert history[0]["fit_loss"] == pytest.approx(sum(float(each["fit_loss"]) for each in seen) / 2)


def test_updates_and_validation_come_in_order_and_mode(tmp_path):
    objective = fresh()
    trained(tmp_path, objective, epochs=2)
    epoch = ["fit step True", "fit step True", "fit validate False False"]
    assert objective.log == ["fit epoch 0", *epoch, "fit epoch 1", *epoch]


def test_objectives_take_turns_on_every_batch(tmp_path):
    log: list[str] = []
    one = Fit(Network(), "one", log)
    two = Fit(one.network, "two", log)
    train([one, two, one], plan(epochs=1), split("train"), split("val"), Resume(tmp_path, "one"))
    assert [line.split()[0] for line in log if "step" in line] == ["one", "two", "one"] * 2


def test_an_objective_that_stands_twice_is_validated_once(tmp_path):
    objective = fresh()
    train([objective] * 2, plan(epochs=1), split("train"), split("val"), Resume(tmp_path, "one"))
    assert sum("validate" in line for line in objective.log) == 1


def test_afterwards_all_is_in_evaluation_mode(tmp_path):
    objective = fresh()
    trained(tmp_path, objective)
    assert not objective.network.training


def test_without_a_monitor_the_last_epoch_is_kept(tmp_path):
    objective = fresh()
    objective.scores = [3, 2, 1]
    trained(tmp_path, objective)
    assert objective.network.weight > 0.4  # Adam's six steps of about 0.1; after the first epoch it is 0.2


@pytest.mark.parametrize(("scores", "best"), [([1, 3, 2], 2), ([3, 1, 2], 1), ([1, 2, 3], 3), ([2, 2, 2], 1)])
def test_with_a_monitor_the_best_epoch_is_kept_and_of_equals_the_first(tmp_path, scores, best):
    selected = fresh()
    selected.scores = scores
    trained(tmp_path / "a", selected, monitor="val_score")
    expected = fresh()
    trained(tmp_path / "b", expected, epochs=best)
    assert torch.equal(selected.network.weight, expected.network.weight)


def test_of_a_loss_the_lowest_is_the_best():
    by_loss, by_score = plan(monitor="val_xe_loss"), plan(monitor="val_score")
    assert by_loss.is_better(1, 2) and not by_loss.is_better(2, 1) and not by_loss.is_better(1, 1)
    assert by_score.is_better(2, 1) and not by_score.is_better(1, 2) and not by_score.is_better(1, 1)


@pytest.mark.parametrize(
    ("scores", "patience", "epochs"),
    [
        ([3, 2, 1, 0, 9], 1, 2),
        ([3, 2, 4, 1, 0], 2, 5),
        ([3, 2, 2, 9, 9], 2, 3),
        ([1, 2, 3, 4, 5], 1, 5),
        ([3, 2, 1, 0, 9], None, 5),
    ],
)
def test_patience_ends_a_stage_that_no_longer_improves(tmp_path, scores, patience, epochs):
    objective = fresh()
    objective.scores = scores
    history = trained(tmp_path, objective, epochs=5, monitor="val_score", patience=patience)
    assert len(history) == epochs


def test_a_stage_that_patience_ended_does_not_go_on_when_it_is_resumed(tmp_path):
    first = fresh()
    first.scores = [3, 2, 1, 9, 9]
    ended = trained(tmp_path, first, epochs=5, monitor="val_score", patience=2)
    again = Fit(Network())
    again.scores = first.scores
    assert trained(tmp_path, again, epochs=5, monitor="val_score", patience=2) == ended
    assert not any("step" in line for line in again.log)
    assert torch.equal(again.network.weight, first.network.weight)


@pytest.mark.parametrize(("scores", "best"), [([3, 1, 2], 2), ([1, 2, 3], 1), ([3, 2, 1], 3), ([2, 2, 2], 1)])
def test_of_a_loss_the_lowest_is_kept(tmp_path, scores, best):
    selected = fresh()
    selected.scores = scores
    trained(tmp_path / "a", selected, monitor="val_loss")
    expected = fresh()
    trained(tmp_path / "b", expected, epochs=best)
    assert torch.equal(selected.network.weight, expected.network.weight)


@pytest.mark.parametrize(
    ("scores", "patience", "epochs"),
    [([1, 3, 2, 2, 2, 9], 2, 4), ([1, 3, 2, 2, 2, 9], 3, 5), ([1, 2, 3, 4, 5, 6], 1, 6),
     ([3, 2, 4, 1, 1, 1], 2, 5), ([1, 1, 1, 1, 1, 1], None, 6)],
)  # fmt: skip
def test_training_stops_after_so_many_epochs_without_a_better_one(tmp_path, capsys, scores, patience, epochs):
    objective = fresh()
    objective.scores = scores
    history = trained(tmp_path, objective, epochs=6, monitor="val_score", patience=patience)
    assert len(history) == epochs
    assert ("stopped: no better val_score since epoch" in capsys.readouterr().out) == (epochs < 6)


def test_a_run_that_stopped_and_was_killed_stops_there_again(tmp_path, monkeypatch):
    whole = fresh()
    whole.scores = [1, 3, 2, 2, 9, 9]
    expected = trained(tmp_path / "whole", whole, epochs=6, monitor="val_score", patience=2)
    parts = fresh()
    parts.scores = whole.scores
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 4)
        trained(tmp_path / "parts", parts, epochs=6, monitor="val_score", patience=2)
    parts = Fit(Network())
    parts.scores = whole.scores
    assert trained(tmp_path / "parts", parts, epochs=6, monitor="val_score", patience=2) == expected
    assert torch.equal(parts.network.weight, whole.network.weight)


@pytest.mark.parametrize("saves", [1, 2, 3])
@pytest.mark.parametrize("monitor", [None, "val_score"])
def test_a_run_that_is_killed_ends_as_one_that_is_not(tmp_path, monkeypatch, saves, monitor):
    whole = fresh()
    whole.scores = [1, 3, 2, 0]
    expected = trained(tmp_path / "whole", whole, epochs=4, monitor=monitor)
    parts = fresh()
    parts.scores = whole.scores
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, saves)
        trained(tmp_path / "parts", parts, epochs=4, monitor=monitor)
    torch.manual_seed(999)  # nothing may depend on the state of the process that goes on
    parts = Fit(Network())
    parts.scores = whole.scores
    assert trained(tmp_path / "parts", parts, epochs=4, monitor=monitor) == expected
    assert torch.equal(parts.network.weight, whole.network.weight)


def test_what_was_done_is_not_done_again(tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 2)
        trained(tmp_path, fresh())
    again = fresh()
    trained(tmp_path, again)
    assert [line for line in again.log if "epoch" in line] == ["fit epoch 2"]
    assert "resumed after epoch 2" in capsys.readouterr().out


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e30])
@pytest.mark.parametrize("every", [1, 50])
def test_a_loss_that_is_not_finite_or_explodes_stops_with_its_place(tmp_path, monkeypatch, value, every):
    monkeypatch.setattr(loop, "CHECK_EVERY", {"cpu": every})
    objective, step = fresh(), Fit.step

    def poisoned(self: Fit, batch) -> dict:
        losses = step(self, batch)
        wrong = self.epoch == 1 and self.log.count("fit step True") == 4
        return {"fit_loss": torch.tensor(value)} if wrong else losses

    monkeypatch.setattr(Fit, "step", poisoned)
    message = (
        r"^fit_loss is \S+ at step 2 of epoch 2; batch of sentids 1\d\d, .*epoch 1 is kept in .*last\.pt"
    )
    with pytest.raises(GxnError, match=message):
        trained(tmp_path, objective)


def test_a_batch_larger_than_the_split_is_refused(tmp_path):
    with pytest.raises(GxnError, match=r"^training\.batch_size: 64 pairs are more than the 10 captions"):
        trained(tmp_path, fresh(), batch_size=64)


@pytest.mark.parametrize(("precision", "kind"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_steps_are_taken_in_the_precision_asked_for(tmp_path, monkeypatch, precision, kind):
    seen = []

    def product(self: Fit, batch) -> dict:
        seen.append((batch.features @ torch.ones(1, 1)).dtype)
        return {"fit_loss": torch.zeros(())}

    monkeypatch.setattr(Fit, "step", product)
    trained(tmp_path, fresh(), precision=precision)
    assert set(seen) == {kind}


@pytest.mark.parametrize("training", [True, False])
def test_all_modules_are_put_into_a_mode(training):
    modules = {name: nn.Sequential(nn.Dropout()) for name in "ab"}
    set_mode(modules, training)
    assert all(each.training == training for module in modules.values() for each in module.modules())
