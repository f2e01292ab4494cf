"""Make a dataset's captions.json from its source, and images.h5 if the source renders its images.

Captions of your own, in any layout, get the ids and splits that they lack. Every image that they name is opened;
missing, empty, doubled and unreadable ones are named.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli, plugins
from gxn.configuration.arguments import Configured
from gxn.sources._source import Order


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json to write")
    images: Path | None = cli.option("images.h5 to write, where the source renders", None)
    split: Path | None = cli.option("split.json to write: what was decided, where it reads files", None)


def prepare(arguments: Arguments) -> None:
    """Call the source that the configuration names."""
    config = arguments.configuration
    source, ready = config.dataset.source, config.features.file
    order = Order(
        config.dataset.name,
        arguments.captions,
        arguments.images,
        arguments.split,
        config.vocabulary.tokeniser,
        Path(ready) if ready else None,
    )
    plugins.load("gxn.sources", source.kind).make(source, order)


main = cli.command(prepare, Arguments)

if __name__ == "__main__":
    main()
