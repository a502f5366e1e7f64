"""The one reader of image files: what it makes of files of every kind."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_mpl import data
from keras_mpl.data import decode

GREY = 128  # behind what is transparent


def saved(path, image, **options):
    image.save(path, **options)
    return data.read_image(path, size=8).astype(int)


def plain(color, mode="RGB"):
    return Image.new(mode, (8, 8), color)


def of_values(values, dtype=np.uint16):
    return Image.fromarray(np.asarray(values, dtype))


RAMP = np.tile(np.arange(8), (8, 1))
PICTURES = {
    "grey": (plain(70, "L"), "png", (70, 70, 70)),
    "black and white": (plain(1, "1"), "png", (255, 255, 255)),
    "RGBA, clear": (plain((9, 9, 9, 0), "RGBA"), "png", (GREY,) * 3),
    "RGBA, half": (plain((255, 0, 0, 128), "RGBA"), "webp", (191, 64, 64)),
    "grey, clear": (plain((9, 0), "LA"), "png", (GREY,) * 3),
    "CMYK": (plain((0, 255, 255, 0), "CMYK"), "tif", (255, 0, 0)),
    "16 bits": (of_values(RAMP * 0 + 30_000), "png", (117,) * 3),
    "16 bits, TIFF": (of_values(RAMP * 0 + 30_000), "tiff", (117,) * 3),
    "12 bits in 16": (of_values(RAMP * 0 + 2_048), "tif", (GREY,) * 3),
    "12 bits in 16, PNG": (of_values(RAMP * 0 + 2_048), "png", (GREY,) * 3),
    "8 bits in 16": (of_values(RAMP * 0 + 200), "png", (200,) * 3),
    "32 bits": (of_values(RAMP * 0 + 40_000, np.int32), "tif", (156,) * 3),
    "float to 1": (of_values(RAMP * 0 + 0.5, np.float32), "tif", (GREY,) * 3),
    "float to 255": (of_values(RAMP * 0 + 99.0, np.float32), "tif", (99,) * 3),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_of_any_mode_has_its_colours(tmp_path, kind):
    image, ending, expected = PICTURES[kind]
    options = {"lossless": True} if ending == "webp" else {}
    got = saved(tmp_path / f"x.{ending}", image, **options)
    assert np.abs(got - expected).max() <= 1


SPREAD = np.broadcast_to(np.round(RAMP / 7 * 255)[..., None], (8, 8, 3))
TENTHS = (RAMP / 10).astype(np.float32)
WIDE = {  # values of one channel that 16 bits, or 0 to 1, do not hold
    "int32 beyond 16 bits": (RAMP * 10_000).astype(np.int32),
    "int32 of both signs": (RAMP * 20_000 - 70_000).astype(np.int32),
    "int32 without a positive value": (RAMP * 3 - 40).astype(np.int32),
    "float to 1.4": TENTHS * 2,
    "float, far from 0": TENTHS * 100 + np.float32(273.15),
    "float, beyond 16 bits": (RAMP * 1e6).astype(np.float32),
    "float, of both signs": TENTHS - np.float32(0.35),
    "float without a positive value": TENTHS - 1,
    "float, the widest": ((RAMP - 3.5) * 9e37).astype(np.float32),
}


@pytest.mark.parametrize("kind", WIDE)
def test_wide_values_are_seen_from_the_lowest_to_the_highest(tmp_path, kind):
    got = saved(tmp_path / "x.tif", of_values(WIDE[kind], WIDE[kind].dtype))
    assert np.abs(got - SPREAD).max() <= 1


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_negative_whole_numbers_beside_others_are_black(tmp_path, dtype):
    values = RAMP * 50 - 150
    got = saved(tmp_path / "x.tif", of_values(values, dtype))
    np.testing.assert_array_equal(got[..., 0], values.clip(0))


@pytest.mark.parametrize("value", [-3, 0, 70_000, 2.5])
def test_a_wide_image_of_one_value_is_black(tmp_path, value):
    dtype = np.float32 if value == 2.5 else np.int32
    got = saved(tmp_path / "x.tif", of_values(RAMP * 0 + value, dtype))
    assert not got.any()


def test_32_bits_without_a_sign_do_not_wrap_around(tmp_path):
    path = tmp_path / "x.tif"
    of_values(RAMP * 2**29, np.uint32).save(path)
    signed, unsigned = (struct.pack("<HHIH", 339, 3, 1, i) for i in (2, 1))
    assert path.read_bytes().count(signed) == 1  # Pillow writes no other
    path.write_bytes(path.read_bytes().replace(signed, unsigned))
    got = data.read_image(path, size=8).astype(int)
    assert np.abs(got - SPREAD).max() <= 1


def of_few_bits():
    image = plain(0, "P")
    image.putpalette([250, 0, 0, 0, 0, 250])
    return image


CLEAR = {
    "RGBA": (plain((9, 200, 9, 0), "RGBA"), "PNG", {}, (GREY,) * 3),
    "RGBA, half": (
        *(plain((255, 0, 0, 128), "RGBA"), "PNG", {}),
        (192, 64, 64),
    ),
    "RGBA, opaque": (
        *(plain((9, 200, 9, 255), "RGBA"), "PNG", {}),
        (9, 200, 9),
    ),
    "grey": (plain((9, 0), "LA"), "PNG", {}, (GREY,) * 3),
    "a clear colour": (
        *(plain((9, 200, 9)), "PNG", {"transparency": (9, 200, 9)}),
        (GREY,) * 3,
    ),
    "a clear grey": (plain(9, "L"), "PNG", {"transparency": 9}, (GREY,) * 3),
    "palette": (of_few_bits(), "PNG", {"transparency": 0}, (GREY,) * 3),
    "palette, opaque": (of_few_bits(), "PNG", {}, (250, 0, 0)),
    "black and white": (plain(1, "1"), "PNG", {}, (255,) * 3),
    "16 bits": (of_values(RAMP * 0 + 30_000), "PNG", {}, (117,) * 3),
    "WebP": (
        *(plain((9, 200, 9, 0), "RGBA"), "WEBP"),
        *({"lossless": True, "exact": True}, (GREY,) * 3),
    ),
    "WebP, opaque": (
        *(plain((9, 200, 9)), "WEBP", {"lossless": True}),
        (9, 200, 9),
    ),
    "BMP with a channel that is unused": (
        *(plain((9, 200, 9, 0), "RGBA"), "BMP", {}),
        (9, 200, 9),
    ),
}


@pytest.mark.parametrize("kind", CLEAR)
def test_in_streams_what_is_clear_lies_over_grey_and_no_more(tmp_path, kind):
    image, form, options, expected = CLEAR[kind]
    path = tmp_path / "x"
    image.save(path, form, **options)
    for channels in (3, 1):
        got = data.read_image(path, size=4, is_cropped=True, channels=channels)
        grey = round(np.dot(expected, (0.299, 0.587, 0.114)))
        wanted = expected if channels == 3 else grey
        assert np.abs(got.astype(int) - wanted).max() <= 1


def test_in_graphs_what_is_clear_lies_over_grey(tmp_path):
    files = []
    for kind in CLEAR:
        image, form, options, _ = CLEAR[kind]
        image.save(tmp_path / "x", form, **options)
        files.append((tmp_path / "x").read_bytes())
    crops = tf.data.Dataset.from_tensor_slices(files).map(
        lambda file: decode.random_crop(file, (0, 1), size=2)
    )
    assert crops.element_spec.shape == (2, 2, 3)
    for got, kind in zip(crops.as_numpy_iterator(), CLEAR, strict=True):
        assert np.abs(got.astype(int) - CLEAR[kind][3]).max() <= 1, kind


def test_a_palette_with_a_clear_colour_lies_over_grey(tmp_path):
    image = plain(0, "P")
    image.putpalette([250, 0, 0, 0, 0, 250])
    image.paste(1, (0, 0, 4, 8))
    got = saved(tmp_path / "x.png", image, transparency=0)
    np.testing.assert_array_equal(got[:, 4:], np.full((8, 4, 3), GREY))
    np.testing.assert_array_equal(got[:, :4], [[[0, 0, 250]] * 4] * 8)
    got = saved(tmp_path / "x.gif", image, transparency=0)
    np.testing.assert_array_equal(got[:, 4:], np.full((8, 4, 3), GREY))


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tif"])
def test_of_an_animation_the_first_frame_is_taken(tmp_path, ending):
    frames = [plain((200, 20, 20)), plain((20, 20, 200))]
    options = {"lossless": True} if ending == "webp" else {}
    got = saved(
        tmp_path / f"x.{ending}",
        frames[0],
        save_all=True,
        append_images=frames[1:],
        **options,
    )
    assert np.abs(got - (200, 20, 20)).max() <= 2


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(tmp_path, ending, orientation):
    corners = np.asarray([[10, 80], [160, 240]], np.uint8)
    upright = np.kron(corners, np.ones((32, 32), np.uint8))
    # What a camera stores so that it is seen upright: the inverse turn.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"x.{ending}"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    got = data.read_image(path, size=64, channels=1).astype(int)
    assert np.abs(got[16::32, 16::32, 0] - corners).max() <= 6
    if ending in ("jpg", "png"):  # what streams can turn
        crop = decode.center_crop(path.read_bytes(), size=56).numpy()
        crop = crop.astype(int)[12::32, 12::32, 0]
        assert np.abs(crop - corners).max() <= 6


def test_the_middle_square_is_that_of_the_upright_image(tmp_path):
    lying = np.zeros((20, 60), np.uint8)
    lying[:, 20:40] = np.linspace(0, 255, 20)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(lying).save(tmp_path / "x.png", exif=exif)
    got = data.read_image(tmp_path / "x.png", size=20, channels=1)[..., 0]
    np.testing.assert_array_equal(got, np.rot90(lying[:, 20:40], -1))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_data_say_nothing(tmp_path):
    path = tmp_path / "x.jpg"
    plain((9, 200, 9)).save(path, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert data.read_image(path, size=4)[0, 0, 1] > 190


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colours_of_12_bits_in_16_are_not_black(tmp_path, mode):
    values = {"RGB": (2048, 1024, 512), "RGBA": (2048, 1024, 512, 65535)}
    content = png(4, 4, values.get(mode, (2048, 65535)))
    (tmp_path / "x.png").write_bytes(content)
    got = data.read_image(tmp_path / "x.png", size=4)
    expected = (128, 64, 32) if mode != "LA" else (128, 128, 128)
    np.testing.assert_array_equal(got, np.broadcast_to(expected, (4, 4, 3)))


def chunk(kind, content):
    checked = zlib.crc32(kind + content)
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + (struct.pack(">I", checked))
    )


def png(width, height, values, bits=16):
    """Writes a PNG of one colour by hand, of bits that Pillow writes not."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[len(values)]
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    packed = struct.pack(f">{len(values)}H", *values)
    row = b"\x00" + (packed * width if bits == 16 else bytes(width // 8))
    packer = zlib.compressobj(9)
    rows = b"".join([packer.compress(row) for _ in range(height)])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", rows + packer.flush())
        + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="module", name="bomb")
def fixture_bomb():
    return png(30_000, 30_000, (0,), bits=1)


def test_a_bomb_is_refused_by_name_before_it_is_decoded(
    tmp_path, bomb, monkeypatch
):
    (tmp_path / "bomb.png").write_bytes(bomb)
    assert len(bomb) < 120_000
    for limit in (Image.MAX_IMAGE_PIXELS, None):  # a program may lift Pillow's
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(ValueError, match=r"bomb\.png .*pixels") as caught:
            data.read_image(tmp_path / "bomb.png", size=8)
        assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_in_streams(bomb):
    for crop in (
        lambda: decode.center_crop(bomb, size=8),
        lambda: decode.random_crop(bomb, (0, 1), size=8),
    ):
        with pytest.raises(Exception, match="at most 178,956,970 pixels"):
            crop()


def content_of(kind, size=(40, 40)):
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (*size, 3), "uint8")
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


BROKEN = {
    "empty": (b"", "the file is empty"),
    "text": (b"hello", "no image"),
    "zeros": (bytes(5000), "no image"),
    "HTML": (b"<!DOCTYPE html><html>404</html>", "no image"),
    "half a JPEG": (content_of("JPEG")[:700], "truncated"),
    "half a PNG": (content_of("PNG")[:2000], "."),
    "half a TIFF": (content_of("TIFF")[:2000], "."),
    "half a GIF": (content_of("GIF")[:900], "."),
    "half a BMP": (content_of("BMP")[:2000], "."),
    "half a WebP": (content_of("WEBP")[:300], "."),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_whole_image_is_refused_by_name(tmp_path, kind):
    content, reason = BROKEN[kind]
    path = tmp_path / "bro\nken.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bro\\nken\.png \(.*" + reason) as it:
        data.read_image(path, size=8)
    assert "\n" not in str(it.value)


def test_values_that_are_not_finite_are_refused(tmp_path):
    of_values(np.full((4, 4), np.nan), np.float32).save(tmp_path / "x.tif")
    with pytest.raises(ValueError, match=r"x\.tif \(values that are not finit"):
        data.read_image(tmp_path / "x.tif", size=4)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe.png")
    for path, reason in (
        (tmp_path / "pipe.png", "no regular file"),
        (tmp_path, "no regular file"),
        (tmp_path / "none.png", "no such file"),
    ):
        with pytest.raises(ValueError, match=reason):
            data.read_image(path, size=4)


def test_the_reader_of_folders_is_the_same_one(tmp_path):
    for i, kind in enumerate(("jpg", "png", "gif")):
        pixels = np.random.default_rng(i).integers(0, 255, (31, 50, 3), "uint8")
        Image.fromarray(pixels).save(tmp_path / f"{i}.{kind}")
    read = data.read_images(data.find_files(tmp_path, is_labeled=False), size=9)
    for path, image in zip(read.paths, read.images, strict=True):
        np.testing.assert_array_equal(data.read_image(path, size=9), image)
