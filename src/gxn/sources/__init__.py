"""Data sources: where captioned images come from, one plug-in each.

A plug-in has a class `Parameters` with the keys of `dataset.source`, a subclass of `Source`, and a function

    make(parameters, order) -> None

that writes the files of an `Order` (gxn.sources._source): captions in the project's own layout
(gxn.datasets.captions); where the source renders, the images (gxn.datasets.images); where it reads files of the
user's, a record of what was decided about them.
"""
