"""The whole configuration: contradictions between its sections, and the overlays of rows and encoders."""

import pytest
from small import EXPECTED, PARAMS, PHOTOGRAPHS, RETRIEVAL, configuration

from gxn.configuration.root import is_fetched
from gxn.errors import GxnError

ROWS = PARAMS["methods"]
WRONG = [
    ({"nonsense": 1}, "nonsense: unknown key; known keys: "),
    ({"seeds": 3}, "seeds: must be a list, not 3"),
    ({"seeds": [2**63]}, f"seeds.0: must be at most {2**63 - 1}, not {2**63}"),
    ({"seeds": [-1]}, "seeds.0: must be at least 0, not -1"),
    (
        {"evaluate": {"reader": {"seed": 0}}},
        "evaluate.reader.seed: is also cnn.pretrain.seed, 0; give another, so that the reader learns from other "
        "pictures",
    ),
    (
        {"methods": {"two_space": {"shuffled": True}}},
        "methods.two_space.shuffled: the row imagines nothing; give captioning or drawing",
    ),
    ({"seeds": [1, 1]}, "seeds: a value is given twice"),
    ({"threads": 10**6}, "threads: must be at most 1024, not 1000000"),
    ({"threads": 0}, "threads: must be at least 1, not 0"),
    ({"device": "tpu"}, "device: must be auto, cpu or cuda, not 'tpu'"),
    ({"joint": None}, "joint: must be a mapping of keys, not None"),
    ({"methods": dict.fromkeys(ROWS)}, "methods: every row is null; keep at least one"),
    ({"methods": {"a b": {"encoder": "order"}}},
     "methods.a b: 'a b' is not a name; use letters, digits and _, and do not begin with _"),
    ({"methods": {"vse0": {"encoder": "none"}}}, "methods.vse0.encoder: no encoder 'none'; there are cosine, "),
    ({"methods": {"two_space": None}}, "significance.control: no row 'two_space' among the methods"),
    ({"methods": {"abstract": {"captioning": "xe"}}},
     "methods.abstract: imagines, but encoders.abstract has no grounded space"),
    ({"methods": {"abstract": {"drawing": True}}},
     "methods.abstract: imagines, but encoders.abstract has no grounded space"),
    ({"encoders": {"cosine": {"retrieval": {"normalise": False}}}},
     "encoders.cosine: the cosine needs normalised embeddings; set retrieval.normalise for this encoder"),
    ({"drawing": {"discriminator_grounds": True}, "joint": {"lr_grounded_text": 0},
      "methods": {"gxn_i2t_t2i": None}},
     "drawing.discriminator_grounds: would move the text encoder of gxn_t2i at joint.lr_grounded_text, which "
     "is 0; raise it"),
    ({"methods": {"a": {"kind": "adversarial", "encoder": "two_space"}}},
     "methods.a.encoder: two_space has several spaces or an order; a row of kind adversarial needs one space "
     "with a cosine"),
    ({"methods": {"a": {"kind": "correspondence", "encoder": "order"}}},
     "methods.a.encoder: order has several spaces or an order; a row of kind correspondence needs one space "
     "with a cosine"),
    ({"encoders": {"abstract": {"similarity": "cosine"}}, "methods": {"a": {"kind": "correspondence",
      "encoder": "abstract"}}},
     "methods.a.encoder: abstract has no grounded space, whose states are coded"),
    ({"methods": {"a": {"kind": "adversarial", "encoder": "none"}}},
     "methods.a.encoder: no encoder 'none'; there are cosine, "),
    ({"drawing": {"batch_size": 500}}, "drawing.batch_size: more than training.batch_size (128)"),
    ({"finetune": {"methods": ["vse9"]}}, "finetune.methods: no row 'vse9' among the methods"),
    ({"finetune": {"methods": ["vse0"]}, "methods": {"vse0_ft": ROWS["vse0"]}},
     "methods.vse0_ft: is also the name of the fine-tuned copy of vse0; rename the row"),
    ({"finetune": {"processes": 3}}, "finetune.processes: 3 cannot share training.batch_size evenly"),
    ({"dataset": {"source": {"size": 64}}, "features": {"crop": 65}},
     "features.crop: 65 is larger than the images, 64 pixels; lower it"),
    ({"dataset": {"source": {"train": 20}}, "training": {"batch_size": 128}},
     "training.batch_size: 128 is more than the 100 captions of the training split; lower it"),
    ({"dataset": {"source": {"test": 500}}, "evaluate": {"protocols": ["full", "5k"]}},
     "evaluate.protocols: 5k needs exactly 5,000 images, the test split has 500; use full"),
    (PHOTOGRAPHS | {"evaluate": {"protocols": ["1k-5fold"]}},
     "evaluate.protocols: 1k-5fold needs 5,000 images, the test split has 1,000; use full"),
    (PHOTOGRAPHS | {"cnn": {}},
     "cnn.weights: name a safetensors file of this CNN; a CNN is pretrained here only on rendered images"),
    ({"dataset": {"source": {"kind": "images", "images": "a"}}}, "dataset.source.captions: is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[message[:60] for _, message in WRONG])
def test_what_contradicts_itself_is_refused(change, message):
    with pytest.raises(GxnError) as caught:
        configuration(change)
    assert str(caught.value).startswith(f"mine.yaml: {message}")


def test_an_unknown_source_is_refused_with_those_there_are():
    with pytest.raises(GxnError, match=r"dataset\.source\.kind: must be .*images.*scenes.*, not 'karpathy'$"):
        configuration({"dataset": {"source": {"kind": "karpathy"}}})


def test_contradictions_are_said_in_the_order_of_the_file():
    names = [f"cosine{number}" for number in range(8)]
    changes = {
        "retrieval": {"normalise": False},
        "encoders": dict.fromkeys(names, PARAMS["encoders"]["cosine"]),
        "methods": {name: ROWS["vse0"] | {"encoder": name} for name in names},
    }
    with pytest.raises(GxnError) as caught:
        configuration(changes)
    wrong = [line.split(": ")[1] for line in str(caught.value).splitlines() if "the cosine needs" in line]
    assert wrong == [f"encoders.{name}" for name in sorted(["cosine", "infonce", "bag", *names])]


@pytest.mark.parametrize(
    ("section", "key", "absurd"),
    [
        ("dataset.source", "train", 10**9),
        ("dataset.source", "size", 10**6),
        ("cnn.pretrain", "images", 10**9),
        ("cnn.pretrain", "held_out", 10**9),
        ("cnn.pretrain", "size", 10**6),
        ("cnn.pretrain", "epochs", 10**9),
        ("features", "crop", 10**6),
        ("features", "batch_size", 10**9),
        ("vocabulary", "max_length", 10**6),
        ("model", "text_hidden", 10**6),
        ("model", "g_channels", 10**6),
        ("training", "batch_size", 10**6),
        ("training", "val_subset", 10**9),
        ("captioning", "max_length", 10**6),
        ("pretrain_xe", "epochs", 10**9),
        ("joint", "ranking_steps_per_batch", 10**6),
        ("joint", "lr_gan", 100.0),
        ("finetune", "processes", 10**6),
        ("significance", "resamples", 10**9),
    ],
)
def test_an_absurd_value_is_refused(section, key, absurd):
    change: dict = {key: absurd}
    for part in reversed(section.split(".")):
        change = {part: change}
    with pytest.raises(GxnError, match=rf"^mine\.yaml: {section}\.{key}: must be at most "):
        configuration(change)


def test_a_batch_is_left_to_the_tokens_where_no_count_is_given():
    few = {"dataset": {"source": {"expected_counts": None}}}
    assert configuration(PHOTOGRAPHS, few).training.batch_size == 128


@pytest.mark.parametrize("expected", [None, EXPECTED | {"test": 5000}])
def test_a_protocol_is_left_to_the_evaluation_where_no_count_is_given(expected):
    counts = {"dataset": {"source": {"expected_counts": expected}}, "evaluate": {"protocols": ["5k"]}}
    assert configuration(PHOTOGRAPHS, counts).evaluate.protocols == ("5k",)


def test_no_source_but_scenes_says_how_large_its_images_are():
    assert configuration(PHOTOGRAPHS, {"features": {"crop": 4000}}).features.crop == 4000


def test_rows_set_to_null_are_none():
    trained = [name for name, row in ROWS.items() if "kind" not in row]
    assert list(configuration({"methods": {"vse0": None}}).rows) == [
        name for name in trained if name != "vse0"
    ]


def test_rows_without_a_seed_stand_apart():
    config = configuration(
        {"methods": {"clip": {"kind": "embeddings", "file": "clip.npz"}, "cca": {"kind": "cca"}}}
    )
    assert set(config.seedless) == {"cca", "clip"} and not set(config.rows) & set(config.seedless)


def test_an_encoder_that_no_row_uses_is_not_checked():
    unused = {"encoders": {"new": PARAMS["encoders"]["cosine"] | {"retrieval": {"normalise": False}}}}
    assert "new" in configuration(unused).encoders


def test_an_encoder_has_the_keys_of_all_encoders_and_its_own():
    own = {"encoders": {"order": {"retrieval": {"word_embeddings": "own"}}}}
    found = configuration(own).encoder("order").model_dump()
    entry = {key: PARAMS["encoders"]["order"][key] for key in ("similarity", "abstract_weight")}
    assert found == RETRIEVAL | entry | {"spaces": ("grounded",), "word_embeddings": "own"}


def test_the_others_keep_the_keys_of_all_encoders():
    own = {"encoders": {"order": {"retrieval": {"word_embeddings": "own"}}}}
    assert configuration(own).encoder("two_space").word_embeddings == "shared"


def test_a_row_has_the_keys_of_joint_and_its_own():
    config = configuration({"methods": {"gxn_t2i": {"joint": {"epochs": 7, "lr_decay_epoch": None}}}})
    own = config.joint_of(config.rows["gxn_t2i"]).model_dump()
    assert own == PARAMS["joint"] | {"epochs": 7, "lr_decay_epoch": None}


def test_the_other_rows_keep_joint():
    config = configuration({"methods": {"gxn_t2i": {"joint": {"epochs": 7}}}})
    assert config.joint_of(config.rows["gxn_i2t_xe"]) == config.joint


@pytest.mark.parametrize("path", ["data/raw/coco", "data/raw/resnet152.safetensors", "./data/raw/a/b.json"])
def test_the_workflow_fetches_what_is_named_under_data_raw(path):
    assert is_fetched(path)


@pytest.mark.parametrize(
    "path", ["data/rawest/coco", "data/raw", "/data/raw/coco", "../data/raw/coco", "a.json"]
)
def test_any_other_path_is_the_users(path):
    assert not is_fetched(path)


def test_the_counts_of_a_source_are_those_configured():
    counts = configuration({"dataset": {"source": {"train": 130, "test": 70}}}).dataset.source.counts()
    assert (counts.train, counts.test, counts.captions) == (130, 70, 650)


def test_expected_counts_are_those_of_photographs():
    assert configuration(PHOTOGRAPHS).dataset.source.counts() == (6000, 1000, 1000, 30_000)


def test_photographs_are_read_from_where_they_are():
    source = configuration(PHOTOGRAPHS).dataset.source
    assert (source.captions_files(), source.images_folder(), source.renders()) == (("b.json",), "a", False)


def test_scenes_have_no_files():
    source = configuration().dataset.source
    assert (source.captions_files(), source.images_folder(), source.renders()) == ((), None, True)


@pytest.mark.parametrize(
    ("change", "real"),
    [({}, True), (PHOTOGRAPHS, False), (PHOTOGRAPHS | {"labels": {"instances": ["a.json"]}}, True)],
)
def test_labels_are_true_of_scenes_and_where_coco_gives_them(change, real):
    assert configuration(change).has_real_labels == real


def test_systems_are_rows_with_seeds_that_are_not_ranked_alone():
    own = {
        "corr": {"kind": "correspondence", "encoder": "cosine"},
        "acmr": {"kind": "adversarial", "encoder": "cosine"},
    }
    config = configuration({"methods": own})
    assert set(config.systems) == {"corr", "acmr"}
    assert not set(config.systems) & {*config.rows, *config.seedless}
