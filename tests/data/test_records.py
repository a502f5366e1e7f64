"""Streams of records are functions of (seed, step), flat in memory."""

import io
import itertools
import resource
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_mpl import data
from keras_mpl import seeds as seeds_lib
from keras_mpl.data import decode
from keras_mpl.data import records
from keras_mpl.data.records import count_records

LENGTHS = (13, 5, 1, 0, 30, 7, 22, 11)  # 89 records


def _write(folder, lengths=LENGTHS):
    start = 0
    for shard, length in enumerate(lengths):
        with tf.io.TFRecordWriter(str(folder / f"x-{shard:03d}")) as writer:
            for number in range(start, start + length):
                writer.write(np.int64(number).tobytes())
        start += length
    return str(folder / "x-*")


@pytest.fixture(scope="module", name="pattern")
def fixture_pattern(tmp_path_factory):
    return _write(tmp_path_factory.mktemp("records"))


def _number(record, seeds):
    draw = tf.random.stateless_uniform((), seeds, alg="philox")
    number = tf.cast(tf.io.decode_raw(record, tf.int64)[0], tf.float32)
    return tf.stack([number, draw])


def _records(pattern, **options):
    options = {"cycle_length": 3, "window": 16} | options
    return records(pattern, _number, **options)


def _stream(pattern, batch_size=4, first_step=0, *, seed=0, **options):
    source = _records(pattern, **options).source("unlabeled", batch_size, 11)
    stream = source.stream(first_step, seeds_lib.key(seed))
    return stream.as_numpy_iterator()


def test_records_are_counted_from_their_lengths(pattern):
    assert _records(pattern).lengths == LENGTHS


@pytest.mark.parametrize(
    ("window", "cycle_length"), [(1, 3), (7, 1), (16, 8), (500, 50)]
)
def test_every_epoch_visits_every_record_once(pattern, window, cycle_length):
    stream = _stream(pattern, 89, window=window, cycle_length=cycle_length)
    epochs = [next(stream)[:, 0] for _ in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(89))
    assert epochs[0].tolist() != epochs[1].tolist()


@pytest.mark.parametrize(
    "window", [7, pytest.param(500, marks=pytest.mark.slow)]
)
def test_a_step_is_the_same_reached_directly_or_by_iterating(pattern, window):
    walked = list(itertools.islice(_stream(pattern, window=window), 63))
    for first_step in (3, 21, 22, 60):  # an epoch ends within step 22
        direct = _stream(pattern, first_step=first_step, window=window)
        for one in walked[first_step : first_step + 3]:
            np.testing.assert_array_equal(one, next(direct))


def test_batch_1000_is_the_same_reached_directly_or_by_iterating(pattern):
    walked = next(itertools.islice(_stream(pattern), 1000, None))
    np.testing.assert_array_equal(walked, next(_stream(pattern, 4, 1000)))


def test_order_and_draws_depend_on_the_seed(pattern):
    one, again, other = (next(_stream(pattern, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_records_of_many_shards_mix(pattern):
    shard = np.repeat(np.arange(len(LENGTHS)), LENGTHS)
    batch = next(_stream(pattern, 16, cycle_length=8))[:, 0].astype(int)
    assert len(set(shard[batch])) >= 4


def test_each_record_draws_for_itself_and_anew_every_epoch(pattern):
    stream = _stream(pattern, 89)
    draws = np.concatenate([next(stream)[:, 1] for _ in range(3)])
    assert len(np.unique(draws)) == 3 * 89


@pytest.mark.slow
def test_records_before_the_first_are_never_parsed(pattern):
    stream = _stream(pattern)
    before = np.concatenate([next(stream)[:, 0] for _ in range(15)])
    after = next(stream)[:, 0]

    def parse(record, seeds):
        number = _number(record, seeds)[0]
        check = tf.reduce_all(number != before)
        with tf.control_dependencies([tf.debugging.Assert(check, [number])]):
            return tf.identity(number)

    made = records(pattern, parse, cycle_length=3, window=16)
    source = made.source("x", 4, 11)
    key = seeds_lib.key(0)
    direct = next(source.stream(15, key).take(1).as_numpy_iterator())
    np.testing.assert_array_equal(direct, after)
    with pytest.raises(tf.errors.InvalidArgumentError):
        next(source.stream(14, key).take(1).as_numpy_iterator())


def _pair(pattern, **options):
    inputs = np.stack([np.arange(10), np.arange(10)], 1).astype("float32")
    return data.pair(
        (inputs, np.arange(10) % 2),
        _records(pattern),
        strong=lambda inputs, seeds: -inputs,
        batch_size=4,
        unlabeled_ratio=2,
        **options,
    )


def test_pair_takes_records(pattern):
    paired = _pair(pattern)
    assert paired.steps_per_epoch == 12
    assert paired.element_spec.weak_inputs.shape == (8, 2)
    walked = next(itertools.islice(paired.batches(), 30, None))
    direct = next(iter(paired.batches(30)))
    for one, other in zip(walked, direct, strict=True):
        np.testing.assert_array_equal(one, other)


def test_labelled_records_are_pairs(pattern):
    def parse(record, seeds):
        number = tf.io.decode_raw(record, tf.int64)[0]
        return tf.cast(number, tf.float32)[None], tf.cast(number % 2, tf.int32)

    labeled = records(pattern, parse)
    batch = next(
        iter(data.pair(labeled, _plain_inputs(), strong=_same, batch_size=4))
    )
    np.testing.assert_array_equal(batch.labeled_inputs[:, 0] % 2, batch.labels)
    with pytest.raises(ValueError, match=r"`labeled` must be a pair"):
        data.pair(
            _records(pattern), _plain_inputs(), strong=_same, batch_size=4
        )


def _plain_inputs():
    return np.zeros((40, 1), "float32")


def _same(inputs, seeds):
    del seeds
    return inputs


@pytest.mark.parametrize("kind", ["records", "arrays"])
def test_workers_share_every_batch_between_them(pattern, kind):
    whole = _pair(pattern)
    if kind == "arrays":
        inputs = np.repeat(np.arange(40, dtype="float32")[:, None], 2, 1)
        whole = data.pair(
            (inputs, np.arange(40) % 2),
            inputs,
            strong=_same,
            batch_size=4,
            unlabeled_ratio=2,
        )
    parts = [whole.shard(2, worker).batches(7) for worker in (0, 1)]
    for batch, *own in itertools.islice(
        zip(whole.batches(7), *parts, strict=False), 5
    ):
        for place in (0, 2, 3):
            together = np.concatenate([part[place] for part in own])
            assert together.shape == batch[place].shape
            np.testing.assert_array_equal(
                np.sort(together[:, 0]), np.sort(batch[place][:, 0])
            )
    spec = whole.shard(2, 1).element_spec
    assert spec.weak_inputs.shape == (4, 2)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        ((3, 0), "`num_workers` must divide both batches"),
        ((2, 2), "`worker` must be from 0 to 1"),
    ],
)
def test_impossible_shares_are_refused(pattern, call, match):
    with pytest.raises(ValueError, match=match):
        _pair(pattern).shard(*call)


@pytest.mark.slow
def test_a_tf_data_service_gives_the_same_batches(pattern):
    service = tf.data.experimental.service
    dispatcher = service.DispatchServer()
    address = dispatcher.target.split("://")[1]
    worker = service.WorkerServer(service.WorkerConfig(address))
    paired = _pair(pattern)
    served = data.Served(paired, dispatcher.target)
    assert served.steps_per_epoch == paired.steps_per_epoch
    assert served.element_spec == paired.element_spec
    for one, other in itertools.islice(
        zip(paired.batches(3), served.batches(3), strict=False), 4
    ):
        for part, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(part, same)
    del worker


# What can be wrong.


def test_a_file_that_is_cut_off_is_named(tmp_path):
    pattern = _write(tmp_path, (3, 4))
    path = tmp_path / "x-001"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match="x-001, which ends within record 3"):
        records(pattern, _number)
    path.write_bytes(b"no record")
    with pytest.raises(ValueError, match="ends within record 0"):
        count_records(path)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"window": 0}, "`window` must be 1 or more"),
        ({"cycle_length": 0}, "`cycle_length` must be 1 or more"),
        ({"lengths": [3]}, "`lengths` must be one number per file"),
        ({"lengths": [0] * 8}, "`lengths` must be one number per file"),
        ({"max_corrupt": -0.1}, "`max_corrupt` must be a fraction"),
        ({"max_corrupt": 1}, "`max_corrupt` must be a fraction"),
        ({"max_corrupt": float("nan")}, "`max_corrupt` must be a fraction"),
    ],
)
def test_bad_settings_are_refused(pattern, options, match):
    with pytest.raises(ValueError, match=match):
        records(pattern, _number, **options)


@pytest.mark.parametrize(
    "named",
    [str, Path, lambda path: [path], lambda path: (str(path), path)],
    ids=["text", "path", "list", "tuple"],
)
def test_a_path_that_exists_is_no_pattern(tmp_path, named):
    folder = tmp_path / "set [v2]"
    folder.mkdir()
    _write(folder, (3,))
    path = folder / "x-000"
    assert {*_records(named(path)).files} == {str(path)}


def test_a_pattern_may_be_a_path(pattern):
    assert _records(Path(pattern)) == _records(pattern)


def test_no_files_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="`files` must name one file or more"):
        records(str(tmp_path / "x-*"), _number)


def test_too_few_records_for_a_batch_is_an_error(pattern):
    with pytest.raises(ValueError, match="at least one batch of 90"):
        _stream(pattern, 90)


def _damage(folder, shard, number):
    """Turns the first byte of a record of 8 bytes."""
    path = folder / f"x-{shard:03d}"
    content = bytearray(path.read_bytes())
    content[12 + 24 * number] ^= 255
    path.write_bytes(content)
    return str(path)


def test_records_that_are_damaged_inside_stop_the_run(tmp_path):
    pattern = _write(tmp_path, (20,))
    path = _damage(tmp_path, 0, 3)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        list(itertools.islice(_stream(pattern), 5))
    assert f"record 3 of {path} (damaged on disk)" in str(caught.value)


def test_the_records_after_a_damaged_one_are_still_read(tmp_path):
    pattern = _write(tmp_path, (20, 13))
    paths = [_damage(tmp_path, 0, 3), _damage(tmp_path, 0, 17)]
    paths.append(_damage(tmp_path, 1, 0))
    made = _records(pattern, max_corrupt=0.1)
    source = made.source("unlabeled", 11, 11)
    stream = source.stream(0, seeds_lib.key(0)).as_numpy_iterator()
    seen = np.concatenate([next(stream)[:, 0] for _ in range(3)])
    assert set(range(33)) - set(seen) == {3, 17, 20}
    assert sorted(name for name, _ in made.skipped) == sorted(
        f"record {number} of {path}"
        for number, path in zip((3, 17, 0), paths, strict=True)
    )
    assert {reason for _, reason in made.skipped} == {"damaged on disk"}


def _fussy(record, seeds):
    """Refuses the records 8, 30 and 31."""
    both = _number(record, seeds)
    is_bad = tf.reduce_any(tf.equal(both[0], [8.0, 30.0, 31.0]))
    check = tf.debugging.Assert(~is_bad, ["no such number"])
    with tf.control_dependencies([check]):
        return tf.identity(both)


def _fussy_stream(pattern, first_step=0, shard=(1, 0), max_corrupt=0.1):
    made = records(
        pattern, _fussy, cycle_length=3, window=16, max_corrupt=max_corrupt
    )
    stream = made.source("unlabeled", 6, 11).stream(
        first_step, seeds_lib.key(0), shard
    )
    return made, stream.as_numpy_iterator()


def test_a_record_that_cannot_be_parsed_is_replaced_and_listed(pattern):
    made, stream = _fussy_stream(pattern)
    plain = _stream(pattern, 6)
    different = 0
    for _ in range(30):
        got, whole = next(stream), next(plain)
        is_bad = np.isin(whole[:, 0], (8, 30, 31))
        different += is_bad.sum()
        np.testing.assert_array_equal(got[~is_bad], whole[~is_bad])
        assert np.isin(got[is_bad, 0], whole[~is_bad, 0]).all()
    assert different >= 6
    reasons = dict(made.skipped)
    assert len(made.ledger.found) == len(reasons) == 3
    assert all("no such number" in reason for reason in reasons.values())
    [(file, number)] = [(f, n) for f, n, _ in made.ledger.found if n == 8]
    assert file.endswith("x-000")
    assert number == 8


@pytest.mark.slow
def test_replacing_keeps_a_batch_a_function_of_its_step(pattern):
    _, stream = _fussy_stream(pattern)
    walked = list(itertools.islice(stream, 25))
    for first_step in (2, 9, 20):
        _, direct = _fussy_stream(pattern, first_step)
        for one in walked[first_step : first_step + 4]:
            np.testing.assert_array_equal(one, next(direct))


def test_workers_replace_what_is_corrupt_in_their_own_rows(pattern):
    for worker in (0, 1):
        _, stream = _fussy_stream(pattern, shard=(2, worker))
        for batch in itertools.islice(stream, 30):
            assert len(batch) == 3
            assert not np.isin(batch[:, 0], (8, 30, 31)).any()


@pytest.mark.parametrize("max_corrupt", [0.0, 0.03])
def test_too_many_corrupt_records_name_file_and_record(pattern, max_corrupt):
    _, stream = _fussy_stream(pattern, max_corrupt=max_corrupt)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        list(itertools.islice(stream, 30))
    count = 1 if max_corrupt == 0 else 3
    message = str(caught.value)
    assert f"a share of {max_corrupt} of records that cannot" in message
    assert f"Received: {count} of 89, the last one record" in message
    assert pattern[:-1] in message
    assert "no such number" in message


def test_a_batch_of_which_nothing_is_left_stops_the_run(pattern):
    def parse(record, seeds):
        with tf.control_dependencies([tf.debugging.Assert(False, ["never"])]):
            return _number(record, seeds)

    made = records(pattern, parse, max_corrupt=0.9)
    stream = made.source("labeled", 4, 11).stream(0, seeds_lib.key(0))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`labeled` must"):
        next(stream.as_numpy_iterator())


def test_truncated_images_are_skipped_and_listed(tmp_path):
    rng = np.random.default_rng(0)
    path = str(tmp_path / "u.tfrecord")
    spoiled = {4: b"", 9: b"no image", 20: None}
    with tf.io.TFRecordWriter(path) as out:
        for i in range(60):
            pixels = rng.integers(0, 255, (40, 40, 3), "uint8")
            content = _file(pixels, "JPEG")
            if i in spoiled:
                content = (
                    spoiled[i] if spoiled[i] is not None else content[:500]
                )
            bytes_list = tf.train.BytesList(value=[content])
            feature = {"image": tf.train.Feature(bytes_list=bytes_list)}
            features = tf.train.Features(feature=feature)
            out.write(tf.train.Example(features=features).SerializeToString())
    made = data.file_records(path, size=8)
    stream = made.source("unlabeled", 20, 11).stream(0, seeds_lib.key(0))
    assert len(list(stream.take(3))) == 3
    assert {number for _, number, _ in made.ledger.found} == set(spoiled)
    assert all(reason for _, reason in made.skipped)


# Decoding.


def _file(image, kind, **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_every_kind_of_file_is_decoded(kind, channels):
    image = np.full((40, 60, 3), (200, 40, 90), np.uint8)
    file = _file(image, kind)
    crop = decode.random_crop(file, (0, 1), size=16, channels=channels)
    center = decode.center_crop(file, size=16, channels=channels)
    assert crop.shape == center.shape == (16, 16, channels)
    expected = (200, 40, 90) if channels == 3 else (93,)  # luma
    for pixels in (crop, center):
        assert np.abs(pixels.numpy().astype(int) - expected).max() <= 6


def test_center_crop_is_the_middle():
    image = np.zeros((64, 96, 3), np.uint8)
    image[4:60, 20:76] = 255  # 7/8 of the short side
    crop = decode.center_crop(_file(image, "PNG"), size=56)
    assert (crop.numpy() == 255).all()


@pytest.mark.slow
def test_memory_is_flat_over_a_million_images(tmp_path):
    image = np.zeros((8, 8, 3), np.uint8)
    for shard in range(20):
        with tf.io.TFRecordWriter(str(tmp_path / f"i-{shard:02d}")) as writer:
            for number in range(2500):
                image[:] = number % 256
                writer.write(image.tobytes())

    def parse(record, seeds):
        del seeds
        pixels = tf.io.decode_raw(record, tf.uint8, fixed_length=192)
        return tf.ensure_shape(tf.reshape(pixels, (8, 8, 3)), (8, 8, 3))

    # 50,000 images, twenty times: a million reads.
    images = records([str(p) for p in sorted(tmp_path.iterdir())] * 20, parse)
    assert len(images) == 1_000_000
    stream = images.source("unlabeled", 1000, 11).stream(0, seeds_lib.key(0))
    peaks = []
    for step, batch in enumerate(stream.take(1000), start=1):
        assert batch.shape == (1000, 8, 8, 3)
        if step % 250 == 0:
            usage = resource.getrusage(resource.RUSAGE_SELF)
            peaks.append(usage.ru_maxrss / 1024)
    print(f"peak memory per 250,000 images, MiB: {peaks}")
    assert peaks[-1] - peaks[0] < 64  # MiB
