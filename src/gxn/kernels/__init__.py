"""The fast paths: loops compiled by numba, a GRU with its own gradient, and Triton's kernels for a CUDA card.

Each of them equals a plain formula, named where it stands and tested against; docs/kernels.md has the figures.
"""
