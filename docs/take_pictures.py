"""Take the pictures in docs/pictures, in light and dark.

python docs/take_pictures.py

Follows docs/tutorial.md in a sandbox, as docs/run_tutorial.py does, and takes each picture where
the tutorial shows it. Times are replaced, so another run writes the same files. Fonts differ
between computers, so take all pictures on the same one. Needs Chromium. If your system has none,
run python -m playwright install chromium.
"""

import base64
import html
import io
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright

sys.path.append(str(Path(__file__).resolve().parent.parent))

from docs.run_tutorial import PART, READERS_URL, ROOT, START, TUTORIAL, Reader, new_reader
from sandbox.changes import PAUSE

Scheme = Literal["light", "dark"]
FOLDER = ROOT / "docs" / "pictures"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
COMMAND = "python members/master_script.py"
# The commands whose changes the pictures show. The console also marks earlier changes, unless there
# is a pause before these commands. Readers pause.
MARKED = re.compile("master_script|bulk_assign_team")


class View(NamedTuple):
    """What a picture shows: from one part of a page to another, in a window of this width."""

    path: str
    first: str
    last: str
    margin: int
    width: int
    scale: float


CHANGES = View("/", "#changes", "#changes", 16, 480, 1.75)
OF_TUTORIAL = {
    "console-member": View("/members/{member}", "body", "#connections", 24, 1100, 1.5),
    "console-requests": View("/requests", "body", "tbody tr:nth-child(8)", 1, 1100, 1.5),
}

# As wide as README on GitHub, so that the text keeps its size there
SIDE_BY_SIDE = Template("""<!doctype html>
<style>
body { display: flex; gap: 12px; width: 832px; margin: 0; background: #fff; }
div { width: 420px; overflow: hidden; border: 1px solid #ccd2dc; border-radius: 9px;
      background: #f5f6f9; }
h1 { margin: 0; padding: 7px 12px; background: #e4e8ef; color: #566174;
     font: 12px system-ui, "DejaVu Sans", sans-serif; }
img { display: block; width: 420px; }
.terminal { width: 396px; border-color: #10141b; background: #10141b; }
.terminal h1 { background: #273042; color: #a4afc0; }
pre { margin: 10px; color: #e7ebf2; white-space: pre-wrap; word-break: break-all;
      font: 11.5px/1.7 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) {
  body { background: #0d1117; }
  div, .terminal { border-color: #3d4656; background: #10141b; }
  h1 { background: #273042; color: #a4afc0; }
}
</style>
<div class="terminal"><h1>Terminal</h1><pre>$$ $command
$output$$</pre></div>
<div><h1>$url</h1><img src="data:image/png;base64,$console"></div>
""")


def photograph(browser: Browser, scheme: Scheme, view: View, reader: Reader) -> bytes:
    """Return a picture of the console."""

    def replace_times(route: Route) -> None:
        response = route.fetch()
        text = reader.steady(response.text())
        text = re.sub(r"\+\d{13}(<wbr>@)", r"+1714640040000\1", text)
        text = re.sub(r"(2024-05-02 |>)\d\d:\d\d:\d\d", r"\g<1>08:54:00", text)
        route.fulfill(response=response, body=re.sub(r"\b[\d.]+ ms\b", "1 ms", text))

    with browser.new_context(
        viewport={"width": view.width, "height": 400},
        device_scale_factor=view.scale,
        color_scheme=scheme,
        java_script_enabled=False,  # so that the page can't change while the picture is taken
    ) as context:
        page = context.new_page()
        page.route(f"{reader.url}/**", replace_times)
        response = page.goto(reader.url + view.path)
        boxes = [page.locator(part).bounding_box() for part in (view.first, view.last)]
        if not (response and response.ok and boxes[0] and boxes[1]):
            sys.exit(f"Error: {view.path} is {response and response.status}")
        top = max(boxes[0]["y"] - view.margin, 0)
        height = boxes[1]["y"] + boxes[1]["height"] + view.margin - top
        return page.screenshot(
            full_page=True,
            animations="disabled",
            clip={"x": 0, "y": top, "width": view.width, "height": height},
        )


def save(picture: str, scheme: Scheme, png: bytes) -> str:
    """Write a picture, and return its name. 128 colors are enough: the file is a third as large."""
    name = f"{picture}-{scheme}.png"
    Image.open(io.BytesIO(png)).convert("RGB").quantize(128).save(FOLDER / name, optimize=True)
    return name


def take_readmes(browser: Browser) -> Iterator[str]:
    """Take README's picture: the onboarding in a terminal, and what it changed in the console."""
    with new_reader() as reader:
        reader.run(f"{START}\nexport SIGMA_ENV_FILE=.env.sandbox", expected=0)
        output = html.escape(reader.steady(reader.run(COMMAND, expected=0)))
        for scheme in SCHEMES:
            console = base64.b64encode(photograph(browser, scheme, CHANGES, reader)).decode()
            text = SIDE_BY_SIDE.substitute(
                command=COMMAND, output=output, url=READERS_URL, console=console
            )
            page = browser.new_page(color_scheme=scheme, device_scale_factor=2)
            page.set_content(text)
            yield save("onboarding", scheme, page.locator("body").screenshot())
            page.close()


def take_tutorials(browser: Browser) -> Iterator[str]:
    """Follow the tutorial to its last picture, and take each one."""
    document, begin = TUTORIAL.read_text(encoding="utf-8"), 0
    with new_reader() as reader:
        for shown in re.finditer(r'"pictures/(\S+)-light\.png"', document):
            for part in PART.finditer(document, begin, shown.start()):
                if MARKED.search(part["bash"] or ""):
                    time.sleep(PAUSE + 1)
                reader.follow(part)
            begin = shown.end()
            member = re.findall(r"memberId: +(\w+)", document[:begin])[-1]
            view = OF_TUTORIAL[shown[1]]
            view = view._replace(path=view.path.format(member=member))
            for scheme in SCHEMES:
                yield save(shown[1], scheme, photograph(browser, scheme, view, reader))


def main() -> None:
    with sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome")
        installed = next(filter(None, map(shutil.which, names)), None)
        browser = playwright.chromium.launch(executable_path=installed)
        written = [*take_readmes(browser), *take_tutorials(browser)]
        browser.close()
    print(f"Wrote to {FOLDER}: {', '.join(written)}")


if __name__ == "__main__":
    main()
