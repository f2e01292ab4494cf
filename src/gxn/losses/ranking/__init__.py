"""Ranking losses, one plug-in each.

A plug-in has a class `Parameters`, the keys of `loss`, and a function

    loss(scores, same_image, parameters) -> Tensor

of `scores` (B, B), row i image and column j caption, the pairs on the diagonal, and of `same_image` bool (B,
B), true where pair i and pair j show one image, so that they are not negatives of each other; the diagonal is
always true. The result is a sum over the batch, not a mean: that is what VSE++ and order embeddings clip at
gradient norm 2.

A loss with weights of its own has, instead of `loss`, a function build(parameters) -> module, called as
module(scores, same_image). Its weights are trained with the encoders' and kept in their checkpoint.
"""
