"""Values that the pages show."""

from types import SimpleNamespace

import numpy as np

from gxn.page.views import Views


def test_a_tie_for_the_first_place_is_not_found_first_as_in_the_table():
    ranks = SimpleNamespace(t2i=np.array([1.0, 1.5, 1.5, 4.0]), i2t=np.array([1.0, 1.0]))
    collection = SimpleNamespace(rows=[SimpleNamespace(ranks=ranks, imagined=None)])
    (line,) = Views(collection, ()).summary()
    assert (line["t2i_r1"], line["i2t_r1"], line["t2i_medr"]) == ("25.0", "100.0", "1.5")
