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


def with_encoders(rows: Rows, encoders: Mapping[str, str]) -> Rows:
    """The rows, then encoders that are no rows, named by the rows that share them, in the first one's colour.

    Args:
        rows: those to show.
        encoders: the encoder of each row that has one.
    """
    sharing: dict[str, list[RowName]] = {}
    for key, encoder in ((key, encoders[key]) for key in rows if key in encoders):
        if encoder not in rows:
            sharing.setdefault(encoder, []).append(rows[key])
    return {**rows, **{encoder: _shared(each) for encoder, each in sharing.items()}}


def _shared(rows: list[RowName]) -> RowName:
    """The names of the first two rows, and an ellipsis for more."""
    return RowName(", ".join(row.label for row in rows[:2]) + " …" * (len(rows) > 2), rows[0].colour)


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
