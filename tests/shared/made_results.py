"""A whole folder of results, made up: every file that tables and figures read, in the form the steps write."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from small import config_files

from gxn.files import write_json
from gxn.hdf5 import create_hdf5

METHODS = ("vse0", "vsepp", "order", "two_space", "gxn_i2t_xe", "gxn_i2t_mix", "gxn_t2i", "gxn_i2t_t2i")
# the rows of the table, by the configuration
ROWS = {"methods": dict.fromkeys(("abstract", "cca", "bag", "infonce"))}
COLOURS = {"red": (200, 40, 40), "blue": (40, 70, 200), "green": (40, 160, 70), "yellow": (220, 190, 40)}
SHAPES = ("disc", "square", "ring", "bar")
PLACES = ("top left", "top right", "bottom left", "bottom right")
SEEDS = (0, 1, 2)
IMAGES, SIDE = 120, 64


@dataclass(frozen=True)
class Results:
    """Places of the files."""

    folder: Path

    def each(self, pattern: str) -> tuple[Path, ...]:
        """Files by a pattern, sorted."""
        return tuple(sorted(self.folder.glob(pattern)))

    @property
    def config(self) -> tuple[Path, Path]:
        """Configuration files of these rows."""
        return config_files(self.folder / "config", ROWS)


def picture(rng, shape, colour, place):
    """A scene of one object, uint8 (3, SIDE, SIDE)."""
    image = np.full((3, SIDE, SIDE), rng.integers(150, 245), np.float64) + rng.normal(0, 4, (3, SIDE, SIDE))
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    y, x = y - (0.28 if "top" in place else 0.72), x - (0.28 if "left" in place else 0.72)
    masks = {
        "disc": x**2 + y**2 < 0.03,
        "square": (abs(x) < 0.16) & (abs(y) < 0.16),
        "ring": abs(x**2 + y**2 - 0.025) < 0.01,
        "bar": (abs(x) < 0.22) & (abs(y) < 0.06),
    }
    image[:, masks[shape]] = np.array(COLOURS[colour])[:, None]
    return image.clip(0, 255).astype(np.uint8)


def captioned(rng):
    """Pictures, and the Karpathy JSON of them; every third image has fewer captions."""
    images, pictures, sentid = [], [], 0
    for index in range(IMAGES):
        shape, place = rng.choice(SHAPES), rng.choice(PLACES)
        colour = rng.choice(list(COLOURS))
        pictures.append(picture(rng, shape, colour, place))
        says = [
            f"a {colour} {shape} lies in the {place} corner of a plain and rather pale ground",
            f"there is one {shape} here",
            f"something {colour} at the {place}",
            f"the {colour} {shape} stands alone",
            f"a picture with a single object , a {shape} , which is {colour} , and nothing else around it to see",
        ][: 3 if index % 3 == 0 else 5]
        sentences = []
        for text in says:
            sentences.append({"raw": text, "tokens": text.split(), "imgid": 7 * index, "sentid": sentid})
            sentid += 1
        images.append(
            {"filename": f"{index}.png", "imgid": 7 * index, "split": "test", "sentences": sentences}
        )
        images[-1]["sentids"] = [sentence["sentid"] for sentence in sentences]
    return {"dataset": "scenes", "images": images}, np.stack(pictures)


def embed(path, rng, records, noise, spaces):
    owners = np.repeat(np.arange(len(records)), [len(record["sentids"]) for record in records])
    metadata = {"similarity": "order", "weights": dict.fromkeys(spaces, 1 / len(spaces)), "split": "test"}
    metadata["provenance"] = {"config": path.parent.name, "data": "data", "seed": int(path.stem[4:])}
    path.parent.mkdir(parents=True, exist_ok=True)
    with create_hdf5(path, metadata) as file:
        for space in spaces:
            centre = rng.normal(size=(len(records), 32))
            image = np.abs(centre) / np.linalg.norm(centre, axis=1, keepdims=True)
            text = np.abs(centre[owners] + noise * rng.normal(size=(len(owners), 32)))
            file[f"image/{space}"] = image.astype(np.float32)
            file[f"text/{space}"] = (text / np.linalg.norm(text, axis=1, keepdims=True)).astype(np.float32)
        file["imgid"] = np.array([record["imgid"] for record in records])
        file["caption_image"] = owners
        file["sentid"] = np.concatenate([record["sentids"] for record in records])


def curve(path, rng, columns, epochs):
    path.parent.mkdir(parents=True, exist_ok=True)
    fall = np.exp(-np.arange(epochs) / 3)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *columns])
        for epoch in range(epochs):
            rising = [name.startswith(("val_rsum", "val_cider", "reward", "val_i2t")) for name in columns]
            values = [1 - fall[epoch] if up else 0.2 + fall[epoch] for up in rising]
            scale = [300 if name == "val_rsum" else 1 for name in columns]
            noisy = [s * v * (1 + 0.06 * rng.normal()) for s, v in zip(scale, values, strict=True)]
            writer.writerow([epoch + 1, *(f"{value:.6g}" for value in noisy)])


def curves(folder, rng):
    matching, caption = ["ranking_loss", "val_rsum", "val_i2t_r10"], ["xe_loss", "val_xe_loss", "val_cider_d"]
    drawing = ["discriminator_loss", "generator_loss", "kl"]
    curve(folder / "cnn.csv", rng, ["loss", "shape", "colour", "size", "place"], 5)
    for seed in SEEDS:
        for name in ("cosine", "order", "two_space"):
            curve(folder / f"pretrain_ranking/{name}/seed{seed}.csv", rng, matching, 8)
        curve(folder / f"pretrain_xe/two_space/seed{seed}.csv", rng, caption, 8)
        curve(folder / f"pretrain_scst/two_space/seed{seed}.csv", rng, [*caption, "reward"], 4)
        curve(folder / f"pretrain_gan/two_space/seed{seed}.csv", rng, drawing, 8)
        for name in METHODS:
            columns = [
                *matching,
                *(caption if "i2t" in name else []),
                *(drawing if "t2i" in name[4:] else []),
            ]
            curve(folder / f"joint/{name}/seed{seed}.csv", rng, columns, 6)


def make_results(folder: Path) -> Results:
    """Results of eight rows and three seeds on made-up pictures; ranks and metrics by the real code."""
    from gxn.steps.evaluate import Arguments, evaluate

    rng = np.random.default_rng(0)
    made = Results(folder)
    captions, pictures = captioned(rng)
    write_json(folder / "captions.json", captions)
    imgid = np.array([record["imgid"] for record in captions["images"]])
    with create_hdf5(folder / "images.h5", {}) as file:
        file["images"], file["imgid"] = pictures[::-1].transpose(0, 2, 3, 1), imgid[::-1]
    for place, method in enumerate(METHODS):
        spaces = ["abstract", "grounded"] if place > 2 else ["grounded"]
        for seed in SEEDS:
            path = folder / f"embeddings/{method}/seed{seed}.h5"
            embed(path, rng, captions["images"], 1.6 - 0.06 * place, spaces)
            outputs = {
                "metrics": folder / f"metrics/{method}/seed{seed}.json",
                "ranks": folder / f"ranks/{method}/seed{seed}.h5",
            }
            evaluate(Arguments(config=made.config, embeddings=path, method=method, seed=seed, **outputs))
    curves(folder / "curves", rng)
    spoken = {str(each): f"a red disc stands at the left , number {each}" for each in imgid}
    write_json(folder / "imagined.json", {"captions": spoken, "metrics": {}})
    drawn = [record["sentids"][0] for record in captions["images"]]
    with create_hdf5(folder / "imagined.h5", {}) as file:
        file["images"] = np.clip(pictures * 0.6 + rng.normal(60, 20, pictures.shape), 0, 255).astype(np.uint8)
        file["sentid"] = np.array(drawn)
    return made
