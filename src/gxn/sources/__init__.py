"""Data sources: where captioned images come from, one plug-in each.

A plug-in has a class `Parameters` with the keys of `dataset.source`, a subclass of `Source`, and a function

    make(parameters, name, captions, images) -> None

that writes the file `captions` in the project's own layout (gxn.datasets.captions) for the dataset `name` and,
where
the source renders, the file `images` (gxn.datasets.images).
"""
