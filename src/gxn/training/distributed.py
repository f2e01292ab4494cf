"""One process, or several that train one network: the share of each, and what they exchange."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gxn.errors import GxnError
from gxn.training.device import choose_device
from gxn.training.resume import Resume


@dataclass(frozen=True)
class Processes:
    """Number of processes, rank of this one, from 0, and the device on which it computes."""

    count: int
    rank: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Say whether this is the one that writes."""
        return self.rank == 0

    def share(self, size: int) -> slice:
        """This process's rows of a batch of `size` pairs.

        Raises:
            GxnError: the batch cannot be divided evenly.
        """
        if size % self.count:
            raise GxnError(
                f"training.batch_size: {size} pairs cannot be shared evenly by {self.count} processes"
            )
        own = size // self.count
        return slice(self.rank * own, (self.rank + 1) * own)

    def shared(self, network: nn.Module) -> nn.Module:
        """The network, its gradients the mean over the processes' when there are several."""
        if self.count == 1:
            return network
        # batch-norm statistics are frozen, hence equal; the class scores of a CNN are not part of the loss.
        # No device_ids: with them every input is moved to the card, lengths too, which belong on the CPU
        return DistributedDataParallel(network, forward_sync_buffers=False, find_unused_parameters=True)

    def gather(self, shares: list[Tensor]) -> list[Tensor]:
        """Concatenate each tensor (b, D_k) with those of the other processes: (B, D_k), in order of rank.

        Where every process computes the same loss of what is joined, the mean over processes of the gradients
        that arrive at a parameter is the gradient that one process with the whole batch has.
        """
        if self.count == 1:
            return shares
        widths = [share.shape[1] for share in shares]
        # one exchange, so that no parameter's gradient is under way between two
        return list(
            _Gather.apply(torch.cat([share.float() for share in shares], 1), self.rank, self.count).split(
                widths, 1
            )
        )


class _Gather(torch.autograd.Function):
    """Rows (b, D) of all processes, (B, D); the gradient of a row is the sum of its gradients in all processes."""

    @staticmethod
    def forward(ctx, rows: Tensor, rank: int, count: int) -> Tensor:
        ctx.own = slice(rank * len(rows), (rank + 1) * len(rows))
        parts = [torch.empty_like(rows) for _ in range(count)]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, grad_output: Tensor) -> tuple[Tensor, None, None]:
        grad_output = grad_output.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(grad_output)
        return grad_output[ctx.own], None, None


class Follower(Resume):
    """State between epochs of processes other than the first: they read what that one saves, and save nothing."""

    def save(self, state: object) -> None:
        """Leave it to the first process."""

    def clear(self) -> None:
        """Leave it to the first process."""


def check_cards(processes: int) -> None:
    """Refuse more processes than there are cards.

    Raises:
        GxnError: names both numbers.
    """
    cards = torch.cuda.device_count()
    if processes > cards:
        raise GxnError(f"finetune.processes: {processes} need one card each, but there are {cards}; lower it")


@contextlib.contextmanager
def joined(device: str, threads: int) -> Iterator[Processes]:
    """The processes that `torchrun` started, or this one alone; only the first one prints.

    Raises:
        GxnError: as `choose_device`; or this machine has fewer cards than processes.
    """
    where = choose_device(device, threads)
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes(1, 0, where)
        return
    local = int(os.environ["LOCAL_RANK"])
    if where.type == "cuda":
        check_cards(int(os.environ["LOCAL_WORLD_SIZE"]))
        where = torch.device("cuda", local)
        torch.cuda.set_device(where)
    if where.type == "cuda":
        dist.init_process_group("nccl", device_id=where)
    else:
        dist.init_process_group("gloo")
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.ExitStack() as stack:
            if dist.get_rank():
                stack.enter_context(contextlib.redirect_stdout(nowhere))
            yield Processes(count, dist.get_rank(), where)
    finally:
        dist.destroy_process_group()
