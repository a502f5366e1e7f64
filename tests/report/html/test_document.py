"""The page shows what the run found, needs no other file and runs no code."""

import re

import numpy as np
import pytest
from PIL import Image

from keras_mpl import report
from keras_mpl.report import examples
from keras_mpl.report.html import document
from keras_mpl.report.html import finished
from tests.report.html import pages

HOSTILE = pages.HOSTILE[0]
TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "nav",
        "main",
    ),
    *("section", "h1", "h2", "h3", "p", "ul", "li", "a", "strong", "code"),
    *("pre", "div", "span", "br", "img", "figure", "figcaption"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    Image.new("RGB", (40, 20)).save(folder / "curves.png")
    images = np.zeros((40, 8, 8, 1))
    examples.write_examples(folder, "test", range(40), images)
    return folder


@pytest.fixture(scope="module", name="read")
def fixture_read(folder):
    return pages.Reader(document.document(pages.run(folder)))


def test_names_are_shown_and_never_obeyed(read):
    assert set(read.tags) <= TAGS
    for name in ("<script>alert(1)</script>", "$\\frac{$", "&amp;\\x1b[31m"):
        assert name in read.words
    assert not [key for key, _ in read.attributes if key.startswith("on")]


def test_the_page_needs_no_other_file(read):
    sources = [v for k, v in read.attributes if k in ("src", "srcset")]
    links = [v for k, v in read.attributes if k == "href"]
    assert len(sources) > 20
    assert all(re.match(r"data:image/(png|jpeg);base64,", v) for v in sources)
    assert all(link.startswith("#") for link in links)
    style = read.text[read.text.index(next(t for t in read.text if "{" in t))]
    assert "url(" not in style
    assert "@import" not in style


def test_the_contents_lead_to_every_section(read):
    links = [v[1:] for k, v in read.attributes if k == "href"]
    assert links == [v for k, v in read.attributes if k == "id"]
    assert len(links) == read.tags.count("h2") >= 12


def test_callbacks_are_in_the_command_or_named_beside_it(folder):
    config = {**pages.CONFIG, "callbacks": ["b:C", HOSTILE]}
    words = pages.Reader(document.document(pages.run(folder, config=config)))
    assert "--callback b:C" in words.words
    assert f"that were given in Python: {HOSTILE}." in words.words


def test_a_training_that_a_callback_ended_early_is_named(read):
    said = "A callback ended the training of a<b> after 8 of 1,200 steps."
    assert said in read.words


def test_the_accuracy_has_its_interval(read):
    assert "75.0 % of 40 test examples" in read.words
    assert "59.8 to 85.8 %" in read.words


def test_the_verdict_and_the_choice_stand_on_top(folder):
    right = np.arange(40) < 30
    trainings = [
        report.Training(HOSTILE, f"method {HOSTILE}", right),
        report.Training("a<b>", "the other one", ~right),
    ]
    verdict = report.compare_trainings(trainings, HOSTILE, "images")
    exported = {
        "recipe": "a<b>",
        "title": "",
        "chosen_by": "validation",
        "reason": f"It was chosen for {HOSTILE}.",
    }
    result = {**pages.RESULT, "verdict": verdict, "exported": exported}
    read = pages.Reader(document.document(pages.run(folder, result=result)))
    top = read.words.partition("Contents")[0]
    assert f"Method {HOSTILE}: 75.0 % right" in top
    assert "The other one: 25.0 % right" in top
    assert f"It was chosen for {HOSTILE}." in top
    assert "script" not in read.tags


def test_a_class_that_is_never_given_at_the_end_is_named(read):
    text = "At the end the teacher gives no example of this sample the class "
    assert f"{text}\" onerror='x'" in read.words


def test_a_run_of_before_has_a_page_with_the_reason(folder):
    run = pages.run(
        folder,
        predictions={},
        missing="It was not kept.",
        pseudo_labels=(),
        temperature=None,
    )
    words = pages.Reader(document.document(run)).words
    assert "Diagnosis It was not kept." in words
    assert "no pseudo_labels.jsonl" in words
    assert "Confusion matrix" not in words
    assert "Results" in words


def test_answers_that_cannot_be_used_leave_a_page_with_the_reason(tmp_path):
    said = pages.said()
    said.logits[3, 1] = np.nan
    parts = {"test": said, "validation": pages.said()}
    report.write_predictions(tmp_path, "a<b>", parts)
    run = finished.read(tmp_path, pages.CONFIG, pages.RESULT)
    words = pages.Reader(document.document(run)).words
    assert "Diagnosis This part of the report needs" in words
    assert "Confusion matrix" not in words


def test_labels_of_a_class_too_many_are_told_from_missing_answers(tmp_path):
    said = pages.said()
    said.labels[3] = 4
    parts = {"test": said, "validation": pages.said()}
    report.write_predictions(tmp_path, "a<b>", parts)
    with pytest.raises(ValueError, match=r"readable predictions.*no logits"):
        finished.read(tmp_path, pages.CONFIG, pages.RESULT)


def test_many_classes_have_a_picture_and_the_pairs_by_name(folder):
    said = pages.said(count=120, classes=60, wrong=40)
    run = pages.run(
        folder,
        class_names=(),
        predictions={"test": said, "validation": said},
        pseudo_labels=(),
    )
    read = pages.Reader(document.document(run))
    assert "Most often confused" in read.words
    assert ("alt", "Confusion matrix") in read.attributes


def test_without_pictures_the_mistakes_are_a_table(tmp_path):
    read = pages.Reader(document.document(pages.run(tmp_path)))
    assert "figure" not in read.tags
    assert "example label said probability" in read.words
    assert "The run folder has no curves.png." in read.words


def test_a_student_that_doubts_most_labels_is_not_believed(folder):
    doubted = pages.said(wrong=30)
    run = pages.run(
        folder, predictions={"test": doubted, "validation": doubted}
    )
    words = pages.Reader(document.document(run)).words
    assert words.count("it is the student that is wrong, and not the") == 2


def test_perfect_answers_have_a_page(folder):
    said = pages.said(wrong=0)
    run = pages.run(
        folder,
        predictions={"test": said, "validation": said},
        temperature=None,
    )
    words = pages.Reader(document.document(run)).words
    assert "No test example is given a wrong class." in words
    assert "No temperature was fitted." in words
