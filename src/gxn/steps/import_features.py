"""Take precomputed features of a dataset's images, such as CLIP's, from a file in place of computing them.

The rows of the file are joined to the images by name, or by id where the captions came with ids.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.captions import image_ids, read_captions
from gxn.errors import GxnError
from gxn.features.ready import match, write_ready
from gxn.features.ready_files import open_ready
from gxn.files import read_json


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json")
    split: Path | None = cli.option("split.json, which tells whether the image ids are the user's", None)
    file: Path = cli.option("HDF5, .npz or .npy of features, or a *_precomp folder")
    out: Path = cli.option("features.h5 to write")


def import_features(arguments: Arguments) -> None:
    """Write `out`: `features` (N, D) and `imgid` (N,), in the order of `captions`.

    Raises:
        GxnError: the file is damaged, or an image has no row, several, or one that is not finite.
    """
    settings = arguments.configuration.features
    records = read_captions(arguments.captions)
    made_up = arguments.split is not None and read_json(arguments.split)["ids"]["imgid"] > 0
    imgids = image_ids(records)
    with open_ready(arguments.file) as ready:
        rows = match(ready, [each.filename for each in records], None if made_up else imgids.tolist())
        if (rows < 0).any():
            first = records[int((rows < 0).argmax())].filename
            raise GxnError(
                f"{arguments.file}: has no features of {(rows < 0).sum()} of {len(rows)} images, such as {first!r}"
            )
        about = {"file": arguments.file.name, "storage_dtype": settings.storage_dtype}
        zeros = write_ready(ready, rows, imgids, settings.storage_dtype, about, arguments.out)
    if zeros:
        cli.warn(f"{arguments.file}: the features of {zeros} images are all zero; were they computed?")
    print(f"{len(rows)} images, {ready.width} features each")


main = cli.command(import_features, Arguments)

if __name__ == "__main__":
    main()
