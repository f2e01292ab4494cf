"""Phases of the DAG that DVC versions, and the files that each makes and reads."""

from gxn.configuration.root import is_fetched
from workflow import data_files, paths, result_files
from workflow.plan import PRETRAINING, ROWS, Plan

PUBLISHED = "src/gxn/reporting/published.json"
FINGERPRINT = "results/fingerprints/{phase}.json"
TARGETS = {  # phase: targets of the Snakefile
    "data": "data",
    "features": "features",
    "pretraining": "pretraining",
    "joint": "joint",
    "evaluation": "evaluation",
    "tables": "tables figures",
}


def outs(plan: Plan) -> dict[str, list[str]]:
    """Files and folders that each phase makes."""
    trained = [stage for stage in PRETRAINING if plan.checkpoints(stage)]
    folder = paths.RESULTS.format(dataset=plan.dataset)
    tuned, imagined = bool(plan.tuned), bool(plan.imagining)
    return {
        "data": data_files.data_files(plan),
        "features": data_files.feature_files(plan),
        "pretraining": [
            *plan.checked("batch"),
            *(f"{folder}{kind}/{stage}" for kind in ("checkpoints", "curves") for stage in trained),
        ],
        "joint": [
            *plan.checked(*["cards"] * tuned),
            *(
                f"{folder}{kind}/{stage}"
                for kind in ("checkpoints", "curves")
                for stage in (*(each for each in ROWS if plan.checkpoints(each)), *["finetune"] * tuned)
            ),
            *(f"{folder}embeddings/{name}" for name in plan.trained),
        ],
        "evaluation": [
            *plan.checked("protocols"),
            *(f"{folder}embeddings/{name}" for name in (*plan.config.seedless, *plan.tuned)),
            *(f"{folder}{kind}" for kind in ("ranks", "metrics")),
            *[f"{folder}imagined"] * imagined,
            *result_files.reader(plan),
            *[f"{folder}features"] * tuned,
        ],
        "tables": [
            *(f"results/table_ablation.{form}" for form in ("csv", "tex", "md")),
            *(path for name in paths.TABLES for path in plan.expand(paths.table(name))),
            f"{folder}figures",
        ],
    }


def deps(plan: Plan) -> dict[str, list[str]]:
    """Files and folders that each phase reads: the user's, and those that earlier phases make."""
    made, folder = outs(plan), paths.RESULTS.format(dataset=plan.dataset)
    captions, tokens, features, frequencies = (
        plan.expand(pattern) for pattern in (paths.CAPTIONS, paths.TOKENS, paths.FEATURES, paths.FREQUENCIES)
    )
    own = [path for path in plan.config.dataset.source.captions_files() if not is_fetched(path)]
    own += plan.config.labels.instances
    ready, brought = [path for path in [plan.config.features.file] if path], plan.config.cnn.weights
    weights = [brought] if brought and not ready and not is_fetched(brought) else []
    captioning = any(row.captioning != "none" for row in plan.rows.values())
    trained = [*features, *tokens, *frequencies * captioning, *data_files.gan_images(plan)]
    pixels = [*captions, *data_files.rendered(plan)]
    tuning = [*pixels, *weights, *([] if weights else plan.expand(paths.CNN))] if plan.tuned else []
    curves = [path for phase in ("pretraining", "joint") for path in made[phase] if "/curves/" in path]
    foreign = [row.file for row in plan.config.seedless.values() if row.kind == "embeddings"]
    others = [path for path in result_files.dataset_tables(plan) if path not in made["tables"]]
    return {
        "data": list(dict.fromkeys([*own, *ready])),
        "features": [*captions, *data_files.decided(plan), *ready] if ready else [*pixels, *weights],
        "pretraining": trained,
        "joint": [
            *tuning,
            *trained,
            *(data_files.labels(plan) if plan.systems else []),
            *(path for path in made["pretraining"] if "/checkpoints/" in path),
        ],
        "evaluation": [
            *(pixels if plan.tuned else captions if plan.imagining else []),
            *features,
            *tokens,
            *data_files.real_labels(plan),
            *frequencies * bool(plan.imagining),
            *data_files.gan_images(plan),
            *(path for path in result_files.judge(plan) if not is_fetched(path)),
            *[f"{folder}checkpoints/pretrain_ranking"] * bool(result_files.judge(plan)),
            *foreign,
            *[f"{folder}checkpoints/joint"] * bool(plan.imagining),
            *[f"{folder}checkpoints/finetune"] * bool(plan.tuned),
            *(path for path in made["joint"] if "/embeddings/" in path),
        ],
        "tables": [
            *pixels,
            *data_files.cnn_curves(plan),
            PUBLISHED,
            *curves,
            f"{folder}embeddings/{plan.shown}",
            *(f"{folder}{kind}" for kind in ("metrics", "ranks")),
            *[f"{folder}imagined"] * bool(plan.imagining),
            *others,
        ],
    }
