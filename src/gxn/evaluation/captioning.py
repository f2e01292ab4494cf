"""Caption metrics of the standard evaluation package; those of its metrics that need no Java."""

import contextlib
import io
from collections.abc import Mapping, Sequence

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge


def caption_metrics(
    captions: Mapping[int, Sequence[str]], references: Mapping[int, Sequence[Sequence[str]]]
) -> dict[str, float]:
    """BLEU-1 to BLEU-4, ROUGE-L and CIDEr of one caption per image, in percent (CIDEr too, as papers print it).

    CIDEr's document frequencies are those of `references`, as the package has it.

    Args:
        captions: the words of each image's caption, by image id.
        references: the words of its reference captions.
    """
    results = {image: [" ".join(words)] for image, words in captions.items()}
    truth = {image: [" ".join(words) for words in references[image]] for image in captions}
    with contextlib.redirect_stdout(io.StringIO()):  # BLEU prints its lengths
        bleu, _ = Bleu(4).compute_score(truth, results)
        rouge, _ = Rouge().compute_score(truth, results)
        cider, _ = Cider().compute_score(truth, results)
    metrics = {f"bleu{order}": 100 * float(value) for order, value in enumerate(bleu, 1)}
    return metrics | {"rouge_l": 100 * float(rouge), "cider": 100 * float(cider)}
