"""Captions come in from every layout that the documentation shows, and what is wrong is named with its place."""

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from gxn.datasets.layouts import find_captions, layout_of, layouts, read_captions_file, split_of_path
from gxn.datasets.layouts._rows import Row, outline
from gxn.errors import GxnError

BOM = "\ufeff"
TWO = [("1.jpg", "A dog runs."), ("1.jpg", "A brown dog."), ("2.jpg", "A cat sleeps.")]
COCO = {
    "info": {},
    "images": [{"id": 7, "file_name": "1.jpg"}, {"id": 3, "file_name": "2.jpg"}],
    "annotations": [
        {"id": 0, "image_id": 7, "caption": "A dog runs."},
        {"id": 2, "image_id": 3, "caption": "A cat sleeps."},
        {"id": 1, "image_id": 7, "caption": "A brown dog."},
    ],
}
KARPATHY = {
    "images": [
        {"filename": "1.jpg", "sentences": [{"raw": "A dog runs."}, {"raw": "A brown dog."}]},
        {"filename": "2.jpg", "sentences": [{"raw": "A cat sleeps."}]},
    ]
}
# layout and text of a file that holds TWO
RIGHT = {
    "captions.json": ("karpathy", json.dumps(KARPATHY)),
    "coco.json": ("coco", json.dumps(COCO)),
    "coco_annotations_first.json": ("coco", json.dumps(dict(reversed(COCO.items())), indent=2)),
    "kaggle.txt": ("table", "image,caption\n1.jpg,A dog runs.\n1.jpg,A brown dog.\n2.jpg,A cat sleeps.\n"),
    "bom_crlf.csv": (
        "table",
        f'{BOM}Image , Caption\r\n1.jpg,"A dog runs."\r\n1.jpg,"A brown dog."\r\n\r\n2.jpg,A cat sleeps.\r\n',
    ),
    "tabs.tsv": ("table", "caption\tfilename\nA dog runs.\t1.jpg\nA brown dog.\t1.jpg\nA cat sleeps.\t2.jpg"),
    "flickr30k_results.csv": (
        "table",
        "image_name| comment_number| comment\n"
        "1.jpg| 0| A dog runs.\n1.jpg| 1| A brown dog.\n2.jpg| 0| A cat sleeps.\n",
    ),
    "semicolons.csv": ("table", "path;text\n1.jpg;A dog runs.\n1.jpg;A brown dog.\n2.jpg;A cat sleeps.\n"),
    "backslashes.csv": (
        "table",
        "image,caption\nC:\\me\\1.jpg,A dog runs.\n.\\1.jpg,A brown dog.\n2.jpg,A cat sleeps.\n",
    ),
    "flickr.token": (
        "flickr_tokens",
        "1.jpg#0\tA dog runs.\r\n1.jpg#1\tA brown dog.\r\n2.jpg#0\tA cat sleeps.\r\n",
    ),
    "plain_tabs.txt": ("flickr_tokens", "1.jpg\tA dog runs.\n1.jpg\tA brown dog.\n2.jpg\tA cat sleeps.\n"),
    "metadata.jsonl": (
        "json_lines",
        '{"file_name": "1.jpg", "text": ["A dog runs.", "A brown dog."]}\n\n'
        '{"file_name": "2.jpg", "text": "A cat sleeps."}',
    ),
    "by_name.json": ("by_name", '{"1.jpg": ["A dog runs.", "A brown dog."], "2.jpg": "A cat sleeps."}'),
    "without_suffix.json": ("by_name", '{"1": ["A dog runs.", "A brown dog."], "2": ["A cat sleeps."]}'),
    "pairs.json": (
        "pairs",
        BOM + '[{"image": "val/1.jpg", "caption": ["A dog runs.", "A brown dog."], "image_id": "coco_9"},\n'
        '{"image": "2.jpg", "caption": "A cat sleeps."}]',
    ),
    "wide.csv": (
        "table",
        "caption_1,caption_2,image\nA dog runs.,A brown dog.,1.jpg\nA cat sleeps.,A cat sleeps.,2.jpg\n",
    ),
}  # fmt: skip


def pictures(folder: Path, *names: str) -> Path:
    """Empty files with the names of pictures."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


@pytest.fixture
def images(tmp_path):
    return pictures(tmp_path / "images", "1.jpg", "deep/er/2.jpg")


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("name", RIGHT)
def test_every_layout_is_recognised_by_content_and_read(name, tmp_path, images):
    layout, text = RIGHT[name]
    path = written(tmp_path, name, text)
    head = path.read_bytes()
    assert [key for key, each in layouts().items() if each.recognise(path, head)] == [layout]
    found = read_captions_file(path, images)
    wanted = [(image.replace("2.jpg", "deep/er/2.jpg"), caption) for image, caption in TWO]
    wanted += wanted[-1:] if name == "wide.csv" else []
    assert [(row.image, row.text) for row in found.rows] == wanted
    assert found.layouts == [layouts()[layout].NAME]
    assert found.missing == [] and found.uncaptioned == 0


def test_the_example_of_every_layout_is_read_by_that_layout_alone(tmp_path):
    for name, layout in layouts().items():
        if name in ("beside", "precomp"):  # folders
            continue
        path = written(tmp_path, "example", layout.EXAMPLE)
        head = path.read_bytes()
        assert [key for key, each in layouts().items() if each.recognise(path, head)] == [name]
        assert [row.image for row in layout.read(path)][:1] == ["1.jpg"]


def test_a_text_file_beside_each_picture(tmp_path):
    folder = pictures(tmp_path, "a/1.jpg", "a/2.PNG", "._1.jpg", "a/alone.jpg")
    written(folder, "a/1.txt", f"{BOM}A dog runs.\r\n\r\nA brown dog.\r\n")
    written(folder, "a/2.txt", "A cat\u2028sleeps.")
    written(folder, "readme.txt", "These are mine.")
    written(folder, "._1.txt", b"\xff\x00")
    found = read_captions_file(folder, folder)
    wanted = [("a/1.jpg", "A dog runs."), ("a/1.jpg", "A brown dog."), ("a/2.PNG", "A cat\u2028sleeps.")]
    assert [(row.image, row.text) for row in found.rows] == wanted
    assert found.uncaptioned == 1


def test_text_files_in_a_folder_of_their_own_name_pictures_in_another(tmp_path):
    images = pictures(tmp_path / "images", "001/x.jpg", "002/x.jpg")
    (tmp_path / "text/001").mkdir(parents=True)
    (tmp_path / "text/002").mkdir()
    written(tmp_path, "text/001/x.txt", "A bird.")
    written(tmp_path, "text/002/x.txt", "A fish.")
    found = read_captions_file(tmp_path / "text", images)
    assert [(row.image, row.text) for row in found.rows] == [
        ("001/x.jpg", "A bird."),
        ("002/x.jpg", "A fish."),
    ]


def test_a_precomp_folder_has_captions_with_splits_and_is_no_other_layout(tmp_path):
    for split in ("train", "dev", "test"):
        np.save(tmp_path / f"{split}_ims.npy", np.random.default_rng(0).standard_normal((2, 3)))
        written(tmp_path, f"{split}_caps.txt", "One.\nTwo.\nThree.\nFour.\n")
    assert [key for key, each in layouts().items() if each.recognise(tmp_path, b"")] == ["precomp"]
    assert find_captions(tmp_path) == [tmp_path]
    rows = read_captions_file(tmp_path, None).rows
    assert rows[:3] == [
        Row("dev_0", "One.", "dev"),
        Row("dev_0", "Two.", "dev"),
        Row("dev_1", "Three.", "dev"),
    ]


def test_ids_splits_and_tokens_are_kept(tmp_path):
    image = {"filename": "1.jpg", "filepath": "train", "imgid": 4, "split": "restval", "sentids": [9]}
    image["sentences"] = [{"raw": "A dog.", "tokens": ["a", "dog"], "imgid": 4, "sentid": 9}]
    path = written(tmp_path, "x.json", json.dumps({"images": [image]}))
    assert read_captions_file(path, None).rows == [
        Row("train/1.jpg", "A dog.", "restval", 4, 9, ["a", "dog"])
    ]
    path = written(
        tmp_path, "x.csv", "image,caption,split,imgid,sentid\n1.jpg,A dog., dev ,4,9\n2.jpg,A cat.,,,\n"
    )
    wanted = [Row("1.jpg", "A dog.", "dev", 4, 9), Row("2.jpg", "A cat.")]
    assert read_captions_file(path, None).rows == wanted
    path = written(tmp_path, "coco.json", json.dumps(COCO))
    assert [(row.imgid, row.sentid) for row in read_captions_file(path, None).rows] == [
        (7, 0),
        (7, 1),
        (3, 2),
    ]


def test_several_files_give_the_split_that_their_names_tell(tmp_path):
    val = {"images": [{"id": 8, "file_name": "3.jpg"}]}
    val["annotations"] = [{"id": 0, "image_id": 8, "caption": "A bus."}]
    paths = [
        written(tmp_path, "captions_train2014.json", json.dumps(COCO)),
        written(tmp_path, "captions_val2014.json", json.dumps(val)),
    ]
    rows = read_captions_file(paths, None).rows
    assert [row.split for row in rows] == ["train", "train", "train", "val"]
    assert [row.imgid for row in rows] == [7, 7, 3, 8]
    assert read_captions_file(paths[:1], None).rows[0].split is None  # one file does not part anything


def test_ids_that_count_anew_in_every_file_are_dropped(tmp_path):
    paths = [
        written(tmp_path, f"{name}.csv", f"image,caption,imgid\n{name}.jpg,A dog.,0\n")
        for name in ("train", "test")
    ]
    assert [row.imgid for row in read_captions_file(paths, None).rows] == [None, None]


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("captions_train2014.json", "train"),
        ("a/validation.csv", "val"),
        ("dev/metadata.jsonl", "val"),
        ("trained.csv", None),
        ("train_and_test.csv", None),
        ("test/all_train.csv", "train"),
    ],
)
def test_splits_in_names(path, split):
    assert split_of_path(Path("/data") / path) == split


def test_names_under_either_unicode_normalisation_are_found(tmp_path):
    composed, parted = (unicodedata.normalize(form, "café.jpg") for form in ("NFC", "NFD"))
    assert composed != parted
    images = pictures(tmp_path / "images", f"sub/{parted}")
    path = written(tmp_path, "x.csv", f"image,caption\n{composed},A dog.\n")
    assert read_captions_file(path, images).rows[0].image == f"sub/{parted}"


def test_of_images_with_one_name_the_one_in_the_named_folder_is_taken(tmp_path):
    images = pictures(tmp_path, "train/a/1.jpg", "test/a/1.jpg", "1.jpg", "x/2.jpg", "y/2.jpg")
    for name, wanted in (
        ("1.jpg", "1.jpg"),
        ("test/a/1.jpg", "test/a/1.jpg"),
        ("/home/me/train/a/1.jpg", "train/a/1.jpg"),
        ("/old/y/2.jpg", "y/2.jpg"),
    ):
        path = written(tmp_path, "x.csv", f"image,caption\n{name},A dog.\n")
        assert read_captions_file(path, images).rows[0].image == wanted
    path = written(tmp_path, "x.csv", "image,caption\n2.jpg,A dog.\n")
    with pytest.raises(GxnError, match=r"'2.jpg' can be 'x/2.jpg' or 'y/2.jpg'; give it with its folder"):
        read_captions_file(path, images)
    path = written(tmp_path, "x/metadata.jsonl", '{"file_name": "2.jpg", "text": "A dog."}')
    assert read_captions_file(path, images).rows[0].image == "x/2.jpg"  # that beside the file


def test_missing_images_are_all_counted_and_the_first_named(tmp_path, images):
    os.mkfifo(images / "3.jpg")
    os.symlink("4.jpg", images / "4.jpg")
    names = ["1.jpg", "3.jpg", "4.jpg", *(f"{at}.jpg" for at in range(10, 22)), "../1.png"]
    path = written(tmp_path, "x.csv", "image,caption\n" + "".join(f"{name},A dog.\n" for name in names))
    with pytest.raises(GxnError) as caught:
        read_captions_file(path, images)
    lines = str(caught.value).splitlines()
    assert [line.rpartition(": ")[2] for line in lines[:3]] == ["is not a regular file"] * 2 + ["is missing"]
    assert lines[10] == "and 5 more"
    assert lines[11].startswith(
        "15 of 16 images are missing; add them, or set dataset.source.missing_images: skip"
    )
    found = read_captions_file(path, images, missing="skip")
    assert len(found.rows) == 1 and len(found.missing) == 15


def test_links_out_of_the_folder_are_named(tmp_path, images):
    outside = tmp_path / "outside"
    outside.mkdir()
    (images / "1.jpg").rename(outside / "1.jpg")
    (images / "1.jpg").symlink_to(outside / "1.jpg")
    (images / "more").symlink_to(outside)
    for name in ("1.jpg", "more/1.jpg"):
        path = written(tmp_path, "x.csv", f"image,caption\n{name},A dog.\n")
        with pytest.raises(GxnError, match=rf"{name}: is a link that leads out of the folder of images"):
            read_captions_file(path, images)


FIRST = "image,caption\n"
# text of a file, and what is said of it
WRONG = {
    "no layout": ("Dear diary,\ntoday I saw a dog.\n", "has none of the known layouts. Captions can be"),
    "no header": ("1.jpg,A dog runs.\n", "has none of the known layouts"),
    "JSON without captions": ('{"a": {"b": 1}}', "has none of the known layouts"),
    "an empty file": (f"{BOM} \r\n", "is empty"),
    "a cut JSON": ('{"1.jpg": ["A dog."], "2.jpg": ["A ca', "is not JSON"),
    "a binary": (b"\x89PNG\r\n\x1a\n\0\0", "byte 0x89 is not UTF-8"),
    "Latin-1": (FIRST.encode() + "1.jpg,Un café.\n".encode("latin-1"), "line 2: byte 0xe9 is not UTF-8"),
    "UTF-16": ((FIRST + "1.jpg,A dog.\n").encode("utf-16"), "is UTF-16; save it as UTF-8"),
    "an unquoted comma": (FIRST + "1.jpg,A dog.\n2.jpg,A dog, a cat\n", "line 3: has 3 fields, the header 2"),
    "a header cut by a CR": ("image,\rcaption\n1.jpg,A dog.\n", "the first line names no columns"),
    "a field too few": ("image|no|caption\n1.jpg|0|A dog.\n2.jpg| 4 A.\n", "line 3: has 2 fields, the header 3"),
    "a stray quote": (FIRST + '1.jpg,A dog.\n2.jpg,"Stop" sign\n', "line 3: a quoted field does not end"),
    "an open quote": (FIRST + '1.jpg,"A dog.\n2.jpg,A cat.\n', "line 2: a quoted field does not end"),
    "a column twice": ("image,caption,caption\n1.jpg,A,B\n", "names a column twice"),
    "an empty caption": (FIRST + "1.jpg,A dog.\n2.jpg,  \n", "line 3: caption: is empty"),
    "an empty name": (FIRST + ",A dog.\n", "line 2: image: is empty"),
    "no row": (FIRST, "contains no captions"),
    "a line without a tab": ("1.jpg#0\tA dog.\n1.jpg#1 A cat.\n", "line 2: has no tab"),
    "a token line without text": ("1.jpg#0\tA dog.\n1.jpg#1\t \n", "line 2: caption: is empty"),
    "a broken JSON line": ('{"image": "1.jpg", "text": "A"}\n{"image": "2.jpg"\n', "line 2: is not JSON"),
    "a JSON line without text": ('{"image": "1.jpg", "text": "A"}\n{"image": "2.jpg"}\n', "line 2: must be an"),
    "a caption that is a number": ('[{"image": "1.jpg", "caption": 5}]', "[0]: caption: must be text, not 5"),
    "no caption in a list": ('[{"image": "1.jpg", "caption": []}]', "[0]: caption: is empty"),
    "a list of other things": ('[{"image": "1.jpg", "caption": "A"}, 7]', "[1]: must be an object"),
    "an image named twice": ('{"1.jpg": ["A"], "2.jpg": ["B"], "1.jpg": ["C"]}', "the key '1.jpg' is given twice"),
    "a caption of null": ('{"1.jpg": ["A"], "2.jpg": [null]}', "'2.jpg': caption: must be text, not null"),
    "a split twice in one line": (
        '{"image": "1.jpg", "text": "A", "split": "train", "split": "test"}',
        "line 1: the key 'split' is given twice",
    ),
    "half a surrogate pair": ('[{"image": "1.jpg", "caption": "\\ud83d"}]', "half of a surrogate pair"),
    "COCO's instances": (
        json.dumps(COCO | {"annotations": [{"id": 1, "image_id": 7, "bbox": [0, 0, 1, 1]}]}),
        "annotations[0]: has no 'caption'; give captions_*.json",
    ),
    "COCO's captions of no image": (
        json.dumps(COCO | {"annotations": [{"id": 1, "image_id": 5, "caption": "A dog."}]}),
        "annotations[0]: image_id: 5 is not the id of an image",
    ),
    "one id for two COCO images": (
        json.dumps(COCO | {"images": [{"id": 7, "file_name": "1.jpg"}, {"id": 7, "file_name": "2.jpg"}]}),
        "images[1]: id: 7 is given to two images",
    ),
    "Karpathy without sentences": (json.dumps({"images": [{"filename": "1.jpg"}]}), "[0] (1.jpg): sentences"),
    "Karpathy without a name": (
        json.dumps({"images": [{"sentences": [{"raw": "A"}]}]}),
        "images[0]: filename: must be text",
    ),
    "Karpathy with another's id": (
        json.dumps({"images": [{"filename": "1.jpg", "imgid": 1, "sentences": [{"raw": "A", "imgid": 2}]}]}),
        "sentences[0]: imgid: 2 is not the imgid of its image, 1",
    ),
    "Karpathy without words": (
        json.dumps({"images": [{"filename": "1.jpg", "sentences": [{"raw": "A", "tokens": []}]}]}),
        "tokens: is empty; remove the key",
    ),
    "a book": (FIRST + f"1.jpg,{'word ' * 2001}\n", "line 2: caption: has 10005 characters, of at most 10000"),
    "deep JSON": ("[" * 100_000, "has none of the known layouts|is not JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_its_place(name, tmp_path, images):
    text, message = WRONG[name]
    path = written(tmp_path, "mine.txt", text)
    with pytest.raises(GxnError) as caught:
        read_captions_file(path, images)
    assert any(each in str(caught.value) for each in message.split("|"))
    assert str(caught.value).startswith(str(path))


def test_the_refusal_shows_an_example_of_every_layout(tmp_path):
    with pytest.raises(GxnError) as caught:
        layout_of(written(tmp_path, "x.txt", "Dear diary"))
    for layout in layouts().values():
        assert layout.NAME in str(caught.value) and layout.EXAMPLE.strip() in str(caught.value)


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    os.symlink("loop.csv", tmp_path / "loop.csv")
    (tmp_path / "nothing").mkdir()
    for path, message in (
        (tmp_path / "pipe.csv", "is a pipe, a socket or a device"),
        (Path("/dev/zero"), "is a pipe, a socket or a device"),
        (tmp_path / "loop.csv", "cannot be read"),
        (tmp_path / "absent.csv", "there is no such caption file"),
        (tmp_path / "nothing", "has none of the known layouts"),
    ):
        with pytest.raises(GxnError, match=message):
            read_captions_file(path, None)


def test_quotes_of_captions_with_bars_or_tabs_are_text_unless_they_enclose_a_field(tmp_path):
    path = written(
        tmp_path, "x.csv", 'image|caption\n1.jpg|"Stop" sign\n2.jpg|"A dog | a ""big"" cat"\n3.jpg|5" long\n'
    )
    found = [row.text for row in read_captions_file(path, None).rows]
    assert found == ['"Stop" sign', 'A dog | a "big" cat', '5" long']


def test_a_quoted_field_of_csv_may_hold_commas_and_line_breaks(tmp_path):
    path = written(tmp_path, "x.csv", 'image,caption\r\n1.jpg,"A dog,\r\nrunning"\r\n2.jpg,\n')
    with pytest.raises(GxnError, match=r"line 4: caption: is empty"):
        read_captions_file(path, None)
    written(tmp_path, "x.csv", 'image,caption\r\n1.jpg,"A dog,\r\nrunning"\r\n')
    assert read_captions_file(path, None).rows[0].text == "A dog,\r\nrunning"


def test_images_of_a_wide_table_may_have_different_numbers_of_captions(tmp_path):
    path = written(tmp_path, "x.csv", "image,caption,caption 2\n1.jpg,A dog.,A cat.\n2.jpg,A bus.,\n")
    assert [row.text for row in read_captions_file(path, None).rows] == ["A dog.", "A cat.", "A bus."]
    path = written(tmp_path, "x.csv", "image,caption,caption 2\n1.jpg,A dog.,A cat.\n2.jpg,,\n")
    with pytest.raises(GxnError, match="line 3: caption: is empty; every image needs a caption"):
        read_captions_file(path, None)


def test_captions_are_found_in_a_folder_by_content(tmp_path):
    images = pictures(tmp_path / "my", "a/1.jpg", "a/2.jpg", "3.jpg")
    with pytest.raises(GxnError, match="contains no captions"):
        find_captions(images)
    written(images, "a/1.txt", "A dog.")
    written(images, "notes.txt", "Mine.")
    assert find_captions(images) == [images]
    table = written(images, "mine.csv", "image,caption\n1.jpg,A dog.\n")
    assert find_captions(images) == [table]
    written(images, "other.csv", "image,caption\n1.jpg,A dog.\n")
    with pytest.raises(GxnError, match=r"several files contain captions: mine.csv, other.csv; name one"):
        find_captions(images)
    coco = pictures(tmp_path / "coco", "val2014/1.jpg")
    (coco / "annotations").mkdir()
    for name in ("captions_train2014", "captions_val2014", "instances_val2014"):
        written(coco, f"annotations/{name}.json", json.dumps(COCO))
    assert [path.stem for path in find_captions(coco)] == ["captions_train2014", "captions_val2014"]


@pytest.mark.parametrize("size", range(1, 140, 3))
def test_the_outline_of_a_cut_json_is_its_beginning(size):
    value = {"a": ["x, ]y", {"b": 'q"uo,te', "c": []}], "d": {"e": 1, "f": "é"}, "g": [1, 2]}
    text = json.dumps(value, ensure_ascii=False) + " "
    cut = outline(text.encode()[:size])
    if size >= len(text.encode()):
        assert cut == value
    elif cut is not None:
        assert list(cut) == list(value)[: len(cut)]
        *whole, last = cut
        assert all(cut[key] == value[key] for key in whole) or not whole
        assert type(cut[last]) is type(value[last])


def test_karpathys_file_of_flickr8k_gives_what_it_holds(realdata):
    path = realdata / "flickr8k/dataset_flickr8k.json"
    found = read_captions_file(path, realdata / "flickr8k/images")
    images = json.loads(path.read_text())["images"]
    assert len(found.rows) == 40_000 and found.uncaptioned == 0
    assert [row.sentid for row in found.rows] == [id for image in images for id in image["sentids"]]
    assert found.rows[-1].tokens == images[-1]["sentences"][-1]["tokens"]
