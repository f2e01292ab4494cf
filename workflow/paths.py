"""Where every file of the workflow lies: patterns with Snakemake's wildcards, each written once."""

DATA = "data/{dataset}/"
RESULTS = "results/{dataset}/"
RUN = "{method}/seed{seed}"

CAPTIONS = DATA + "captions.json"
SPLIT = DATA + "split.json"
IMAGES = DATA + "images.h5"
VOCABULARY = DATA + "vocabulary.json"
TOKENS = DATA + "tokens.h5"
FREQUENCIES = DATA + "document_frequencies.h5"
GAN_IMAGES = DATA + "gan_images.h5"
FEATURES = DATA + "features.h5"
FACTS = DATA + "facts.h5"
CHECKED = DATA + "preflight/{check}.json"

CNN = RESULTS + "checkpoints/cnn.safetensors"
CNN_CURVES = RESULTS + "curves/cnn.csv"
READER = RESULTS + "checkpoints/reader.safetensors"
TUNED = RESULTS + "checkpoints/finetune/{method}/seed{seed}.safetensors"
TUNED_CNN = RESULTS + "checkpoints/finetune/{method}/cnn_seed{seed}.safetensors"
TUNED_CURVES = RESULTS + f"curves/finetune/{RUN}.csv"
TUNED_FEATURES = RESULTS + f"features/{RUN}.h5"
EMBEDDINGS = RESULTS + f"embeddings/{RUN}.h5"
METRICS = RESULTS + f"metrics/{RUN}.json"
RANKS = RESULTS + f"ranks/{RUN}.h5"
IMAGINED = RESULTS + f"imagined/{RUN}.json"
DRAWINGS = RESULTS + f"imagined/{RUN}.h5"
LINES = RESULTS + "imagined/lines.json"

TABLES = ("ablation.csv", "ablation.tex", "ablation.md", "spaces.csv", "imagined.csv", "published.csv")
TABLES += ("published.md", "significance.csv")
FIGURES = ("ablation", "recall", "training", "i2t", "t2i", "framework")


def checkpoint(stage: str, name: str = "{name}") -> str:
    """Pattern of a training stage's checkpoint; `name` is an encoder's or a row's."""
    return RESULTS + f"checkpoints/{stage}/{name}/seed{{seed}}.safetensors"


def embeddings(name: str) -> str:
    """Pattern of a row's embeddings of the test split."""
    return EMBEDDINGS.replace("{method}", name)


def curves(stage: str, name: str = "{name}") -> str:
    """Pattern of a training stage's curves."""
    return RESULTS + f"curves/{stage}/{name}/seed{{seed}}.csv"


def table(name: str) -> str:
    """Pattern of a dataset's table."""
    return RESULTS + f"table_{name}"


def figure(name: str, form: str) -> str:
    """Pattern of a dataset's figure, PDF or PNG."""
    return RESULTS + f"figures/{name}.{form}"


def log(name: str) -> str:
    """Pattern of a job's log."""
    return f"logs/{{dataset}}/{name}.log"


def benchmark(name: str) -> str:
    """Pattern of a job's time and memory."""
    return f"logs/{{dataset}}/benchmarks/{name}.jsonl"


def resume(name: str) -> str:
    """Pattern of the folder of a job's unfinished work, outside every declared output."""
    return f"scratch/{{dataset}}/{name}"
