"""Photographs are read as RGB, or refused by name."""

import os
import struct
import threading

import numpy as np
import pytest
from PIL import Image, ImageOps

from gxn.datasets.captions import Record
from gxn.datasets.images import centre_crop, open_images, prefetch, resize_shorter
from gxn.errors import GxnError
from gxn.hdf5 import create_hdf5


def record(filename: str, imgid: int = 5, truncated: bool = False) -> Record:
    return Record(filename, imgid, "train", (), truncated)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


@pytest.fixture
def packed(tmp_path, noise):
    with create_hdf5(tmp_path / "images.h5", {}) as file:
        file["images"] = np.stack([noise, 255 - noise])
        file["imgid"] = np.array([9, 4])
    return tmp_path / "images.h5"


def test_every_colour_mode_becomes_rgb(tmp_path, noise):
    picture = Image.fromarray(noise)
    for mode in ("RGB", "L", "P", "RGBA", "CMYK", "1", "LA"):
        name = f"{mode}.{'tiff' if mode == 'CMYK' else 'png'}"
        picture.convert(mode).save(tmp_path / name)
        pixels = open_images(tmp_path).read(record(name))
        assert pixels.shape == (30, 40, 3) and pixels.dtype == np.uint8, mode
    assert (open_images(tmp_path).read(record("RGB.png")) == noise).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_more_than_eight_bits_a_channel_are_refused(tmp_path, noise, dtype):
    Image.fromarray(noise[..., 0].astype(dtype) * 200).save(tmp_path / "a.tiff")
    with pytest.raises(
        GxnError, match=r"a\.tiff: image 5 cannot be read: has .* convert it to 8 bits a channel$"
    ):
        open_images(tmp_path).read(record("a.tiff"))


@pytest.mark.parametrize("error", [RuntimeError, NotImplementedError])
def test_whatever_a_decoder_raises_is_said_by_name(tmp_path, noise, monkeypatch, error):
    """Pillow raises the one for a damaged AVIF, the other for some DDS."""

    def fail(_content, formats):
        raise error("no such decoder")

    Image.fromarray(noise).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(GxnError, match=r"a\.png: image 5 cannot be read: no such decoder"):
        open_images(tmp_path).read(record("a.png"))


def test_a_photograph_is_turned_upright(tmp_path, noise):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    Image.fromarray(noise).save(tmp_path / "a.png", exif=exif)
    assert (open_images(tmp_path).read(record("a.png")) == np.rot90(noise, -1)).all()


def test_truncated_and_foreign_files_are_refused_by_name(tmp_path, noise):
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) * 9 // 10])
    (tmp_path / "text.jpg").write_text("<html>not found</html>")
    (tmp_path / "empty.jpg").write_bytes(b"")
    source = open_images(tmp_path)
    for name in ("cut.jpg", "text.jpg", "empty.jpg"):
        with pytest.raises(GxnError, match=f"{name}: image 5 cannot be read"):
            source.read(record(name))
    with pytest.raises(GxnError, match=r"none.jpg: image 5 is missing"):
        source.read(record("none.jpg"))
    with pytest.raises(GxnError, match=r"is not an image \(JPEG, PNG"):
        source.read(record("text.jpg"))
    kept = source.read(record("cut.jpg", truncated=True))
    whole = source.read(record("whole.jpg"))
    assert (kept[:8] == whole[:8]).all() and not (kept == whole).all()


@pytest.mark.filterwarnings("ignore:Truncated File Read")
def test_damaged_bytes_never_raise_anything_else(tmp_path, noise):
    generator = np.random.default_rng(1)
    for kind in ("jpg", "png", "gif", "webp", "tiff"):
        Image.fromarray(noise).save(tmp_path / f"whole.{kind}")
        data = np.frombuffer((tmp_path / f"whole.{kind}").read_bytes(), np.uint8)
        for _ in range(40):
            damaged = data.copy()
            damaged[generator.integers(0, min(len(data), 400), 4)] = generator.integers(0, 256, 4)
            (tmp_path / f"bad.{kind}").write_bytes(damaged.tobytes())
            try:
                open_images(tmp_path).read(record(f"bad.{kind}"))
            except GxnError as error:
                assert f"bad.{kind}" in str(error)


def test_a_name_with_backslashes_is_refused(tmp_path):
    with pytest.raises(GxnError, match=r"filename 'sub\\\\a\.png': separate folders by /"):
        open_images(tmp_path).read(record("sub\\a.png"))


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "a/../../b.png", "", "a\0.png"])
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path, name):
    (tmp_path / "images").mkdir()
    with pytest.raises(GxnError, match="leads out of the folder"):
        open_images(tmp_path / "images").read(record(name))


def test_packed_images_are_found_by_id(packed, noise):
    source = open_images(packed)
    assert (source.read(record("x", 9)) == noise).all()
    assert (source.read(record("x", 4)) == 255 - noise).all()
    with pytest.raises(GxnError, match=r"images.h5: imgid 5 \(x\) is missing"):
        source.read(record("x", 5))


def test_missing_or_wrong_sources_are_refused(tmp_path):
    with pytest.raises(GxnError, match="no such folder"):
        open_images(tmp_path / "none")
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(GxnError, match=r"a.txt: is not an HDF5 file"):
        open_images(tmp_path / "a.txt")
    with create_hdf5(tmp_path / "floats.h5", {}) as file:
        file["images"], file["imgid"] = np.zeros((2, 4, 4, 3)), np.arange(2)
    with pytest.raises(GxnError, match="of uint8 in 4 dimensions"):
        open_images(tmp_path / "floats.h5")


def test_results_come_in_order_and_not_all_at_once():
    started = []
    release = threading.Event()

    def call(item: int) -> int:
        started.append(item)
        if item == 0:
            release.wait(5)
        return -item

    results = prefetch(call, range(100), workers=3, depth=6)
    threading.Timer(0.05, release.set).start()
    assert next(results) == 0
    assert len(started) <= 8
    assert list(results) == [-item for item in range(1, 100)]


def test_an_error_is_raised_at_its_place():
    def call(item: int) -> int:
        if item == 3:
            raise GxnError("third")
        return item

    results = prefetch(call, range(1000), workers=2, depth=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(GxnError, match="third"):
        next(results)


def test_resize_keeps_the_aspect_and_crop_is_central(noise):
    assert resize_shorter(noise, 15).shape == (15, 20, 3)
    assert resize_shorter(noise, 30) is noise
    assert (centre_crop(noise, 10) == noise[10:20, 15:25]).all()


def test_the_ends_of_a_very_long_image_are_left_out():
    """Resized whole, 3 x 6,000 pixels would become 256 x 512,000."""
    long = np.zeros((3, 6000, 3), np.uint8)
    long[:, 3000:] = 255
    found = resize_shorter(long, 256)
    assert found.shape == (256, 32 * 256, 3)
    assert (found[:, 0] == 0).all() and (found[:, -1] == 255).all()
    assert resize_shorter(long.transpose(1, 0, 2), 256).shape == (32 * 256, 256, 3)


def test_a_file_that_another_program_would_interpret_is_not_opened(tmp_path):
    """Pillow starts Ghostscript for PostScript, whatever the file is called."""
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    for look in (open_images(tmp_path).read, open_images(tmp_path).size):
        with pytest.raises(GxnError, match=r"a\.jpg: image 5 cannot be read: is not an image"):
            look(record("a.jpg"))


def test_a_pipe_a_device_and_a_loop_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    for name, said in (
        ("pipe", "is a pipe"),
        ("zero", "leads out of the folder"),
        ("loop", "symbolic links"),
    ):
        for look in (open_images(tmp_path).read, open_images(tmp_path).size):
            with pytest.raises(GxnError, match=rf"{name}\.jpg: .*{said}"):
                look(record(f"{name}.jpg"))


def test_links_are_followed_only_inside_the_folder(tmp_path):
    folder, linked = tmp_path / "photos", tmp_path / "linked"
    (folder / "deep").mkdir(parents=True)
    for path in (tmp_path / "private.jpg", folder / "deep/a.jpg"):
        Image.new("RGB", (5, 4)).save(path)
    (folder / "b.jpg").symlink_to("deep/a.jpg")
    (folder / "c.jpg").symlink_to(tmp_path / "private.jpg")
    (folder / "up").symlink_to("..")
    linked.symlink_to(folder)  # the folder itself may be a link
    for source in map(open_images, (folder, linked)):
        assert source.read(record("b.jpg")).shape == (4, 5, 3)
        for name in ("c.jpg", "up/private.jpg"):
            for look in (source.read, source.size, lambda one, at=source: at.identity([one])):
                with pytest.raises(
                    GxnError, match=rf"{name}: is a link that leads out of the folder of images"
                ):
                    look(record(name))


def exif(*tags: tuple[int, int, int, bytes], rest: bytes = b"") -> bytes:
    """An EXIF block of tags (number, type, count, value or offset) and what the offsets lead to."""
    entries = b"".join(struct.pack("<HHI", *tag[:3]) + tag[3].ljust(4, b"\0") for tag in tags)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + rest


TURNED = (0x0112, 3, 1, b"\6")
ODD = {
    "a ratio of -1 and 0": exif(
        TURNED, (0x011A, 10, 1, struct.pack("<I", 38)), rest=struct.pack("<ii", -1, 0)
    ),
    "a width in letters": exif((0x0100, 2, 4, b"abc\0"), TURNED),
}


@pytest.mark.parametrize("name", ODD)
def test_of_exif_the_orientation_alone_is_read(tmp_path, noise, name):
    Image.fromarray(noise).save(tmp_path / "plain.jpg")
    Image.fromarray(noise).save(tmp_path / "odd.jpg", exif=ODD[name])
    source = open_images(tmp_path)
    turned = np.rot90(source.read(record("plain.jpg")), -1)
    assert np.array_equal(source.read(record("odd.jpg")), turned)


@pytest.mark.parametrize("orientation", range(10))
def test_images_are_turned_as_pillow_turns_them(tmp_path, noise, orientation):
    Image.fromarray(noise).save(tmp_path / "a.jpg", exif=exif((0x0112, 3, 1, bytes([orientation]))))
    with Image.open(tmp_path / "a.jpg") as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(open_images(tmp_path).read(record("a.jpg")), expected)
