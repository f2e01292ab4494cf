"""Use of trained rows: search, captions and drawings, from results or from an exported folder.

`gxn.load` and `gxn.open_results` are these:

    model = gxn.load("exported")
    for found in model.search("two people at a table", model.index_folder("photographs")):
        print(found.score, found.name)
"""

from gxn.using.exported import load
from gxn.using.results import open_results

__all__ = ["load", "open_results"]
