"""Train the default's small CNN on rendered scenes that are in no split.

The accuracy for each kind of question is printed and written after every epoch. The weights have the names that
the configured network expects; the class scores of a torchvision model keep their initial weights.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gxn import cli, code
from gxn.configuration.arguments import Configured
from gxn.files import save_tensors
from gxn.provenance import provenance
from gxn.training.cnn import CnnTrainer, rendered, train
from gxn.training.device import choose_device
from gxn.training.resume import Resume, fingerprint
from gxn.writing import atomic


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    resume: Path = cli.option("folder of the state between epochs")
    curves: Path = cli.option("CSV to write: accuracy after each epoch")
    out: Path = cli.option("safetensors file to write")


def train_cnn(arguments: Arguments) -> None:
    """Render images, train, write the network's state dict and the metrics of each epoch."""
    config = arguments.configuration
    cnn, device = config.cnn, choose_device(config.device, config.threads)
    settings = cnn.model_dump(mode="json")
    key = fingerprint([settings, config.threads, device.type], {}, code.digest(__spec__.name))
    state = Resume(arguments.resume, key)
    trainer = CnnTrainer(cnn, device)
    table = pd.DataFrame(train(trainer, *rendered(cnn.pretrain), state))
    made = provenance(settings, "rendered", cnn.pretrain.seed)
    save_tensors(arguments.out, trainer.cnn.model.state_dict(), {"cnn": cnn.name, "provenance": made})
    with atomic(arguments.curves) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    state.clear()


main = cli.command(train_cnn, Arguments)

if __name__ == "__main__":
    main()
