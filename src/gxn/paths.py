"""Places of the files of a dataset and of its results: patterns, each written once."""

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
LABELS = DATA + "labels.h5"
FEATURES = DATA + "features.h5"

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


def checkpoint(stage: str, name: str = "{name}") -> str:
    """Pattern of a training stage's checkpoint; `name` is an encoder's or a row's."""
    return RESULTS + f"checkpoints/{stage}/{name}/seed{{seed}}.safetensors"


def curves(stage: str, name: str = "{name}") -> str:
    """Pattern of a training stage's curves."""
    return RESULTS + f"curves/{stage}/{name}/seed{{seed}}.csv"


def table(name: str) -> str:
    """Pattern of a dataset's table."""
    return RESULTS + f"table_{name}"
