"""Tables as the page shows them."""

import pytest

from gxn.errors import GxnError
from gxn.page.tables import read
from gxn.reporting.rows import RowName

ROWS = {"a": RowName("Row A"), "b": RowName("Row B")}


def written(folder, name, text):
    path = folder / f"table_{name}.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_mean_and_spread_share_a_cell_and_the_best_is_marked(tmp_path):
    text = "dataset,method,seeds,i2t_r1,i2t_r1_std,i2t_medr,i2t_medr_std\nd,a,3,53.14,1.26,3,\nd,b,3,53.12,0,2,\n"
    table = read(written(tmp_path, "ablation", text), ROWS)
    assert (table.title, table.head, table.names) == (
        "Retrieval", ["dataset", "method", "seeds", "i2t R@1", "i2t MedR"], 2,
    )  # fmt: skip
    assert [[cell.text for cell in line] for line in table.lines] == [
        ["d", "Row A", "3", "53.1 ± 1.26", "3"],
        ["d", "Row B", "3", "53.1 ± 0", "2"],
    ]
    # the recalls print the same; of median ranks the lower is the better
    assert [[cell.best for cell in line[3:]] for line in table.lines] == [[True, False], [True, True]]


def test_the_best_is_that_of_its_own_dataset(tmp_path):
    text = "dataset,method,rsum\nd,a,400\nd,b,300\ne,a,90\n"
    table = read(written(tmp_path, "ablation", text), ROWS)
    assert [line[2].best for line in table.lines] == [True, False, True]


def test_measures_of_imagination_have_a_line_each_and_empty_ones_none(tmp_path):
    text = "dataset,method,seeds,bleu1,bleu1_std,nothing\nd,a,3,20.26,1.5,\nd,people,0,,,\n"
    table = read(written(tmp_path, "imagined", text), ROWS)
    assert table.head == ["measure", "Row A", "people"]
    assert [[cell.text for cell in line] for line in table.lines] == [
        ["seeds", "3", "0"],
        ["bleu1", "20.3 ± 1.5", ""],
    ]


def test_a_table_without_lines_is_shown_empty(tmp_path):
    table = read(written(tmp_path, "imagined", "dataset,method,seeds,collapsed\n"), ROWS)
    assert list(table.lines) == []


@pytest.mark.parametrize("content", [None, b"dataset,method\n\xff\xfe,b\n"])
def test_what_is_no_table_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "table_x.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GxnError, match=r"table_x.csv: cannot be read as a table"):
        read(path, ROWS)
