"""Explorers: a moved slider shows the picture of its new place, and a mistake shows a sentence."""

import base64
import html
import re

import pytest
from ipywidgets import IntSlider

from course_utils.plotting import canvas
from course_utils.widgets import bayesian_regression as widgets
from course_utils.widgets.explorer import Explorer

EXPLORERS = {
    "weight space": widgets.explore_weight_space,
    "predictive band": widgets.explore_predictive_band,
    "evidence": widgets.explore_evidence,
}
every_explorer = pytest.mark.parametrize("explore", EXPLORERS.values(), ids=EXPLORERS)


@canvas.picture
def bars(n, height):
    if n == 3:
        raise ValueError("n: expected <anything> but 3, got 3.")
    figure = canvas.blank(2)
    figure.subplots().bar(range(n), height)
    return canvas.describe(figure, f'{n} bars, "each" {height} high.')


def bars_explorer():
    return Explorer(
        bars,
        {
            "n": IntSlider(2, 1, 5, description="bars"),
            "height": IntSlider(7, 1, 9, description="their height"),
        },
    )


def sliders(explorer):
    return {control.description: control for control in explorer.children[:-1]}


def shown(explorer):
    """PNG bytes and alt text of the picture that the explorer shows, or its sentence."""
    value = explorer.children[-1].value
    found = re.search(r'src="data:image/png;base64,([^"]+)" alt="([^"]+)"', value)
    return (base64.b64decode(found[1]), html.unescape(found[2])) if found else value


def ends(control):
    """The first and the last place of a control."""
    if hasattr(control, "options"):
        return control.options[0], control.options[-1]
    if hasattr(control, "base"):
        return control.base**control.min, control.base**control.max
    return control.min, control.max


# The frame


def test_the_picture_is_the_pure_functions_own():
    explorer = bars_explorer()
    for n, height in ((2, 7), (4, 7), (4, 1)):
        sliders(explorer)["bars"].value = n
        sliders(explorer)["their height"].value = height
        figure = bars(n=n, height=height)
        assert shown(explorer) == (canvas.png(figure), canvas.alt_text(figure))


def test_a_mistake_shows_as_a_sentence_and_the_next_good_place_as_a_picture():
    explorer = bars_explorer()
    before = shown(explorer)
    sliders(explorer)["bars"].value = 3
    assert "n: expected &lt;anything&gt; but 3, got 3." in shown(explorer)
    assert "<img" not in shown(explorer)
    sliders(explorer)["bars"].value = 2
    assert shown(explorer) == before


def test_without_a_kernel_the_output_holds_the_first_picture_and_how_to_move_the_sliders():
    explorer = bars_explorer()
    content, metadata = explorer._repr_mimebundle_()
    picture, alt = shown(explorer)
    assert base64.b64decode(content["image/png"]) == picture
    assert metadata["image/png"]["alt"] == alt
    assert content["text/plain"] == "Run this cell to move the sliders: bars, their height."
    assert content["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id


def test_the_picture_never_overflows_its_column():
    assert "max-width: 100%" in bars_explorer().children[-1].value


# The explorers of the lectures


@every_explorer
def test_an_explorer_is_decided_by_its_seed(explore):
    one, other = explore(), explore()
    assert shown(one) == shown(other)
    assert repr(one) == repr(other)


@every_explorer
def test_every_control_is_labelled_and_named_in_a_sentence_that_fits(explore):
    explorer = explore()
    content, _ = explorer._repr_mimebundle_()
    for description, control in sliders(explorer).items():
        assert len(description) > 3
        assert description in content["text/plain"]
        assert control.trait_values().get("continuous_update", False) is False
    assert content["text/plain"] == repr(explorer)  # ipywidgets cuts at 110 characters


@every_explorer
def test_every_control_draws_at_both_ends_and_changes_the_picture(explore):
    explorer = explore()
    first = shown(explorer)
    for description, control in sliders(explorer).items():
        start, pictures = control.value, {first}
        for end in ends(control):
            control.value = end
            assert isinstance(shown(explorer), tuple), (description, end, shown(explorer))
            pictures.add(shown(explorer))
        control.value = start
        assert shown(explorer) == first
        assert len({alt for _, alt in pictures}) > 1, description


@every_explorer
@pytest.mark.parametrize("end", [0, 1])
def test_all_controls_draw_at_the_same_end_together(explore, end):
    explorer = explore()
    for control in sliders(explorer).values():
        control.value = ends(control)[end]
    assert isinstance(shown(explorer), tuple), shown(explorer)
