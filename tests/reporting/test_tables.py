"""The ablation table in its three forms."""

import csv
import statistics

import pytest
from metrics_files import content, write

from gxn.errors import GxnError
from gxn.evaluation.metrics import RECALL_COLUMNS
from gxn.reporting.rows import RowName
from gxn.reporting.runs import FURTHER, METRICS, read_runs
from gxn.reporting.tables import COLUMNS, SPACES, ablation, read_table, spaces, to_csv, to_latex, to_markdown

ROWS = {"vse0": RowName("VSE0"), "two_space": RowName("Two spaces"), "new_row": RowName("new_row")}
SCALES = {"vse0": 1.0, "two_space": 2.0, "new_row": 1.5}


@pytest.fixture
def table(tmp_path):
    """Three rows of three seeds."""
    contents = [content(method, seed, scale) for method, scale in SCALES.items() for seed in (0, 1, 2)]
    return ablation(read_runs(write(tmp_path, contents), ROWS))


def made(folder, contents, rows=ROWS):
    return ablation(read_runs(write(folder, contents), {key: rows[key] for key in rows}))


def one_row(folder, seed=0):
    return ablation(read_runs(write(folder, [content(seed=seed)]), ["vse0"]))


class TestColumns:
    def test_come_in_pairs_of_mean_and_deviation(self):
        assert COLUMNS[:3] == ("dataset", "method", "seeds")
        assert COLUMNS[4::2] == tuple(f"{key}_std" for key in COLUMNS[3::2])

    def test_are_the_recalls_and_medians_both_ways_their_sum_and_further_ones(self):
        metrics = "i2t_r1,i2t_r5,i2t_r10,i2t_medr,t2i_r1,t2i_r5,t2i_r10,t2i_medr,rsum".split(",")
        assert COLUMNS[3::2] == (*metrics, *FURTHER)


class TestAblation:
    def test_rows_stand_in_the_order_of_the_configuration(self, table):
        assert [row["method"] for row in table] == list(ROWS)

    def test_numbers_are_means_over_seeds(self, table):
        assert [row["i2t_r5"] for row in table] == [statistics.fmean([20, 21, 22])] * 3
        assert [row["i2t_r1"] for row in table] == [10, 20, 15]

    def test_with_sample_deviations(self, table):
        assert {row["i2t_r5_std"] for row in table} == {statistics.stdev([20, 21, 22])}

    def test_the_sum_is_that_of_its_recalls(self, table):
        for row in table:
            assert row["rsum"] == pytest.approx(sum(row[key] for key in RECALL_COLUMNS))

    def test_seeds_are_counted(self, table):
        assert {row["seeds"] for row in table} == {3}

    def test_one_seed_has_no_deviation(self, tmp_path):
        assert all(one_row(tmp_path)[0][f"{key}_std"] is None for key in METRICS)

    def test_a_row_without_a_seed_has_none(self, tmp_path):
        assert one_row(tmp_path, None)[0]["seeds"] == 0

    def test_protocols_are_rows_of_their_own(self, tmp_path):
        both = content()
        both["protocols"] |= content(protocol="1k-5fold")["protocols"]
        table = ablation(read_runs(write(tmp_path, [both]), ["vse0"]))
        assert [row["dataset"] for row in table] == ["scenes", "scenes-1k-5fold"]


class TestSpaces:
    @pytest.fixture
    def table(self, tmp_path):
        """A row of one space, and one of two."""
        contents = [content(seed=seed) for seed in (0, 1)] + [content("two_space", seed) for seed in (0, 1)]
        for one in contents[2:]:
            one["spaces"] = {
                space: content(seed=one["seed"], scale=scale)["protocols"]
                for space, scale in (("abstract", 3.0), ("grounded", 2.0))
            }
        return spaces(read_runs(write(tmp_path, contents), ["vse0", "two_space"]))

    def test_each_space_of_several_is_a_row(self, table):
        found = [(row["method"], row["space"], row["i2t_r1"]) for row in table]
        assert found == [("two_space", "abstract", 30.0), ("two_space", "grounded", 20.0)]

    def test_numbers_are_means_and_deviations(self, table):
        assert (table[0]["i2t_r5"], table[0]["i2t_r5_std"]) == (20.5, statistics.stdev([20, 21]))

    def test_the_csv_names_the_space(self, table):
        assert to_csv(table, SPACES).startswith("dataset,method,space,seeds,i2t_r1,i2t_r1_std,")


class TestCsv:
    def test_it_comes_back(self, tmp_path, table):
        (tmp_path / "t.csv").write_text(to_csv(table))
        for found, row in zip(read_table(tmp_path / "t.csv"), table, strict=True):
            assert found == {
                key: value if isinstance(value, str) else pytest.approx(value, abs=1e-6)
                for key, value in row.items()
            }

    def test_a_missing_deviation_is_an_empty_cell(self, tmp_path):
        (tmp_path / "t.csv").write_text(to_csv(one_row(tmp_path)))
        with open(tmp_path / "t.csv", newline="") as file:
            (row,) = csv.DictReader(file)
        assert row["rsum_std"] == "" and read_table(tmp_path / "t.csv")[0]["rsum_std"] is None

    def test_numbers_have_six_decimals_at_most(self, table):
        table[0]["rsum"], table[0]["i2t_r1"] = 1 / 3, -0.0
        cells = to_csv(table).splitlines()[1].split(",")
        assert cells[COLUMNS.index("rsum")] == "0.333333" and cells[COLUMNS.index("i2t_r1")] == "0.0"

    @pytest.mark.parametrize("text", ["", "a,b\n1,2\n", ",".join(COLUMNS[:-1]) + "\n"])
    def test_other_columns_are_refused(self, tmp_path, text):
        (tmp_path / "t.csv").write_text(text)
        with pytest.raises(
            GxnError, match=r"t\.csv: its columns are not those of the ablation table\. Make it again"
        ):
            read_table(tmp_path / "t.csv")

    @pytest.mark.parametrize("line", ["1" * 200_000, "d,m,many" + ",1" * (len(COLUMNS) - 3), "d,m"])
    def test_lines_that_are_no_row_are_refused(self, tmp_path, line):
        (tmp_path / "t.csv").write_text(",".join(COLUMNS) + f"\n{line}\n")
        with pytest.raises(GxnError, match=r"t\.csv: cannot be read as the ablation table"):
            read_table(tmp_path / "t.csv")

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(GxnError, match=r"t\.csv: cannot be read as the ablation table: .*No such file"):
            read_table(tmp_path / "t.csv")


class TestMarkdown:
    def cells(self, table):
        lines = to_markdown(table, ROWS).splitlines()
        return {
            line.split(" | ")[0].strip("| "): line.split(" | ") for line in lines if line.startswith("| ")
        }

    def test_the_best_of_a_column_is_bold(self, table):
        assert self.cells(table)["Two spaces"][1] == "**20.0** ± 0.0"
        assert self.cells(table)["VSE0"][1] == "10.0 ± 0.0"

    def test_ties_are_all_bold(self, table):
        assert all(
            self.cells(table)[name][4].startswith("**7.0**") for name in ("VSE0", "Two spaces", "new_row")
        )

    def test_a_lower_median_is_better(self, tmp_path):
        contents = [content(), content("two_space")]
        contents[1]["protocols"]["full"]["i2t"]["medr"] = 3.0
        table = ablation(read_runs(write(tmp_path, contents), ["vse0", "two_space"]))
        text = to_markdown(table, ROWS)
        assert "**3.0**" in text and "**7.0**" not in text

    def test_it_says_over_how_many_seeds(self, table, tmp_path):
        assert to_markdown(table, ROWS).startswith("**scenes**, mean ± standard deviation over 3 seeds\n")
        assert to_markdown(one_row(tmp_path), ROWS).startswith("**scenes**, one seed\n")
        assert to_markdown(one_row(tmp_path, None), ROWS).startswith("**scenes**, no seed\n")

    def test_one_seed_has_no_deviation(self, tmp_path):
        assert "±" not in to_markdown(one_row(tmp_path), ROWS)


class TestLatex:
    def test_the_best_of_a_column_is_bold(self, table):
        assert r"\textbf{20.0}" in to_latex(table, ROWS)

    def test_names_are_escaped(self, table):
        text = to_latex(table, ROWS | {"vse0": RowName(r"A & B_1 \ 5 %")})
        assert r"A \& B\_1 \textbackslash{} 5 \%" in text and r"new\_row" in text

    def test_it_is_a_booktabs_table_of_ascii(self, table):
        text = to_latex(table, ROWS)
        assert r"\toprule" in text and text.count(r"\\") == 6 and text.isascii()

    def test_one_seed_has_no_deviation(self, tmp_path):
        assert r"\pm" not in to_latex(one_row(tmp_path), ROWS)
