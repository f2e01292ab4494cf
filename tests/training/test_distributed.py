"""Several processes that train one network: shares, what is joined, and who writes."""

import pytest
import torch
from torch import nn

from gxn.errors import GxnError
from gxn.training.distributed import Follower, Processes, check_cards, joined
from gxn.training.resume import Resume

CPU = torch.device("cpu")


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_shares_of_a_batch_are_the_batch(count):
    rows = list(range(8))
    assert [row for rank in range(count) for row in rows[Processes(count, rank, CPU).share(8)]] == rows


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(
        GxnError, match=r"^training\.batch_size: 8 pairs cannot be shared evenly by 3 processes$"
    ):
        Processes(3, 0, CPU).share(8)


@pytest.mark.parametrize(("rank", "first"), [(0, True), (1, False)])
def test_the_first_one_writes(rank, first):
    assert Processes(2, rank, CPU).first == first


def test_one_process_shares_nothing():
    network, rows = nn.Linear(2, 2), [torch.ones(3, 2)]
    alone = Processes(1, 0, CPU)
    assert alone.shared(network) is network and alone.gather(rows) is rows


def test_this_process_is_alone_where_nobody_started_others(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu", 1) as processes:
        assert (processes.count, processes.rank, processes.device) == (1, 0, CPU)


def test_a_follower_reads_what_the_first_keeps(tmp_path):
    Resume(tmp_path, "one").save({"history": [1]})
    assert Follower(tmp_path, "one").load()["history"] == [1]


def test_and_keeps_nothing(tmp_path):
    follower = Follower(tmp_path / "state", "one")
    follower.save({"history": [1]})
    assert not follower.path.exists()


def test_nor_takes_anything_away(tmp_path):
    Resume(tmp_path, "one").save({})
    Follower(tmp_path, "one").clear()
    assert Resume(tmp_path, "one").path.exists()


def test_more_processes_than_cards_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_cards(2)
    with pytest.raises(
        GxnError, match=r"^finetune\.processes: 3 need one card each, but there are 2; lower it$"
    ):
        check_cards(3)
