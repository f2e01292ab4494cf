"""Make a dataset's captions.json from its source, and where the source renders its images, images.h5.

Captions of your own are checked, and every image that they name is opened: what is missing, empty, doubled or
unreadable is named.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli, plugins
from gxn.configuration.arguments import Configured


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json to write")
    images: Path | None = cli.option("images.h5 to write, where the source renders", None)


def prepare(arguments: Arguments) -> None:
    """Call the source that the configuration names."""
    dataset = arguments.configuration.dataset
    source = plugins.load("gxn.sources", dataset.source.kind)
    source.make(dataset.source, dataset.name, arguments.captions, arguments.images)


main = cli.command(prepare, Arguments)

if __name__ == "__main__":
    main()
