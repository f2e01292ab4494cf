"""Files that tables, figures and measures of what is imagined read."""

import shlex
from collections.abc import Iterable

from workflow import paths
from workflow.data_files import cnn_curves, gan_images, weights
from workflow.plan import SEEDLESS, STEPS, Plan


def all_curves(plan: Plan) -> list[str]:
    """Training curves of everything that is trained."""
    tuned = plan.expand(paths.TUNED_CURVES, method=plan.tuned)
    return [*plan.curves(*STEPS), *tuned, *cnn_curves(plan)]


def dataset_tables(plan: Plan) -> list[str]:
    """Ablation tables of the datasets that the paper shows."""
    names = plan.config.paper.datasets or [plan.dataset]
    return [paths.table("ablation.csv").format(dataset=name) for name in names]


# what is imagined


def reader(plan: Plan) -> list[str]:
    """The reader of drawings, where a row draws scenes of 32 pixels or more."""
    drawing = any(row.drawing for row in plan.rows.values()) and plan.config.dataset.gan_image_size >= 32
    return plan.expand(paths.READER) if drawing and plan.config.dataset.source.renders() else []


def judge(plan: Plan) -> list[str]:
    """The CNN by whose features drawings are compared with real pictures, where a row draws."""
    return plan.expand(weights(plan)) if gan_images(plan) and not plan.config.features.file else []


def judges_option(plan: Plan) -> str:
    """The reader and the CNN as options."""
    options = [f"--reader {path}" for path in reader(plan)]
    return " ".join([*options, *(f"--weights {shlex.quote(path)}" for path in judge(plan))])


def compared_option(plan: Plan) -> str:
    """The real pictures that drawings are compared with, and the judges, as options."""
    real = " ".join(f"--gan-images {path}" for path in gan_images(plan))
    return f"{real} {judges_option(plan)}".strip()


def held_out(plan: Plan, method: str, seed: str) -> dict[str, str]:
    """Judges of a row's drawings: real pictures, and encoders trained without the generator.

    The encoders read drawings by the CNN; where features are the user's, there is none.
    """
    row = plan.rows[method]
    if not row.drawing:
        return {}
    patterns = {"gan_images": paths.GAN_IMAGES}
    if judge(plan):
        patterns["encoders"] = paths.checkpoint("pretrain_ranking", row.encoder)
    return {name: path.format(dataset=plan.dataset, seed=seed) for name, path in patterns.items()}


def held_out_option(plan: Plan, method: str, seed: str) -> str:
    """The real pictures and encoders that judge a row's drawings, as options."""
    files = held_out(plan, method, seed)
    return " ".join(f"--{name.replace('_', '-')} {path}" for name, path in files.items())


def lines(plan: Plan) -> list[str]:
    """Measures of people and chance, where a row imagines."""
    return plan.expand(paths.LINES) if plan.imagining else []


def lines_option(plan: Plan) -> str:
    """The measures of people and chance as an option."""
    return " ".join(f"--lines {path}" for path in lines(plan))


# retrieval grids


def grid_files(plan: Plan) -> dict[str, str]:
    """Embeddings of the row that the retrieval grids show, at the first seed, and what it imagined."""
    run = {"dataset": plan.dataset, "method": plan.shown, "seed": plan.config.seeds[0]}
    files = {"embeddings": paths.EMBEDDINGS}
    if plan.shown in plan.imagining:
        files |= {"imagined": paths.IMAGINED, "drawings": paths.DRAWINGS}
    return {name: path.format(**run) for name, path in files.items()}


def grid_option(plan: Plan, kind: str) -> str:
    """The grids' option for what the row imagined: `imagined`, its captions, or `drawings`."""
    files = grid_files(plan)
    options = {"imagined": kind} | ({"judged": "imagined"} if kind == "drawings" else {})
    return " ".join(f"--{option} {files[file]}" for option, file in options.items() if file in files)


# pages to look at


def explored(plan: Plan) -> dict[str, list[str]]:
    """Results of one run of each row, the first seed's: embeddings in the order of the rows."""
    first = f"seed{plan.config.seeds[0]}"

    def of(pattern: str, rows: Iterable[str]) -> list[str]:
        runs = {row: SEEDLESS if row in plan.config.seedless else first for row in rows}
        found = [pattern.replace("seed{seed}", run).replace("{method}", row) for row, run in runs.items()]
        return [path for each in found for path in plan.expand(each)]

    return {
        "embeddings": of(paths.EMBEDDINGS, plan.all_rows),
        "imagined": of(paths.IMAGINED, plan.imagining),
        "drawings": of(paths.DRAWINGS, plan.imagining),
    }
