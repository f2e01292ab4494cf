"""All measures of imagined captions and drawings together: which there are, and of what."""

import numpy as np
import pytest
import torch
from tiny import write_data

from gxn.datasets.tokens import read_tokens
from gxn.datasets.words import EOS
from gxn.evaluation.captioning import caption_metrics
from gxn.evaluation.imagination import (
    Truth,
    caption_lines,
    judge_captions,
    judge_drawings,
    read_truth,
    training_words,
    words_of,
)
from gxn.files import write_json
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import read_frequencies

UNKNOWN = Truth({}, {})
THING = {"shape": "star", "colour": "red", "size": "large", "texture": "plain", "place": "middle"}
SCENE = {"ground": "sand", "things": [THING]}
FACTS = {"attributes_true", "mentions_true", "wholly_true", "facts_told"}


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    """Captions of the test and training split of the tiny dataset, and CIDEr-D of the first."""
    folder = write_data(tmp_path_factory.mktemp("imagination"))
    test, train = (read_tokens(folder / "tokens.h5", split) for split in ("test", "train"))
    frequencies = read_frequencies(folder / "frequencies.h5", test.vocabulary)
    return test, train, CiderD(test.tokens, test.offsets, test.caption_image, frequencies), frequencies


def first_captions(test) -> np.ndarray:
    """Ids of each image's first caption, with its end."""
    first = np.unique(test.caption_image, return_index=True)[1]
    ids = [torch.tensor([*test.tokens[test.offsets[row] : test.offsets[row + 1]], EOS]) for row in first]
    return torch.nn.utils.rnn.pad_sequence(ids, batch_first=True).numpy()


class TestTruth:
    @pytest.fixture
    def captions(self, tmp_path):
        sentences = [{"sentid": 3, "mentions": [{"colour": "red"}]}, {"sentid": 4}]
        images = [
            {"imgid": 7, "split": "test", "scene": SCENE, "sentences": sentences},
            {"imgid": 8, "split": "train", "scene": SCENE, "sentences": [{"sentid": 5, "mentions": []}]},
            {"imgid": 9, "split": "test", "sentences": []},
        ]
        write_json(tmp_path / "captions.json", {"images": images})
        return tmp_path / "captions.json"

    def test_it_is_of_the_split_alone(self, captions):
        assert read_truth(captions, "test").scenes == {7: SCENE}

    def test_captions_without_facts_are_left_out(self, captions):
        assert read_truth(captions, "test").mentions == {3: [{"colour": "red"}]}


def test_words_are_those_of_each_image(splits):
    test = splits[0]
    found = words_of(test)
    assert list(found) == test.imgid.tolist() and all(len(captions) == 3 for captions in found.values())


def test_all_captions_of_the_training_split_count(splits):
    assert len(training_words(splits[1])) == 36


class TestCaptions:
    def judged(self, splits, truth=UNKNOWN):
        test, train, reward, _ = splits
        return judge_captions(first_captions(test), test, train, reward, truth, meteor=False)

    def test_every_image_has_its_text(self, splits):
        test = splits[0]
        text, _, _ = self.judged(splits)
        assert text == {str(image): " ".join(words[0]) for image, words in words_of(test).items()}

    def test_copies_of_a_reference_score_all(self, splits):
        metrics = self.judged(splits)[1]
        assert metrics["bleu1"] == pytest.approx(100.0) and metrics["cider_d"] > metrics["cider_d_chance"]

    def test_without_scenes_facts_are_not_measured(self, splits):
        assert not FACTS & self.judged(splits)[1].keys()

    def test_with_them_they_are(self, splits):
        truth = Truth(dict.fromkeys(map(int, splits[0].imgid), SCENE), {})
        metrics = self.judged(splits, truth)[1]
        assert metrics["facts_told"] == 0.0  # these captions speak of no scene

    def test_meteor_is_not_measured_where_it_is_not_asked_for(self, splits):
        _, metrics, note = self.judged(splits)
        assert "meteor" not in metrics and note == ""


class TestLines:
    def lines(self, splits, truth=UNKNOWN, meteor=False):
        test, train, _, frequencies = splits
        return caption_lines(test, train, frequencies, truth, meteor)

    def test_people_are_measured_by_the_others_captions(self, splits):
        people, _, _ = self.lines(splits)
        assert people.keys() >= {"bleu4", "rouge_l", "cider", "cider_d", "distinct_1", "novel", "length"}

    def test_chance_is_another_images_caption(self, splits):
        test = splits[0]
        _, chance, _ = self.lines(splits)
        written = list(words_of(test).values())
        others = [*written[3:], *written[:3]]  # of six images
        by_hand = caption_metrics(
            {row: captions[0] for row, captions in enumerate(others)},
            {row: captions[1:] for row, captions in enumerate(written)},
        )
        assert {key: chance[key] for key in by_hand} == by_hand
        assert chance.keys() == by_hand.keys() | {"cider_d"}

    def test_meteor_of_both_by_one_process(self, splits, monkeypatch):
        asked = []
        monkeypatch.setattr(
            "gxn.evaluation.imagination.meteor_columns",
            lambda sets: (asked.append(list(sets)) or {"people": 25.0, "chance": 9.0}, ""),
        )
        people, chance, note = self.lines(splits, meteor=True)
        assert (people["meteor"], chance["meteor"], note) == (25.0, 9.0, "")
        assert asked == [["people", "chance"]]

    def test_without_java_the_lines_have_no_meteor_and_it_is_said(self, splits, monkeypatch):
        monkeypatch.setattr("gxn.evaluation.imagination.meteor_columns", lambda sets: ({}, "no Java"))
        people, chance, note = self.lines(splits, meteor=True)
        assert "meteor" not in people and "meteor" not in chance and note == "no Java"

    def test_with_facts_both_have_them(self, splits):
        images = map(int, splits[0].imgid)
        mentions = {int(each): [{"colour": "red", "shape": "star"}] for each in splits[0].sentid}
        people, chance, _ = self.lines(splits, Truth(dict.fromkeys(images, SCENE), mentions))
        assert people["attributes_true"] == chance["attributes_true"] == 1.0


class TestDrawings:
    IMAGES = np.random.default_rng(0).integers(0, 256, (4, 3, 16, 16), np.uint8)
    MENTIONS = Truth({}, {row: [{"colour": "red", "shape": "star"}, {"ground": "sand"}] for row in range(4)})

    def test_without_facts_nothing_is_measured(self):
        assert judge_drawings(self.IMAGES, np.arange(4), UNKNOWN, None) == {}

    def test_colours_are_measured_beside_chance(self):
        found = judge_drawings(self.IMAGES, np.arange(4), self.MENTIONS, None)
        assert list(found) == ["fidelity", "fidelity_chance", "fidelity_gain", "fidelity_z"]

    def test_what_a_reader_sees_is_measured_too(self):
        found = judge_drawings(
            self.IMAGES, np.arange(4), self.MENTIONS, lambda pictures: [SCENE] * len(pictures)
        )
        assert found["drawn_ground"] == found["drawn_colour"] == found["drawn_facts"] == 1.0
        assert found["drawn_facts_chance"] == 1.0  # all captions state the same
