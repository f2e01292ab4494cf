# What the rules share: the checked configuration, the code behind a step, sections as JSON.
import hashlib
import json
import os
import sys
from pathlib import Path
from shutil import disk_usage, which
from types import SimpleNamespace

from snakemake.exceptions import WorkflowError

# on a full disk Python leaves bytecode cut short, which no later run could load: here and in the jobs
sys.dont_write_bytecode = True
os.environ.update(PYTHONDONTWRITEBYTECODE="1")

import gxn
from gxn import sections
from gxn.errors import GxnError
from gxn.imports import sources
from gxn.schema import check, is_fetched, overlay, read_config
from gxn.sections import without

# jobs run the code that is among their inputs, in a container too, whose image holds only what it depends on
PACKAGES = Path(gxn.__file__).parents[1]
PATHS = [str(PACKAGES), *filter(None, [os.getenv("PYTHONPATH")])]
# by the Python that runs this, which a scheduler that passes no environment would not find
SEARCHED = [str(Path(sys.executable).parent), *filter(None, [os.getenv("PATH")])]
os.environ.update(PYTHONPATH=os.pathsep.join(PATHS), PATH=os.pathsep.join(SEARCHED))

SCHEMA = Path(workflow.basedir).joinpath("workflow", "schemas", "params.schema.yaml")
# in the order in which they are laid over each other; Snakemake lists those of the command line first
SOURCES = sorted(map(str, workflow.configfiles), key=lambda path: path != "params.yaml")

try:
    laid = {}
    for path in SOURCES:
        overlay(laid, read_config(Path(path)))
    check(config, SCHEMA, " + ".join(SOURCES))
except GxnError as error:
    raise WorkflowError(str(error)) from None
# the order of rows is that in which the files name them, as in workflow/configure.py; Snakemake has another
config["methods"] = {
    name: config["methods"][name] for name in laid["methods"] | config["methods"]
}


def obstacle():
    """What keeps Snakemake from writing, whose own words would be a traceback; nothing where all is well.

    Of the disk of the logs too, where a job's own message may not find room.
    """
    for path in map(Path, (".", "results", "scratch", "logs", ".snakemake")):
        if path.exists() and not os.access(path, os.W_OK):
            return (
                f"{path.absolute()}: cannot be written; make it writable and run again"
            )
    if disk_usage(".").free < 1 << 20:
        return f"{Path.cwd()}: the disk is full; make room there and run again"


if found := obstacle():
    raise WorkflowError(found)

DATASET = config["dataset"]["name"]
# files of the user's own and what is made of them; where that came by `dvc pull`, they may be elsewhere
OWN = {"cnn.weights": "features.h5"}
if config["dataset"]["source"] != "scenes":
    OWN["dataset.captions"] = "captions.json"
for key, made in OWN.items():
    name, _, part = key.partition(".")
    own = config[name][part]
    if not own or is_fetched(own) or Path("data", DATASET, made).exists():
        continue
    if not Path(own).is_file():
        raise WorkflowError(
            f"{key}: {own}: no such file; relative paths count from {Path.cwd()}"
        )
METHODS = sections.rows(config)
IMAGINING = [name for name, row in METHODS.items() if sections.imagines(row)]
PLAIN = [name for name in METHODS if name not in IMAGINING]
# rows whose CNN is trained too, by the row that each starts from; and all rows of the table
TUNED = {f"{name}_ft": name for name in config["finetune"]["methods"]}
ROWS = [*METHODS, *TUNED]
# a job of `device: auto` asks for a card only where there is one, so that a CPU runs as many as it has cores;
# that is asked where Snakemake runs, which on a cluster need not have the jobs' cards
GPU = {"cpu": 0, "cuda": 1}.get(config["device"], int(bool(which("nvidia-smi"))))
# MB that a job takes for the libraries and the networks of its row, their activations and Adam's moments;
# 1,000 were measured at a width of 128, 1,380 at 512, data included
NETWORKS = 950 + max(each for each in config["model"].values() if isinstance(each, int))
# MB of a job without torch; an executor's own Snakemake, 150 of them, is part of each job
LIGHT = 400
# copies in memory, counting what is made of it, of each input that is read whole
HELD = {
    "captions": 4,
    "tokens": 20,  # their n-grams
    "frequencies": 4,
    "features": 2,
    "thumbnails": 1,
    "decoder": 6,  # gradient, moments, best epoch, the state that is saved
    "drawer": 6,
    "embeddings": 4,
}


def code(module):
    """Source files behind `python -m module`: its own and those of its first-party imports."""
    here = Path.cwd()
    paths = sorted(sources(PACKAGES.joinpath(*module.split(".")).with_suffix(".py")))
    return local(
        [str(p.relative_to(here) if p.is_relative_to(here) else p) for p in paths]
    )


def as_json(value):
    """JSON whose text does not depend on the order in which files were overlaid."""
    return json.dumps(value, sort_keys=True)


def prepared_by():
    """Part of a name that differs where what the user's captions.json is made of does; downloads are always the same."""
    path, content = Path(config["dataset"]["captions"]), b""
    try:
        if path.is_file() and not is_fetched(path):
            content = path.read_bytes()
    except OSError as error:
        raise WorkflowError(f"dataset.captions: {path}: {error.strerror}") from None
    settings = without(config["dataset"], "thumbnail")
    return fingerprint([settings, hashlib.sha256(content).hexdigest()])


def fingerprint(value):
    """Part of a name that differs where the JSON of two values does."""
    return hashlib.sha256(as_json(value).encode()).hexdigest()[:16]


def section(*names):
    """A section of the configuration as a step takes it: JSON. `section("a", "b")` is `a.b`."""
    value = config
    for name in names:
        value = value[name]
    return as_json(value)


def seeds(pattern, **wildcards):
    """The files of `pattern` for every seed."""
    return expand(pattern, dataset=DATASET, seed=config["seeds"], **wildcards)


def rendered(wildcards):
    """The rendered scenes; nothing where the pictures are the user's."""
    if config["dataset"]["source"] == "scenes":
        return f"data/{wildcards.dataset}/images.h5"
    return []


def images(wildcards):
    """Where the pictures are: the rendered scenes, or the user's folder."""
    return rendered(wildcards) or config["dataset"]["images"]


def fetched(path):
    """A path that the workflow itself downloads; nothing where it is the user's."""
    return path if is_fetched(path) else []


def encoder(wildcards):
    """The retrieval spaces of a checkpoint that is named by encoder or by row, as JSON."""
    name = wildcards.get("encoder") or METHODS[wildcards.method]["encoder"]
    return as_json(sections.encoder(config, name))


def joint_stage(wildcards):
    """The joint stage of a row, as JSON."""
    return as_json(sections.joint_stage(config, METHODS[wildcards.method]))


def finetune_stage(wildcards):
    """Fine-tuning the CNN along with a row's encoders, as JSON."""
    return as_json(sections.finetune_stage(config, METHODS[wildcards.method]))


def memory(base, processes=1, **held):
    """A job's memory in MB: `base` and, of its inputs, as much as HELD or `held` says; for each process.

    As much again at each further attempt, since a scheduler may have killed the last one for its memory.
    """
    copies = HELD | held

    def needed(wildcards, input, attempt):
        data = sum(
            times * os.path.getsize(input[name])
            for name, times in copies.items()
            if name in input.keys()
        )
        return attempt * processes * (base + int(data / 1e6))

    return needed


def launch(processes):
    """How a step's module is started: `python -m`, or `torchrun` where several processes share the work."""
    if processes == 1:
        return "python -m"
    return f"torchrun --standalone --nproc-per-node {processes} -m"


def pretrained(wildcards):
    """What a row's joint stage starts from, by the name of the argument that takes it."""
    row = METHODS[wildcards.method]
    stages = f"results/checkpoints/{wildcards.dataset}"
    run = f"{row['encoder']}/seed{wildcards.seed}.safetensors"
    files = {"warmup": f"{stages}/warmup/{run}"}
    if row["captioning"] != "none":
        decoder = sections.DECODERS[row["captioning"]]
        files["decoder"] = f"{stages}/{decoder}/{run}"
        files["frequencies"] = f"data/{wildcards.dataset}/document_frequencies.h5"
    if row["drawing"]:
        files["drawer"] = f"{stages}/gan/{run}"
        files["thumbnails"] = f"data/{wildcards.dataset}/thumbnails.h5"
    return files


def pretrained_arguments(wildcards):
    """The same as command-line arguments."""
    return " ".join(f"--{name} {path}" for name, path in pretrained(wildcards).items())


def pretrained_by_all(wildcards):
    """Every checkpoint that a row starts from, directly or not."""
    files = []
    for method in METHODS:
        for seed in config["seeds"]:
            wildcards = SimpleNamespace(dataset=DATASET, method=method, seed=seed)
            files += pretrained(wildcards).values()
    # a row that mixes starts from a checkpoint of rl, and that from one of xe
    for row in METHODS.values():
        if row["captioning"] == "mix":
            files += seeds(
                "results/checkpoints/{dataset}/xe/{encoder}/seed{seed}.safetensors",
                encoder=row["encoder"],
            )
    return sorted(set(files))


def trained(run):
    """The parameters of a training step whose files are named by `run`; `stage` is its own."""
    return {
        "model": section("model"),
        "encoder": encoder,
        "training": section("training"),
        "threads": config["threads"],
        "device": config["device"],
        "resume": f"scratch/{{dataset}}/{run}/seed{{seed}}",
    }


def training(step, *files):
    """The command of a training step; `files` are the inputs that it takes besides the data."""
    own = " ".join(f"--{name} {{input.{name}}}" for name in files) or "{params.start}"
    return (
        f"python -m gxn.steps.{step} {own}"
        " --features {input.features} --tokens {input.tokens} --model {params.model:q}"
        " --encoder {params.encoder:q} --training {params.training:q} --stage {params.stage:q}"
        " --seed {wildcards.seed} --threads {params.threads} --device {params.device}"
        " --resume {params.resume} --out {output.checkpoint} --curves {output.curves} &> {log}"
    )


# the CNN's weights, trained here or the user's, and what of its section its features depend on besides
if config["cnn"]["weights"] is None:
    WEIGHTS = "results/checkpoints/{dataset}/cnn.safetensors"
else:
    WEIGHTS = config["cnn"]["weights"]
CNN = as_json(without(config["cnn"], "weights", "pretrain"))


MACHINE = {"device": config["device"], "threads": config["threads"]}
# Each check is of just what the job that waits for it depends on, so that it has that job made again only when
# that is to be made again anyway. (`ancient` would not do: Snakemake 9.27 overlooks new settings of a job that
# waits for an ancient file that is being made.)
CHECKS = {
    "vocabulary": {"minimum": config["vocabulary"]["minimum"]},
    "cnn": MACHINE | {"cnn": section("cnn")},
    "features": MACHINE | {"cnn": CNN, "features": section("features")},
    "batch": {"batch": config["training"]["batch"]},
    "protocols": {"protocols": section("evaluate", "protocols")},
    "cards": {
        "device": config["device"],
        "processes": config["finetune"]["processes"],
    },
}

CARDS = {"cnn": 1, "features": 1, "cards": config["finetune"]["processes"]}


def checked(wildcards):
    """Files that a check reads, by the name of the argument that takes them."""
    if wildcards.check in ("cnn", "cards"):
        return {}
    if wildcards.check == "vocabulary":
        return {"captions": f"data/{wildcards.dataset}/captions.json"}
    if wildcards.check != "features":
        return {"tokens": f"data/{wildcards.dataset}/tokens.h5"}
    return {
        "captions": f"data/{wildcards.dataset}/captions.json",
        "images": images(wildcards),
        "weights": WEIGHTS.format(dataset=wildcards.dataset),
    }


def checked_files(wildcards):
    """The same as inputs; a folder of the user's is none."""
    files = checked(wildcards)
    return without(files, *([] if rendered(wildcards) else ["images"]))


def arguments(wildcards):
    """Files and settings of a check as command-line arguments."""
    values = checked(wildcards) | CHECKS[wildcards.check]
    return [
        word for name, value in values.items() for word in (f"--{name}", str(value))
    ]


def check_of(wildcards):
    """Where a check by these settings is written."""
    found = fingerprint(arguments(wildcards))
    return f"scratch/{wildcards.dataset}/preflight/{wildcards.check}-{found}.json"


def old_files(wildcards):
    """The files as inputs that are no reason to check again, since `passed` knows when that is to be done."""
    return {name: ancient(path) for name, path in checked_files(wildcards).items()}


def curves_of(checkpoints):
    """Training curves of the stages that made these checkpoints."""
    return [
        path.replace("checkpoints", "curves", 1).replace("safetensors", "csv")
        for path in checkpoints
        if path.endswith(".safetensors")
    ]


def pretraining_curves(wildcards):
    """Training curves of the stages that rows share."""
    return curves_of(pretrained_by_all(wildcards))


JOINT = seeds(
    "results/checkpoints/{dataset}/joint/{method}/seed{seed}.safetensors",
    method=METHODS,
)
FINETUNED = seeds(
    "results/checkpoints/{dataset}/finetune/{method}/seed{seed}.safetensors",
    method=TUNED,
)
# the CNN's, where it is trained here
CNN_CURVES = [f"results/curves/{DATASET}/cnn.csv"] * (config["cnn"]["weights"] is None)


def curves(wildcards):
    """Training curves of every stage of every row."""
    return pretraining_curves(wildcards) + curves_of(JOINT + FINETUNED) + CNN_CURVES


def passed(*checks):
    """What stands of checks that passed."""
    return [f"data/{DATASET}/preflight/{check}.json" for check in checks]


# the row that the retrieval grids show: the first that imagines most, at the first seed
SHOWN = max(
    METHODS,
    key=lambda name: (METHODS[name]["drawing"], METHODS[name]["captioning"] != "none"),
)


def shown(wildcards):
    """Embeddings of the row that the retrieval grids show, and what it imagined."""
    run = f"{DATASET}/{SHOWN}/seed{config['seeds'][0]}"
    files = {"embeddings": f"results/embeddings/{run}.h5"}
    if SHOWN in IMAGINING:
        files["json"] = f"results/imagined/{run}.json"
        files["h5"] = f"results/imagined/{run}.h5"
    return files


def shown_imagined(kind):
    """The grids' argument for what the row imagined: `json`, captions, or `h5`, drawings."""
    path = shown(None).get(kind)
    return f"--imagined {path}" if path else ""


def only(methods):
    """A wildcard constraint: these rows, or none at all."""
    return "|".join(methods) or "(?!)"


wildcard_constraints:
    dataset=DATASET,
    method="|".join(METHODS),
    encoder="|".join(config["encoders"]),
    check="|".join(CHECKS),
    settings="[0-9a-f]+",
    seed=r"\d+",


shell.prefix("set -euo pipefail; ")


onerror:
    if obstacle():
        print(f"error: {obstacle()}")
