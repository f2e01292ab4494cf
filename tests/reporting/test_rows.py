"""The rows of tables and figures, as the configuration has them."""

from small import config_files, configuration

from gxn.reporting.rows import RowArguments, RowName, label, rows_of, with_encoders

OWN = {
    "methods": {
        "vse0": None,
        "mine": {"encoder": "order", "label": "Mine", "colour": "#123456"},
        "plain_name": {"encoder": "order"},
    },
    "finetune": {"methods": ["mine", "plain_name"]},
}


def test_a_row_has_the_label_and_colour_of_the_configuration():
    assert rows_of(configuration(OWN))["mine"] == RowName("Mine", "#123456")


def test_without_a_label_it_is_called_by_its_key():
    assert rows_of(configuration(OWN))["plain_name"] == RowName("plain_name", None)


def test_rows_stand_in_the_order_of_the_configuration_and_those_that_are_fine_tuned_behind():
    rows = list(rows_of(configuration(OWN)))
    methods = [name for name, row in configuration(OWN).methods.items() if row is not None]
    assert rows == [*methods, "mine_ft", "plain_name_ft"]


def test_a_row_set_to_null_is_left_out():
    assert "vse0" not in rows_of(configuration(OWN))


def test_a_fine_tuned_row_is_called_after_its_row():
    assert rows_of(configuration(OWN))["mine_ft"] == RowName("Mine, fine-tuned")


def test_an_encoder_is_called_by_its_key():
    rows = rows_of(configuration(OWN))
    assert (label(rows, "mine"), label(rows, "two_space_gru")) == ("Mine", "two_space_gru")


def test_a_step_has_the_rows_of_its_configuration(tmp_path):
    arguments = RowArguments(config=config_files(tmp_path, OWN))
    assert arguments.rows == rows_of(arguments.configuration)


def test_encoders_are_called_by_the_rows_that_share_them_and_have_the_first_ones_colour():
    rows = {key: RowName(key.upper(), f"#{place}") for place, key in enumerate("abcd")}
    found = with_encoders(rows, {"a": "shared", "b": "shared", "c": "shared", "d": "d"})
    assert found == rows | {"shared": RowName("A, B …", "#0")}
