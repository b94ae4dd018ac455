"""The pictures in the documents: docs/take_pictures.py takes them, in light and dark."""

import re

from tests.conftest import ROOT

DOCUMENTS = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
PICTURE = re.compile(
    r'<picture>\s+<source media="\(prefers-color-scheme: dark\)" srcset="(?P<dark>[^"]+)">'
    r'\s+<img (?=[^>]*alt="[^"]{20,}")[^>]*src="(?P<light>[^"]+)"[^>]*>\s+</picture>'
)


def size(path):
    """Return the width and height of a PNG, which are at its beginning."""
    return path.read_bytes()[16:24]


def test_every_picture_has_a_text_and_the_same_size_in_light_and_dark():
    used = set()
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for shown in PICTURE.finditer(text):
            light, dark = document.parent / shown["light"], document.parent / shown["dark"]
            assert dark.name == light.name.replace("-light.", "-dark."), document
            assert size(light) == size(dark), light
            used |= {light, dark}
        assert ".png" not in PICTURE.sub("", text), f"{document}: a picture without dark or alt"
    assert used == {*(ROOT / "docs" / "pictures").glob("*.png")}
