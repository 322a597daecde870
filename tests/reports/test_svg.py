"""The drawing surface."""

from xml.etree import ElementTree

from chaoscinder.reports.svg import Box, Drawing, clean, coordinate, first_that_fits, fit, text_box, text_width


def test_a_drawing_is_well_formed_whatever_is_written_in_it() -> None:
    drawing = Drawing(100, 50, '"label" <&>')
    drawing.rect(1, 2, 3, 4, fill="#fff", title="<b>&\x00\ud800")
    drawing.text(5, 6, "</svg><script>", anchor="middle", title='"')
    element = ElementTree.fromstring(drawing.render())
    assert element.attrib == {"viewBox": "0 0 100 50", "role": "img", "aria-label": '"label" <&>'}
    assert [child.tag for child in element] == ["rect", "text"]
    assert element[0][0].text == "<b>&\ufffd\ufffd"
    assert element[1][0].tail == "</svg><script>"


def test_every_shape_is_written_as_one_element() -> None:
    drawing = Drawing(10, 10, "shapes")
    drawing.line(0, 1, 2, 3, dash="1 2")
    drawing.circle(1, 2, 3.25, fill="#000")
    drawing.path("M0 0v1", stroke="#111", width=2)
    assert drawing.render() == "\n".join(
        [
            '<svg viewBox="0 0 10 10" role="img" aria-label="shapes">',
            '<line x1="0" y1="1" x2="2" y2="3" stroke="#dde2e7" stroke-dasharray="1 2"/>',
            '<circle cx="1" cy="2" r="3.2" fill="#000"/>',
            '<path d="M0 0v1" stroke="#111" fill="none" stroke-width="2"/>',
            "</svg>",
        ]
    )


def test_an_empty_text_writes_nothing() -> None:
    drawing = Drawing(10, 10, "empty")
    drawing.text(1, 2, "")
    assert drawing.texts == []


def test_signs_that_cannot_be_printed_or_that_turn_the_direction_are_replaced() -> None:
    assert clean("a\x1b[0m\u202eb\r\nc\td\u2069") == "a\ufffd[0m\ufffdb\ufffd\nc\td\ufffd"


def test_coordinates_have_at_most_one_decimal() -> None:
    assert [coordinate(value) for value in (1, 1.04, -0.01, 2.25, 1000.0)] == ["1", "1", "0", "2.2", "1000"]


def test_a_long_text_is_shortened_in_its_middle() -> None:
    name = "test-cinder-6496958d67-48gss"
    assert fit(name, 1000, 10) == name
    assert fit(name, 90, 10) == "test-c…7-48gss"
    assert text_width(fit(name, 90, 10), 10) <= 90
    assert fit(name, 3, 10) == ""


def test_the_longest_wording_that_fits_is_chosen() -> None:
    assert first_that_fits(["Running on node-1", "Running"], 60, 10) == "Running"
    assert first_that_fits(["Running on node-1", "Running"], 10, 10) == ""


def test_a_label_fits_where_no_other_text_lies_and_inside_the_picture() -> None:
    drawing = Drawing(200, 50, "labels")
    drawing.text(50, 20, "first")
    assert not drawing.label_fits(text_box(55, 20, "second", 11))
    assert drawing.label_fits(text_box(55, 40, "second", 11))
    assert not drawing.label_fits(text_box(190, 40, "second", 11))
    assert Box(0, 0, 2, 2).overlaps(Box(1, 1, 3, 3))
    assert not Box(0, 0, 2, 2).overlaps(Box(2, 0, 3, 3))
