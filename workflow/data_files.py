"""Files of the data and of the fixed CNN: captions, images, vocabulary, features."""

import shlex
from pathlib import Path

from gxn.configuration.root import is_fetched
from workflow import paths
from workflow.plan import Plan


def data_files(plan: Plan) -> list[str]:
    """Files of the phase of the data."""
    always = (paths.CAPTIONS, paths.VOCABULARY, paths.TOKENS, paths.FREQUENCIES)
    return [
        *rendered(plan),
        *decided(plan),
        *plan.checked("vocabulary"),
        *(path for pattern in always for path in plan.expand(pattern)),
        *labels(plan),
        *gan_images(plan),
    ]


def feature_files(plan: Plan) -> list[str]:
    """Files of the phase of the features: the CNN that is trained here, the check, and the features."""
    checked = [] if plan.config.features.file else plan.checked("features")
    return [*trained_cnn(plan), *checked, *plan.expand(paths.FEATURES)]


# images


def rendered(plan: Plan) -> list[str]:
    """The rendered images; none where the pictures are the user's."""
    return plan.expand(paths.IMAGES) if plan.config.dataset.source.renders() else []


def images(plan: Plan) -> str:
    """Place of the images: rendered, or the user's folder; empty where there are only precomputed features."""
    return (rendered(plan) or [plan.config.dataset.source.images_folder() or ""])[0]


def images_option(plan: Plan) -> str:
    """The option of a step that shows images, where there are any."""
    return f"--images {shlex.quote(images(plan))}" if images(plan) else ""


def gan_images(plan: Plan) -> list[str]:
    """The small images that rows learn to draw; none where no row draws."""
    drawing = any(row.drawing for row in plan.rows.values())
    return plan.expand(paths.GAN_IMAGES) if drawing else []


# labels


def labels(plan: Plan) -> list[str]:
    """The images' labels, where they are true or a row learns them."""
    learnt = any(row.kind == "adversarial" for row in plan.systems.values())
    return plan.expand(paths.LABELS) if learnt or plan.config.has_real_labels else []


def real_labels(plan: Plan) -> list[str]:
    """The labels that mAP is taken over."""
    return labels(plan) if plan.config.has_real_labels else []


def labels_option(plan: Plan) -> str:
    """The labels that mAP is taken over, as an option."""
    return " ".join(f"--labels {path}" for path in real_labels(plan))


# the user's own data


def source_inputs(plan: Plan) -> dict[str, list[str]]:
    """Files that the data are made of: captions, images that the workflow fetches, precomputed features.

    A folder of captions is not an input, since `digests.prepared_by` covers its content.
    """
    source = plan.config.dataset.source
    folder = source.images_folder()
    return {
        "captions": [path for path in source.captions_files() if not Path(path).is_dir()],
        "images": [folder] if folder and is_fetched(folder) else [],
        "features": ready_features(plan),
    }


def decided(plan: Plan) -> list[str]:
    """The record of ids and splits; none where the source renders."""
    return [] if plan.config.dataset.source.renders() else plan.expand(paths.SPLIT)


def ready_features(plan: Plan) -> list[str]:
    """Files of the user's precomputed features; none where a CNN computes them."""
    if not plan.config.features.file:
        return []
    path = Path(plan.config.features.file)
    if path.is_dir():
        return sorted(str(each) for each in path.glob("*_ims.npy"))
    names = [path.with_suffix(suffix) for suffix in (".txt", ".json")] if path.suffix == ".npy" else []
    return [str(path), *(str(each) for each in names if each.is_file())]


# the fixed CNN


def weights(plan: Plan) -> str:
    """Pattern of the CNN's weights: trained here, or the user's."""
    return plan.config.cnn.weights or paths.CNN


def trains_cnn(plan: Plan) -> bool:
    """True if the CNN is trained here: neither its weights nor the features are the user's."""
    return not plan.config.cnn.weights and not plan.config.features.file


def cnn_curves(plan: Plan) -> list[str]:
    """Curves of the CNN, where it is trained here."""
    return plan.expand(paths.CNN_CURVES) if trains_cnn(plan) else []


def trained_cnn(plan: Plan) -> list[str]:
    """Files of the CNN, with its check, where it is trained here."""
    return [*plan.checked("cnn"), *plan.expand(paths.CNN), *cnn_curves(plan)] if trains_cnn(plan) else []
