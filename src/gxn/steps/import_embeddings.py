"""Check embeddings of the test split that another program made, and write them as those of a row."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.tokens import read_tokens
from gxn.evaluation.embeddings import write_embeddings
from gxn.evaluation.foreign import read_foreign
from gxn.files import sha256
from gxn.provenance import data_of, provenance


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    file: Path = cli.option("HDF5 or .npz of another program")
    features: Path = cli.option("features.h5 of the rows that it is compared with")
    tokens: Path = cli.option("tokens.h5")
    out: Path = cli.option("HDF5 of embeddings to write")


def import_embeddings(arguments: Arguments) -> None:
    """Join the file with the test split by id, and write it."""
    test = read_tokens(arguments.tokens, "test")
    embeddings = read_foreign(arguments.file, "test", test.imgid, test.sentid, test.caption_image)
    data = data_of(arguments.features, arguments.tokens)
    made = provenance({"file": sha256(arguments.file)}, data, None)
    write_embeddings(arguments.out, embeddings, made)


main = cli.command(import_embeddings, Arguments)

if __name__ == "__main__":
    main()
