"""Contradictions between sections of the configuration; those within a section stand beside its fields."""

from gxn.configuration.root import Configuration
from gxn.configuration.rows import Correspondence
from gxn.evaluation.protocol_sizes import protocol_error
from gxn.similarities import SIMILARITIES


def contradictions(config: Configuration) -> list[str]:
    """Contradictions between sections, a line for each, in words for the user."""
    return [
        *_rows(config),
        *_systems(config),
        *_encoders(config),
        *_drawing(config),
        *_paths(config),
        *_finetune(config),
        *_sizes(config),
        *_protocols(config),
        *_reader(config),
    ]


def _rows(config: Configuration) -> list[str]:
    lines, rows = [], config.rows
    if not rows:
        lines.append("methods: every row is null; keep at least one")
    if config.significance.control not in rows:
        lines.append(f"significance.control: no row {config.significance.control!r} among the methods")
    for name, row in (rows | config.systems).items():
        if row.encoder not in config.encoders:
            known = ", ".join(config.encoders)
            lines.append(f"methods.{name}.encoder: no encoder {row.encoder!r}; there are {known}")
    for name, row in rows.items():
        encoder = config.encoders.get(row.encoder)
        if encoder and "grounded" not in encoder.spaces and row.imagines:
            lines.append(f"methods.{name}: imagines, but encoders.{row.encoder} has no grounded space")
        if row.shuffled and not row.imagines:
            lines.append(f"methods.{name}.shuffled: the row imagines nothing; give captioning or drawing")
        if row.drawing and config.drawing.discriminator_grounds and not config.joint_of(row).lr_grounded_text:
            lines.append(
                f"drawing.discriminator_grounds: would move the text encoder of {name} at "
                "joint.lr_grounded_text, which is 0; raise it"
            )
    return lines


def _systems(config: Configuration) -> list[str]:
    lines = []
    for name, row in config.systems.items():
        encoder = config.encoders.get(row.encoder)
        if encoder is None:
            continue
        if len(encoder.spaces) > 1 or SIMILARITIES[encoder.similarity].order:
            lines.append(
                f"methods.{name}.encoder: {row.encoder} has several spaces or an order; a row of kind {row.kind} "
                "needs one space with a cosine"
            )
        elif isinstance(row, Correspondence) and encoder.spaces != ("grounded",):
            lines.append(
                f"methods.{name}.encoder: {row.encoder} has no grounded space, whose states are coded"
            )
    return lines


def _drawing(config: Configuration) -> list[str]:
    contrastive = max(config.drawing.contrastive_d, config.drawing.contrastive_g)
    if contrastive and config.model.discriminator_kind != "projection":
        return [
            "drawing.contrastive_d, drawing.contrastive_g: need the inner products of a projection discriminator; "
            "set both to 0, or model.discriminator_kind: projection"
        ]
    return []


def _encoders(config: Configuration) -> list[str]:
    trained = (config.rows | config.systems).values()
    used = sorted({row.encoder for row in trained} & set(config.encoders))
    return [
        f"encoders.{name}: the cosine needs normalised embeddings; set retrieval.normalise for this encoder"
        for name in used
        if not SIMILARITIES[config.encoder(name).similarity].order and not config.encoder(name).normalise
    ]


def _paths(config: Configuration) -> list[str]:
    lines, source, ready = [], config.dataset.source, config.features.file
    if source.renders():
        return lines
    if config.cnn.weights is None and ready is None:
        lines.append(
            "cnn.weights: name a safetensors file of this CNN; a CNN is pretrained here only on rendered images"
        )
    if source.images_folder() is None:
        drawing = [f"{name}: null" for name, row in config.rows.items() if row.drawing]
        if ready is None:
            lines.append("dataset.source.images: name the folder of the photographs, or their features.file")
        if drawing:
            lines.append(
                "dataset.source.images: is null, so no row can draw; leave them out by "
                f"methods: {{{', '.join(drawing)}}}"
            )
    return lines


def _finetune(config: Configuration) -> list[str]:
    lines, rows = [], config.rows
    if config.finetune.methods and config.features.file:
        lines.append(
            "finetune.methods: would train the CNN, but features.file replaces it; keep one of the two"
        )
    for name in config.finetune.methods:
        if name not in rows:
            lines.append(f"finetune.methods: no row {name!r} among the methods")
        if f"{name}_ft" in rows:
            lines.append(
                f"methods.{name}_ft: is also the name of the fine-tuned copy of {name}; rename the row"
            )
    if config.training.batch_size % config.finetune.processes:
        lines.append(
            f"finetune.processes: {config.finetune.processes} cannot share training.batch_size evenly"
        )
    return lines


def _sizes(config: Configuration) -> list[str]:
    lines, batch = [], config.training.batch_size
    if config.drawing.batch_size > batch:
        lines.append(f"drawing.batch_size: more than training.batch_size ({batch})")
    counts = config.dataset.source.counts()
    if counts is not None and counts.captions < batch:
        lines.append(
            f"training.batch_size: {batch} is more than the {counts.captions} captions of the training split; "
            "lower it"
        )
    side = config.dataset.source.image_side()
    if side is not None and config.features.resize is None and side < config.features.crop:
        lines.append(
            f"features.crop: {config.features.crop} is larger than the images, {side} pixels; lower it"
        )
    return lines


def _protocols(config: Configuration) -> list[str]:
    counts = config.dataset.source.counts()
    if counts is None:
        return []
    found = [protocol_error(protocol, counts.test) for protocol in config.evaluate.protocols]
    return [f"evaluate.protocols: {line}" for line in found if line]


def _reader(config: Configuration) -> list[str]:
    """The judge of drawings must not have learned from the pictures of the CNN that guides them."""
    seed = config.evaluate.reader.seed
    trained = config.cnn.weights is None and config.features.file is None
    if config.dataset.source.renders() and trained and seed == config.cnn.pretrain.seed:
        return [
            f"evaluate.reader.seed: is also cnn.pretrain.seed, {seed}; give another, so that the reader "
            "learns from other pictures"
        ]
    return []
