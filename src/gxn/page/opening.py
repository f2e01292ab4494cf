"""The results of a configuration, opened for the page."""

from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette

from gxn import paths
from gxn.errors import GxnError
from gxn.page.collection import open_collection
from gxn.page.live import Live
from gxn.page.server import application
from gxn.page.site import Site
from gxn.reporting.rows import rows_of
from gxn.using.results import Results, open_results


def open_application(config: Sequence[Path], hosts: Sequence[str]) -> Starlette:
    """Open the first seed of every row that has embeddings of the test split; those with checkpoints answer.

    Args:
        config: configuration files over `params.yaml`.
        hosts: names under which it may be asked.

    Raises:
        GxnError: there are no embeddings, or a file is damaged or of another run.
    """
    results = open_results(*config)
    seed, found = results.config.seeds[0], {}
    for key, row in rows_of(results.config).items():
        run = "less" if key in results.config.seedless else seed
        path = results.path(paths.EMBEDDINGS, method=key, seed=run)
        if path.is_file():
            found[key] = (row, path)
    folder = results.path(paths.RESULTS)
    if not found:
        raise GxnError(f"{folder}: has no embeddings yet; run the workflow with this configuration first")
    imagined = [results.path(paths.IMAGINED, method=key, seed=seed) for key in found]
    imagined = [path for path in imagined if path.is_file() and path.with_suffix(".h5").is_file()]
    collection = open_collection(
        dataset=results.config.dataset.name,
        captions=results.path(paths.CAPTIONS),
        images=results.images,
        rows={key: row for key, (row, _) in found.items()},
        embeddings=[path for _, path in found.values()],
        imagined=imagined,
        drawings=[path.with_suffix(".h5") for path in imagined],
    )
    tables, figures = sorted(folder.glob("table_*.csv")), sorted(folder.glob("figures/*.png"))
    site = Site(collection, tables, figures, live=True)
    return application(site, Live(site.views, _models(results, found)), hosts)


def _models(results: Results, rows: Sequence[str]) -> dict:
    """The trained rows among some, opened."""
    trained = [row for row in results.rows() if row.row in rows]
    if not trained:
        raise GxnError("none of the rows has a checkpoint; run the workflow with this configuration first")
    return {row.row: results.open(row) for row in trained}
