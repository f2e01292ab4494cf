"""Updates are timed on made-up batches that are as those of training."""

from dataclasses import replace

import pytest
import torch
from small import configuration
from tiny import TINY

from gxn.training import rates
from gxn.training.rates import LONGEST, SHORTEST, Data, made_up, quickest, update_rates

CPU = torch.device("cpu")
DATA = Data(features=16, words=40, length=11.0)
KINDS = {"match", "xe", "mix", "draw", "tie"}


@pytest.fixture(scope="module")
def found() -> dict:
    return update_rates(configuration(TINY), "two_space", KINDS, DATA, CPU)


def test_every_kind_of_update_is_timed(found):
    assert set(found) == KINDS and all(rate.seconds > 0 for rate in found.values())


def test_memory_is_that_of_weights_gradients_and_moments(found):
    """Four numbers of four bytes for each parameter; captioning has the decoder's besides the encoders'."""
    assert (
        found["match"].memory % 16 == 0 and found["mix"].memory == found["xe"].memory > found["match"].memory
    )


def test_what_no_row_needs_is_not_timed_and_without_a_grounded_space_nothing_else_is_needed():
    abstract = {
        "encoders": {"abstract": {"loss": {"kind": "hinge", "margin": 0.05}}},
        "methods": {"plain": {"encoder": "abstract"}},
    }
    assert set(update_rates(configuration(TINY, abstract), "abstract", {"match"}, DATA, CPU)) == {"match"}


def test_the_mix_is_weighted_by_how_often_it_is_self_critical(monkeypatch):
    times = iter([1.0, 2.0, 10.0, 3.0])
    monkeypatch.setattr(rates, "quickest", lambda call: call() or next(times))
    rare = {"captioning": {"scst_interval": 4}}
    found = update_rates(configuration(TINY, rare), "two_space", KINDS - {"tie"}, DATA, CPU)
    assert {name: rate.seconds for name, rate in found.items()} == {"match": 1, "xe": 2, "mix": 4, "draw": 3}


class TestMadeUp:
    def test_captions_are_as_long_as_those_of_photographs(self):
        batch, _ = made_up(32, DATA, CPU)
        assert (batch.lengths[0], batch.lengths[-1]) == (LONGEST, SHORTEST)
        assert torch.equal((batch.tokens != 0).sum(1), batch.lengths)

    @pytest.mark.parametrize("length", [8.0, 10.8, 14.4, 20.0])
    def test_their_mean_is_that_of_the_dataset(self, length):
        batch, _ = made_up(128, replace(DATA, length=length), CPU)
        assert batch.lengths.double().mean() == pytest.approx(length, abs=0.2)

    def test_the_batch_is_sorted_as_those_of_training(self):
        batch, _ = made_up(32, DATA, CPU)
        assert (batch.lengths.diff() <= 0).all()

    def test_the_references_are_the_batchs_captions(self):
        batch, captions = made_up(8, DATA, CPU)
        for row in range(8):
            own = captions.tokens[captions.offsets[row] : captions.offsets[row + 1]].tolist()
            assert own == batch.tokens[row, : batch.lengths[row]].tolist()

    def test_words_are_of_the_vocabulary(self):
        batch, _ = made_up(8, DATA, CPU)
        assert batch.tokens.max() < 40 and batch.tokens[batch.tokens != 0].min() >= 3


@pytest.mark.parametrize(("threads", "clock"), [(1, "process_time"), (2, "perf_counter")])
def test_the_quickest_of_a_few_calls_counts_by_the_clock_that_fits(monkeypatch, threads, clock):
    times = iter([0.0, 3.0, 3.0, 4.0, 4.0, 6.0])
    monkeypatch.setattr(rates.torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(rates.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(rates.time, clock, lambda: next(times))
    assert quickest(lambda: None) == 1.0


def test_a_long_call_is_made_twice_since_the_first_may_compile_kernels(monkeypatch):
    times, calls = iter([0.0, 100.0, 100.0, 107.0]), []
    monkeypatch.setattr(rates.torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(rates.time, "perf_counter", lambda: next(times))
    assert quickest(lambda: calls.append(1)) == 7.0 and calls == [1, 1]
