"""Decides where a step computes, and how it is made repeatable."""

import os

import torch

from gxn.errors import GxnError


def choose_device(name: str, threads: int) -> torch.device:
    """The device that `auto`, `cpu` or `cuda` means here; fixes the thread count and deterministic kernels.

    Raises:
        GxnError: `cuda` is asked for and there is none, or the thread count is below 1.
    """
    if threads < 1:
        raise GxnError(f"threads: must be at least 1, not {threads}")
    if name not in ("auto", "cpu", "cuda"):
        raise GxnError(f"device: must be auto, cpu or cuda, not {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise GxnError("device: cuda is asked for, but torch sees no CUDA card; use device: auto or cpu")
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is repeatable only with it
    torch.set_deterministic_debug_mode("warn")
    torch.utils.deterministic.fill_uninitialized_memory = False  # nothing reads it
    torch.backends.cudnn.allow_tf32 = False  # float32 is float32; what may round is asked for as bfloat16
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
