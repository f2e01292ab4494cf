"""The recorded tables in words."""

import re

import pytest
from workflow import statements

ABLATION = """dataset,method,seeds,rsum
scenes,cca,0,400
scenes,two_space,3,420
scenes,gxn_i2t_t2i,3,423
"""
MARKDOWN = """**scenes**

| Method | rsum |
| --- | ---: |
| CCA | 400 |
| Two | 420 |
| Full | 423 |
"""
IMAGINED = """dataset,method,drawn_colour,drawn_colour_chance
scenes,gxn_i2t_t2i,0.53,0.19
scenes,people,1,0.2
"""
SIGNIFICANCE = """dataset,method,control,metric,difference,low,high,p_holm,seeds
scenes,cca,two_space,i2t_r1,1,0,2,0.5,3
scenes,cca,two_space,rsum,-20.04,-25,-15.06,0.001,3
scenes,gxn_i2t_t2i,two_space,rsum,3.1,-1,7,0.2,3
"""
TEXTS = {"table_ablation.csv": ABLATION, "table_ablation.md": MARKDOWN}
TEXTS |= {"table_imagined.csv": IMAGINED, "table_significance.csv": SIGNIFICANCE}


def test_rows_are_called_by_their_names_in_print():
    assert statements.labels(TEXTS) == {"cca": "CCA", "two_space": "Two", "gxn_i2t_t2i": "Full"}


def test_differences_are_those_of_rsum():
    assert statements.differences(TEXTS).splitlines()[2:] == [
        "| CCA | -20.0 | -25.0 to -15.1 | 0.001 |",
        "| Full | +3.1 | -1.0 to 7.0 | 0.200 |",
    ]


def test_in_short_it_says_what_imagining_changes_then_the_others_then_the_drawings():
    assert statements.in_short(TEXTS).replace("\n", " ") == (
        "Relative to *Two*, which imagines nothing, rsum changes by +3.1 (Full); none significant. Other rows "
        "differ from it by -20.0 (CCA). Of the colours that captions ask for, Full draws 53 %, by chance 19 %."
    )


@pytest.mark.parametrize(("p", "said"), [("0.01", "significant: Full."), ("0.05", "none significant.")])
def test_what_is_significant_is_named(p, said):
    changed = TEXTS["table_significance.csv"].replace("-1,7,0.2", f"-1,7,{p}")
    text = statements.in_short(TEXTS | {"table_significance.csv": changed})
    assert f"(Full); {said}" in text.replace("\n", " ")


def test_one_seed_is_not_tested():
    one_seed = re.sub(r"[^,]+,3$", "one seed,1", SIGNIFICANCE, flags=re.MULTILINE)
    texts = TEXTS | {"table_significance.csv": one_seed}
    assert statements.differences(texts).endswith("| Full | +3.1 | -1.0 to 7.0 | one seed |")
    assert "+3.1 (Full); one seed, so not tested." in statements.in_short(texts).replace("\n", " ")


def test_each_protocol_has_its_own_differences():
    other = SIGNIFICANCE.replace("scenes", "scenes-5k").replace("-20.04", "-9").partition("\n")[2]
    texts = TEXTS | {"table_significance.csv": SIGNIFICANCE + other}
    texts["table_ablation.csv"] += ABLATION.replace("scenes", "scenes-5k").partition("\n")[2]
    texts["table_ablation.md"] += MARKDOWN
    text = statements.in_short(texts).replace("\n", " ")
    first, _, second = text.partition("scenes-5k:")
    assert first.startswith("scenes: Relative to *Two*") and "-20.0 (CCA)" in first and "-9.0" not in first
    assert "-9.0 (CCA)" in second and text.count("draws 53 %") == 1


def test_without_imagining_the_control_is_named():
    texts = TEXTS | {"table_imagined.csv": IMAGINED.partition("\n")[0]}
    assert statements.in_short(texts).startswith("Rows differ from *Two* by -20.0 (CCA), +3.1 (Full).")
