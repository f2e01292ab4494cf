"""Published numbers: each with its mark, none invented, differences only where both exist."""

from pathlib import Path

import pytest

from gxn.errors import GxnError
from gxn.evaluation.metrics import RECALL_COLUMNS
from gxn.reporting import published
from gxn.reporting.published import comparison, read_published, to_markdown
from gxn.reporting.rows import RowName
from gxn.reporting.runs import METRICS

LIST = Path(published.__file__).with_name("published.json")
ROWS = {"vsepp": RowName("VSE++ here"), "gxn_i2t_t2i": RowName("GXN here")}


def ablation(label, methods=("vsepp", "gxn_i2t_t2i")):
    numbers = dict.fromkeys(METRICS, 50.0) | {"rsum": 300.0} | {f"{key}_std": None for key in METRICS}
    return [{"dataset": label, "method": method, "seeds": 1} | numbers for method in methods]


class TestList:
    def test_it_is_of_the_papers_datasets(self):
        assert {row["dataset"] for row in read_published(LIST).rows} == {
            "coco-1k-5fold",
            "coco-5k",
            "flickr30k",
        }

    def test_every_number_says_how_it_was_read(self):
        assert {row["mark"] for row in read_published(LIST).rows} == {"second-hand", "code"}

    def test_correspondence_autoencoders_name_their_own_protocol(self):
        rows = [row for row in read_published(LIST).rows if row["method"].startswith("Corr")]
        assert len(rows) == 3
        assert all(row["row"] is None and row["differs"].startswith("another protocol") for row in rows)

    def test_every_number_is_plausible_or_unknown(self):
        for row in read_published(LIST).rows:
            assert all(row[key] is None or 0 < row[key] < 100 for key in RECALL_COLUMNS)

    @pytest.mark.parametrize(
        ("dataset", "recalls"),
        [
            ("coco-1k-5fold", [68.5, None, 97.9, 56.6, None, 94.5]),
            ("coco-5k", [42.0, None, 84.7, 31.7, None, 74.6]),
            ("flickr30k", [56.8, None, 89.6, 41.5, None, 80.1]),
        ],
    )
    def test_gxns_are_those_of_its_paper(self, dataset, recalls):
        (gxn,) = (
            row for row in read_published(LIST).rows if (row["dataset"], row["method"]) == (dataset, "GXN")
        )
        assert [gxn[key] for key in RECALL_COLUMNS] == recalls


class TestComparison:
    @pytest.fixture
    def rows(self):
        return comparison(ablation("coco-1k-5fold"), read_published(LIST), "plain")

    @pytest.fixture
    def gxn(self, rows):
        return next(row for row in rows if row["method"] == "GXN")

    def test_a_published_row_names_ours(self, gxn):
        assert gxn["compared_with"] == "gxn_i2t_t2i"

    def test_differences_are_ours_less_published(self, gxn):
        assert gxn["i2t_r1_difference"] == pytest.approx(50.0 - 68.5)

    def test_what_is_unknown_stays_empty(self, gxn):
        assert gxn["i2t_r5"] is gxn["i2t_r5_difference"] is gxn["rsum"] is gxn["rsum_difference"] is None

    def test_a_sum_is_added_up_from_six_known_recalls(self, rows):
        vsepp = next(row for row in rows if row["cnn"] == "ResNet152" and row["method"] == "VSE++ (ft)")
        assert vsepp["rsum_difference"] == pytest.approx(300.0 - (64.6 + 90.0 + 95.7 + 52.0 + 84.3 + 92.0))

    def test_ours_stand_behind_them(self, rows):
        assert [row["method"] for row in rows if row["origin"] == "here"] == ["vsepp", "gxn_i2t_t2i"]

    def test_ours_say_their_cnn_and_published_rows_what_differs(self, rows, gxn):
        assert {row["cnn"] for row in rows if row["origin"] == "here"} == {"plain"}
        assert gxn["differs"].startswith("CNN ResNet152, pretrained on ImageNet")

    def test_every_published_figure_has_its_source(self, rows):
        for row in rows:
            published = row["origin"] != "here"
            assert bool(row["differs"]) == published
            for key in RECALL_COLUMNS:
                assert bool(row[f"{key}_source"]) == (published and row[key] is not None)

    def test_another_dataset_gets_nothing_published(self):
        rows = comparison(ablation("scenes"), read_published(LIST), "plain")
        assert {row["origin"] for row in rows} == {"here"}

    def test_a_row_that_is_not_ours_has_no_difference(self):
        rows = comparison(ablation("coco-5k", ("vsepp",)), read_published(LIST), "plain")
        gxn = next(row for row in rows if row["method"] == "GXN")
        assert gxn["compared_with"] is gxn["i2t_r1_difference"] is None


class TestMarkdown:
    def test_a_difference_stands_in_brackets(self):
        text = to_markdown(comparison(ablation("coco-1k-5fold"), read_published(LIST), "plain"), ROWS)
        assert "68.5 (-18.5) [1]" in text

    def test_it_says_how_and_where_numbers_were_read(self):
        text = to_markdown(comparison(ablation("coco-1k-5fold"), read_published(LIST), "plain"), ROWS)
        assert "[second-hand]" in text and "\n1. performance.md of Paranioar/" in text

    def test_ours_are_called_by_their_labels(self):
        text = to_markdown(comparison(ablation("scenes"), read_published(LIST), "plain"), ROWS)
        assert "| GXN here |" in text and "| VSE++ here |" in text

    def test_where_nothing_is_known_it_says_so(self):
        text = to_markdown(comparison(ablation("scenes"), read_published(LIST), "plain"), ROWS)
        assert "No published numbers are known for these datasets and protocols." in text


@pytest.mark.parametrize("text", ['{"rows": [{}], "sources": {}}', "[]", '{"sources": {}}'])
def test_a_damaged_list_is_refused(tmp_path, text):
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(GxnError, match=r"p\.json"):
        read_published(tmp_path / "p.json")
