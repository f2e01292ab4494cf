"""Train the small CNN of the embedded data set on rendered scenes that are in no split.

The accuracy by kind of question is printed and written for every epoch. The weights file is strictly loadable
in the network of this name; class scores that a torchvision model may have stay as initialised.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from gxn.cli import json_argument, parser, run
from gxn.config import parse
from gxn.files import save_tensors
from gxn.provenance import provenance
from gxn.training.cnn import CnnConfig, CnnTrainer, rendered, train
from gxn.training.device import choose_device
from gxn.training.resume import Resume, recipe
from gxn.writing import atomic


def train_cnn(cnn: Any, threads: int, device: str, out: Path, curves: Path, resume: Path) -> None:
    """Render images, train, write the network's state dict and the metrics of each epoch."""
    config = parse(CnnConfig, cnn, "cnn")
    target = choose_device(device, threads)
    state = Resume(resume, recipe([asdict(config), threads, target.type], {}))
    trainer = CnnTrainer(config, target)
    table = pd.DataFrame(train(trainer, *rendered(config.pretrain), state))
    made = provenance(asdict(config), "rendered", config.pretrain.seed)
    save_tensors(out, trainer.cnn.model.state_dict(), {"cnn": config.name, "provenance": made})
    with atomic(curves) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    state.clear()


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--cnn", type=json_argument, required=True, help="the configuration section, JSON")
    arguments.add_argument("--threads", type=int, required=True)
    arguments.add_argument("--device", required=True)
    arguments.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    arguments.add_argument("--curves", type=Path, required=True, help="CSV file to write")
    arguments.add_argument("--resume", type=Path, required=True, help="folder of the state between epochs")
    run(train_cnn, arguments)


if __name__ == "__main__":
    main()
