"""The option that names the configuration, for the arguments of a step."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gxn.cli import option
from gxn.configuration.files import load
from gxn.configuration.root import Configuration


@dataclass(frozen=True, kw_only=True)
class Configured:
    """Arguments of a step that reads the configuration."""

    config: tuple[Path, ...] = option(
        "configuration files, params.yaml first; later files override earlier ones"
    )

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration that the files make.

        Raises:
            GxnError: it is wrong; names every key that is.
        """
        return load(self.config)
