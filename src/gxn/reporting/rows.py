"""The rows of tables and figures: their order, names in print and colours, as the configuration has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gxn.configuration.arguments import Configured
from gxn.configuration.root import Configuration


@dataclass(frozen=True)
class RowName:
    """A row's name in print, and its colour, #RRGGBB; None: by its place."""

    label: str
    colour: str | None = None


Rows = Mapping[str, RowName]  # by the row's key, in the order of the table


def rows_of(config: Configuration) -> dict[str, RowName]:
    """Rows of the table: those of `methods`, then those that are fine-tuned, `{row}_ft`."""
    shown = {name: row for name, row in config.methods.items() if row is not None}
    rows = {name: RowName(row.label or name, row.colour) for name, row in shown.items()}
    return rows | {
        f"{name}_ft": RowName(f"{rows[name].label}, fine-tuned") for name in config.finetune.methods
    }


def label(rows: Rows, key: str) -> str:
    """The name in print of a row, or of an encoder, which has none of its own."""
    return rows[key].label if key in rows else key


@dataclass(frozen=True, kw_only=True)
class RowArguments(Configured):
    """Arguments of a step that shows all rows."""

    @cached_property
    def rows(self) -> dict[str, RowName]:
        """The rows to show."""
        return rows_of(self.configuration)
