"""A step's options are those of its signature."""

import click
import pytest

from longhaul.pipeline.parameters import Count, Minutes, Seed, Window, options


def recipe(name: str, cups: Count, minutes: Minutes, hot: bool, window: Window) -> str:
    return name


def test_options_are_those_of_the_signature() -> None:
    """Names and types come from the signature; each option is required."""
    made = {option.name: option for option in options(recipe)}
    assert list(made) == ["name", "cups", "minutes", "hot", "window"]
    assert all(option.required for option in made.values())
    assert made["cups"].type is Count.__metadata__[0]
    assert made["hot"].type.convert("false", None, None) is False


def test_a_parameter_without_annotation_is_a_text() -> None:
    """As in a step of three lines."""
    (option,) = options(lambda word: word)
    assert option.type.convert("1", None, None) == "1"


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (Minutes, "nan", "nan is not a number"),
        (Minutes, "0", "0.0 is not in the range"),
        (Seed, "-1", "-1 is not in the range"),
        (Window, "extended", "'extended' is now called 'expanding'"),
        (Window, "wide", "'wide' is not one of 'expanding', 'sliding'"),
    ],
)
def test_bad_values(annotation: object, value: str, message: str) -> None:
    """Each is refused with what is wrong, or with its new name."""
    with pytest.raises(click.BadParameter, match=message):
        annotation.__metadata__[0].convert(value, None, None)  # type: ignore[attr-defined]
