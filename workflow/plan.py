"""Which files the configuration asks for, and what each job of them depends on."""

import hashlib
import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gxn import code, plugins
from gxn.configuration import stages
from gxn.configuration.root import Configuration, is_fetched
from gxn.configuration.rows import Method
from gxn.configuration.section import Section, used_plugins
from gxn.datasets.folders import walk
from gxn.errors import GxnError
from workflow import paths

# the step that trains each stage; a row that imagines nothing is trained by that of the ranking
STEPS = {
    "pretrain_ranking": "train_ranking",
    "pretrain_xe": "train_captions",
    "pretrain_scst": "train_captions",
    "pretrain_gan": "train_drawing",
    "joint": "train_joint",
}
SEEDLESS = "seedless"  # in the place of seed{seed}: the wildcard is `less`
PRETRAINING = tuple(stage for stage in STEPS if stage != "joint")


def as_json(value: Any) -> str:
    """Write settings as JSON, the same text for equal settings: a job whose text differs runs again."""
    if isinstance(value, Section):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        value = {key: json.loads(as_json(each)) for key, each in value.items()}
    return json.dumps(value, sort_keys=True)


def fingerprint(value: Any) -> str:
    """Hash of a value's JSON, 16 characters, as a part of a file's name."""
    return hashlib.sha256(as_json(value).encode()).hexdigest()[:16]


def only(names: Iterable[str]) -> str:
    """Make a wildcard constraint: these names, or none at all."""
    return "|".join(names) or "(?!)"


@dataclass(frozen=True)
class Plan:
    """The files and settings of every job, by the configuration.

    Methods whose result is a function of wildcards give what Snakemake calls an input or params function.
    """

    config: Configuration

    @property
    def dataset(self) -> str:
        """The dataset's name."""
        return self.config.dataset.name

    @cached_property
    def rows(self) -> dict[str, Method]:
        """Rows that are trained on fixed features, by name."""
        return self.config.rows

    @cached_property
    def imagining(self) -> list[str]:
        """Rows that caption or draw."""
        return [name for name, row in self.rows.items() if row.imagines]

    @cached_property
    def plain(self) -> list[str]:
        """Rows that imagine nothing."""
        return [name for name in self.rows if name not in self.imagining]

    @cached_property
    def tuned(self) -> dict[str, str]:
        """Rows whose CNN is trained too, with the row that each starts from."""
        return {f"{name}_ft": name for name in self.config.finetune.methods}

    @property
    def all_rows(self) -> list[str]:
        """Names of all rows of the table."""
        return [name for name, row in self.config.methods.items() if row is not None] + list(self.tuned)

    def runs(self, pattern: str) -> list[str]:
        """Files of every run: of every row, for every seed, or once where the row has none."""
        trained = [row for row in self.all_rows if row not in self.config.seedless]
        once = [path.replace("seed{seed}", SEEDLESS) for path in [pattern]]
        return [
            *self.expand(pattern, method=trained),
            *(path for each in once for path in self.expand(each, method=self.config.seedless)),
        ]

    def seedless_of(self, kind: str) -> list[str]:
        """Rows without a seed of one kind."""
        return [name for name, row in self.config.seedless.items() if row.kind == kind]

    def seed_option(self, wildcards: Any) -> str:
        """The seed of a run as an option; none where the row has none."""
        return f"--seed {wildcards.seed}" if wildcards.seed != "less" else ""

    def seedless_settings(self, wildcards: Any) -> str:
        """Settings of a row without a seed."""
        row = self.config.seedless[wildcards.method]
        return as_json(row.model_dump(mode="json", exclude={"label", "colour"}))

    @cached_property
    def shown(self) -> str:
        """The row that the retrieval grids show: the first that imagines most."""
        return max(
            self.rows, key=lambda name: (self.rows[name].drawing, self.rows[name].captioning != "none")
        )

    # files

    def expand(self, pattern: str, **values: Iterable[str]) -> list[str]:
        """Files of a pattern, for this dataset, every seed and all given values of another wildcard."""
        found = [pattern.replace("{dataset}", self.dataset)]
        for name, each in {**values, "seed": self.config.seeds}.items():
            if any(f"{{{name}}}" in path for path in found):
                found = [path.replace(f"{{{name}}}", str(value)) for path in found for value in each]
        return found

    @property
    def machine(self) -> dict[str, Any]:
        """Where a job computes: results depend on it."""
        return {"device": self.config.device, "threads": self.config.threads}

    def feature_settings(self) -> str:
        """Settings of the features."""
        features = self.config.features
        if features.file:
            return as_json({"file": features.file, "storage_dtype": features.storage_dtype})
        own = {"cnn": stages.fixed_cnn(self.config), "features": features}
        return as_json(own | {"machine": self.machine})

    def ready_features(self) -> list[str]:
        """Files of the user's ready features; none where a CNN computes them."""
        if not self.config.features.file:
            return []
        path = Path(self.config.features.file)
        if path.is_dir():
            return sorted(str(each) for each in path.glob("*_ims.npy"))
        names = [path.with_suffix(suffix) for suffix in (".txt", ".json")] if path.suffix == ".npy" else []
        return [str(path), *(str(each) for each in names if each.is_file())]

    def feature_files(self) -> list[str]:
        """Files of the phase of the features: the CNN that is trained here, the check, and the features."""
        checked = [] if self.config.features.file else self.checked("features")
        return [*self.trained_cnn(), *checked, *self.expand(paths.FEATURES)]

    @property
    def trains_cnn(self) -> bool:
        """Whether the CNN is trained here: its weights are not the user's, nor are the features."""
        return not self.config.cnn.weights and not self.config.features.file

    def trained_cnn(self) -> list[str]:
        """Files of the CNN that is trained here."""
        if not self.trains_cnn:
            return []
        return [*self.checked("cnn"), *self.expand(paths.CNN), *self.expand(paths.CNN_CURVES)]

    @property
    def weights(self) -> str:
        """Pattern of the CNN's weights: trained here, or the user's."""
        return self.config.cnn.weights or paths.CNN

    @property
    def cnn_curves(self) -> list[str]:
        """Curves of the CNN, where it is trained here."""
        return self.expand(paths.CNN_CURVES) if self.trains_cnn else []

    def rendered(self, wildcards: Any = None) -> list[str]:
        """The rendered images; none where the pictures are the user's."""
        return self.expand(paths.IMAGES) if self.config.dataset.source.renders() else []

    def images(self, wildcards: Any = None) -> str:
        """Where the images are: rendered, or the user's folder; empty where there are ready features alone."""
        return (self.rendered() or [self.config.dataset.source.images_folder() or ""])[0]

    def images_option(self) -> str:
        """The option of a step that shows images, where there are any."""
        return f"--images {shlex.quote(self.images())}" if self.images() else ""

    def decided(self) -> list[str]:
        """The record of ids and splits; none where the source renders."""
        return [] if self.config.dataset.source.renders() else self.expand(paths.SPLIT)

    def gan_images(self) -> list[str]:
        """The small images that rows learn to draw; none where no row draws."""
        drawing = any(row.drawing for row in self.rows.values())
        return self.expand(paths.GAN_IMAGES) if drawing else []

    def data_files(self) -> list[str]:
        """Files of the phase of the data."""
        always = (paths.CAPTIONS, paths.VOCABULARY, paths.TOKENS, paths.FREQUENCIES)
        made = [path for pattern in always for path in self.expand(pattern)]
        return [
            *self.rendered(),
            *self.decided(),
            *self.checked("vocabulary"),
            *made,
            *self.gan_images(),
        ]

    def earlier(self, stage: str, name: str) -> dict[str, tuple[str, str]]:
        """Stages, with the encoder, whose checkpoints a stage starts from, by the option that takes each.

        Args:
            stage: one of STEPS.
            name: of an encoder; for `joint`, of a row.
        """
        if stage == "pretrain_ranking":
            return {}
        row = self.rows[name] if stage == "joint" else None
        encoder = row.encoder if row else name
        found = {"encoders": ("pretrain_ranking", encoder)}
        if stage == "pretrain_scst":
            found["decoder"] = ("pretrain_xe", encoder)
        if row and row.captioning != "none":
            found["decoder"] = (stages.DECODERS[row.captioning], encoder)
        if row and row.drawing:
            found["gan"] = ("pretrain_gan", encoder)
        return found

    def start(self, stage: str, name: str) -> dict[str, str]:
        """Files that a stage starts from besides features and tokens, by the option that takes them.

        Args:
            stage: one of STEPS.
            name: of an encoder; for `joint`, of a row.
        """
        files = {option: paths.checkpoint(*each) for option, each in self.earlier(stage, name).items()}
        if stage in ("pretrain_xe", "pretrain_scst") or "decoder" in files:
            files["frequencies"] = paths.FREQUENCIES
        if stage == "pretrain_gan" or "gan" in files:
            files["gan_images"] = paths.GAN_IMAGES
        return files

    def needed(self) -> list[tuple[str, str]]:
        """Stages, with encoder or row, that the rows need, in the order of training."""
        found: set[tuple[str, str]] = set()
        for name, row in self.rows.items():
            found |= {("joint", name), ("pretrain_ranking", row.encoder)}
            if row.captioning != "none":
                found.add(("pretrain_xe", row.encoder))
            if row.captioning == "mix":
                found.add(("pretrain_scst", row.encoder))
            if row.drawing:
                found.add(("pretrain_gan", row.encoder))
        stages, encoders, rows = list(STEPS), list(self.config.encoders), list(self.rows)

        def place(each: tuple[str, str]) -> tuple[int, int]:
            stage, name = each
            # an encoder and a row may have the same name
            return stages.index(stage), (rows if stage == "joint" else encoders).index(name)

        return sorted(found, key=place)

    def checkpoints(self, *wanted: str) -> list[str]:
        """Checkpoints of stages, for every seed."""
        pairs = [pair for pair in self.needed() if pair[0] in wanted]
        return [path for stage, name in pairs for path in self.expand(paths.checkpoint(stage, name))]

    def curves(self, *wanted: str) -> list[str]:
        """Training curves of stages, for every seed."""
        pairs = [pair for pair in self.needed() if pair[0] in wanted]
        return [path for stage, name in pairs for path in self.expand(paths.curves(stage, name))]

    def all_curves(self) -> list[str]:
        """Training curves of everything that is trained."""
        tuned = self.expand(paths.TUNED_CURVES, method=self.tuned)
        return [*self.curves(*STEPS), *tuned, *self.cnn_curves]

    def checked(self, *checks: str) -> list[str]:
        """Marker files of checks that passed."""
        return [path for check in checks for path in self.expand(paths.CHECKED.replace("{check}", check))]

    # jobs of training

    def start_files(self, stage: str) -> Callable[[Any], dict[str, str]]:
        """Give the input function of a stage: all files that it reads."""

        def files(wildcards: Any) -> dict[str, str]:
            own = {"features": paths.FEATURES, "tokens": paths.TOKENS} | self.start(stage, wildcards.name)
            if stage == "pretrain_ranking":
                own["preflight"] = paths.CHECKED.replace("{check}", "batch")
            return {name: path.format(**_values(wildcards)) for name, path in own.items()}

        return files

    def training(self, step: str, stage: str) -> dict[str, Any]:
        """Give the params of a stage's rule: its files as options, settings, code, folder of unfinished work."""

        def files(wildcards: Any) -> str:
            own = {"features": paths.FEATURES, "tokens": paths.TOKENS} | self.start(stage, wildcards.name)
            found = {name: path.format(**_values(wildcards)) for name, path in own.items()}
            return " ".join(f"--{name.replace('_', '-')} {path}" for name, path in found.items())

        def embeddings(wildcards: Any) -> str:
            return f"--embeddings {paths.embeddings('{name}').format(**_values(wildcards))}"

        def settings(wildcards: Any) -> str:
            return as_json(stages.settings(self.config, stage, wildcards.name))

        def digest(wildcards: Any) -> str:
            settings = stages.settings(self.config, stage, wildcards.name)
            return code.digest(f"gxn.steps.{step}", *used_plugins(settings))

        return {
            "step": step,
            "embeddings": embeddings if stage == "joint" else "",
            "stage": stage,
            "files": files,
            "settings": settings,
            "code": digest,
            "resume": paths.resume(f"{stage}/{{name}}/seed{{seed}}"),
        }

    def code(self, step: str) -> str:
        """Digest of the code of a step that is no stage of training."""
        return code.digest(f"gxn.steps.{step}")

    def finetune_files(self, wildcards: Any) -> dict[str, str]:
        """Give the input function of fine-tuning."""
        files = {
            "checkpoint": paths.checkpoint("joint", self.tuned[wildcards.method]),
            "weights": self.weights,
            "captions": paths.CAPTIONS,
            "tokens": paths.TOKENS,
            "features": paths.FEATURES,
            "preflight": paths.CHECKED.replace("{check}", "cards"),
        }
        own = {name: path.format(**_values(wildcards)) for name, path in files.items()}
        return own | ({"rendered": self.images()} if self.rendered() else {})

    def finetune_settings(self, wildcards: Any) -> str:
        """Settings that the result of fine-tuning depends on."""
        return as_json(stages.finetune(self.config, self.tuned[wildcards.method]))

    def finetune_code(self, wildcards: Any) -> str:
        """Digest of the code of fine-tuning, with that of its ranking loss."""
        settings = stages.finetune(self.config, self.tuned[wildcards.method])
        row = stages.settings(self.config, "joint", self.tuned[wildcards.method])
        return code.digest("gxn.steps.finetune", *used_plugins(settings), *used_plugins(row))

    def row_code(self, step: str) -> Callable[[Any], str]:
        """Give the params function of a step that reads a row's networks: the digest of its code."""

        def digest(wildcards: Any) -> str:
            row = self.rows[self.tuned.get(wildcards.method, wildcards.method)]
            return code.digest(f"gxn.steps.{step}", *used_plugins(self.config.encoder(row.encoder)))

        return digest

    def evaluate_settings(self) -> str:
        """Settings of the step evaluate."""
        own = self.config.evaluate
        return as_json({"protocols": own.protocols, "medr": own.medr})

    def evaluate_code(self) -> str:
        """Digest of the code of the step evaluate, with all further columns."""
        columns = "gxn.evaluation.columns"
        return code.digest("gxn.steps.evaluate", *(f"{columns}.{name}" for name in plugins.names(columns)))

    # checks before jobs

    def check_settings(self, check: str) -> dict[str, Any]:
        """Settings that a check reads: only such as the job that waits for it depends on, too."""
        config = self.config
        machine = self.machine
        return {
            "vocabulary": {"min_count": config.vocabulary.min_count},
            "cnn": machine | {"cnn": config.cnn},
            "features": machine | {"cnn": stages.fixed_cnn(config), "features": config.features},
            "batch": {"batch_size": config.training.batch_size},
            "protocols": {"protocols": config.evaluate.protocols},
            "cards": {"device": config.device, "processes": config.finetune.processes},
        }[check]

    def check_files(self, check: str) -> dict[str, str]:
        """Files that a check reads, by the option that takes them."""
        files = {
            "vocabulary": {"captions": paths.CAPTIONS},
            "cnn": {},
            "features": {"captions": paths.CAPTIONS, "images": self.images(), "weights": self.weights},
            "batch": {"tokens": paths.TOKENS},
            "protocols": {"tokens": paths.TOKENS},
            "cards": {},
        }[check]
        return {name: path.replace("{dataset}", self.dataset) for name, path in files.items()}

    def check_inputs(self, wildcards: Any) -> dict[str, str]:
        """Files that a check reads, as inputs; a folder of the user's is none."""
        files = self.check_files(wildcards.check)
        return {name: path for name, path in files.items() if name != "images" or self.rendered()}

    def check_options(self, wildcards: Any) -> str:
        """Files that a check reads, as options; some are named by the user, in any letters."""
        files = self.check_files(wildcards.check)
        return " ".join(f"--{name} {shlex.quote(path)}" for name, path in files.items())

    def check_result(self, wildcards: Any) -> str:
        """Where a check with these settings and files is written."""
        own = self.check_settings(wildcards.check) | {"files": self.check_files(wildcards.check)}
        name = f"preflight/{wildcards.check}-{fingerprint(own)}.json"
        return paths.resume(name).format(dataset=self.dataset)

    # the user's own data

    def source_code(self) -> str:
        """Digest of the code that makes the data."""
        source = self.config.dataset.source
        package = "gxn.datasets.layouts"  # found by content as a file is read, so no import names them
        layouts = [] if source.renders() else [f"{package}.{name}" for name in plugins.names(package)]
        return code.digest("gxn.steps.prepare", f"gxn.sources.{source.kind}", *layouts)

    def source_inputs(self) -> dict[str, list[str]]:
        """Files that the data are made of: captions, images that the workflow fetches, ready features.

        Of a folder of captions there is no input, since `prepared_by` knows what is in it.
        """
        source = self.config.dataset.source
        images = source.images_folder()
        return {
            "captions": [path for path in source.captions_files() if not Path(path).is_dir()],
            "images": [images] if images and is_fetched(images) else [],
            "features": self.ready_features(),
        }

    def prepared_by(self) -> str:
        """Hash of the captions and of the settings of the data: a change of either makes captions.json again.

        Raises:
            GxnError: the captions cannot be read.
        """
        source, ready = self.config.dataset.source, self.ready_features()
        contents = [_content(Path(path)) for path in source.captions_files() if not is_fetched(path)]
        own = {"name": self.dataset, "source": source, "captions": contents}
        own |= {"tokeniser": self.config.vocabulary.tokeniser}
        # their time tells Snakemake of a change; a hash of gigabytes would be made at each start
        own |= {
            "features": [[path, Path(path).stat().st_size if Path(path).exists() else 0] for path in ready]
        }
        return fingerprint(own)

    # what is imagined

    def reader(self) -> list[str]:
        """The reader of drawings, where a row draws scenes of 32 pixels or more."""
        drawing = any(row.drawing for row in self.rows.values()) and self.config.dataset.gan_image_size >= 32
        return self.expand(paths.READER) if drawing and self.config.dataset.source.renders() else []

    def reader_option(self) -> str:
        """The same as an option."""
        return " ".join(f"--reader {path}" for path in self.reader())

    def drawn_option(self) -> str:
        """The real pictures that drawings are compared with, as an option."""
        return " ".join(f"--gan-images {path}" for path in self.expand(paths.GAN_IMAGES) if self.reader())

    def imagine_settings(self) -> str:
        """Settings that what is imagined, and its measures, depend on."""
        own = {"max_length": self.config.captioning.max_length, "meteor": self.config.evaluate.meteor}
        return as_json(self.machine | own)

    def reader_settings(self) -> str:
        """Settings of the reader of drawings."""
        dataset = self.config.dataset
        size = {"size": max(dataset.source.image_side() or 0, dataset.gan_image_size)}
        return as_json(self.machine | size | {"reader": self.config.evaluate.reader})

    def lines(self) -> list[str]:
        """Measures of people and chance, where a row imagines."""
        return self.expand(paths.LINES) if self.imagining else []

    # tables and figures

    def row_names(self) -> str:
        """Rows of tables and figures: keys, names in print, colours."""
        own = {name: [row.label, row.colour] for name, row in self.config.methods.items() if row is not None}
        return json.dumps([own, list(self.tuned)])  # their order counts

    def dataset_tables(self) -> list[str]:
        """Ablation tables of the datasets that the paper shows."""
        names = self.config.paper.datasets or [self.dataset]
        return [paths.table("ablation.csv").format(dataset=name) for name in names]

    def grid_files(self, wildcards: Any = None) -> dict[str, str]:
        """Embeddings of the row that the retrieval grids show, at the first seed, and what it imagined."""
        run = {"dataset": self.dataset, "method": self.shown, "seed": self.config.seeds[0]}
        files = {"embeddings": paths.EMBEDDINGS}
        if self.shown in self.imagining:
            files |= {"imagined": paths.IMAGINED, "drawings": paths.DRAWINGS}
        return {name: path.format(**run) for name, path in files.items()}

    def grid_option(self, kind: str) -> str:
        """The grids' option for what the row imagined: `imagined`, its captions, or `drawings`."""
        path = self.grid_files().get(kind)
        return f"--imagined {path}" if path else ""


def _content(path: Path) -> str:
    """Hash of a captions file, or of the names and contents of all texts below a folder."""
    whole = hashlib.sha256()
    try:
        files = (
            [name for name in walk(path) if name.endswith((".txt", ".caption"))] if path.is_dir() else [""]
        )
        for name in files:
            if path.joinpath(name).is_file():
                whole.update(f"{name}\0".encode() * bool(name) + path.joinpath(name).read_bytes())
    except OSError as error:
        raise GxnError(f"dataset.source.captions: {path}: {error.strerror}") from None
    return whole.hexdigest()


def _values(wildcards: Any) -> dict[str, Any]:
    """Wildcards as a mapping; tests give a namespace."""
    return vars(wildcards) if isinstance(wildcards, SimpleNamespace) else dict(wildcards.items())
