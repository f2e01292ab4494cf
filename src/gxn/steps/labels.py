"""Write the labels of all images: facts of scenes, COCO's categories, or clusters of captions (pseudo-labels)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.configuration.systems import LabelSource
from gxn.datasets.captions import SPLITS, image_ids, read_captions
from gxn.datasets.clusters import fit_clusters
from gxn.datasets.labels import Labels, category_labels, scene_labels, write_labels
from gxn.datasets.tokens import read_tokens
from gxn.datasets.words import SPECIAL
from gxn.files import read_json

MAX_WORDS = 4000  # columns of the captions that are clustered: the work grows with their number cubed


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json")
    tokens: Path = cli.option("tokens.h5")
    out: Path = cli.option("labels.h5 to write")


def labels(arguments: Arguments) -> None:
    """Write `out` for the images of all splits."""
    config = arguments.configuration
    records = read_captions(arguments.captions)
    if config.dataset.source.renders():
        found = scene_labels(read_json(arguments.captions)["images"], arguments.captions)
        imgid = image_ids(records)
    elif config.labels.instances:
        paths = [Path(path) for path in config.labels.instances]
        found, imgid = category_labels(paths, [record.filename for record in records]), image_ids(records)
    else:
        imgid, found = _clustered(arguments.tokens, config.labels)
    write_labels(arguments.out, imgid, found)
    print(f"{len(found.names)} {found.source}, {found.multi_hot.sum() / len(imgid):.2f} to an image")


def _clustered(tokens: Path, settings: LabelSource) -> tuple[np.ndarray, Labels]:
    """Ids (N,) and clusters of the images of all splits; fitted on the training split alone."""
    splits = [read_tokens(tokens, name) for name in SPLITS]
    arrays = [(each.tokens, each.offsets, each.caption_image) for each in splits]
    clusters = fit_clusters(*arrays[SPLITS.index("train")], len(SPECIAL), settings.clusters, MAX_WORDS)
    parts = [clusters.labels(*each) for each in arrays]
    multi_hot = np.concatenate([each.multi_hot for each in parts])
    return np.concatenate([each.imgid for each in splits]), Labels(multi_hot, parts[0].names, parts[0].source)


main = cli.command(labels, Arguments)

if __name__ == "__main__":
    main()
