"""The pages in a real browser: no barrier that axe-core finds, the keyboard alone, nothing from elsewhere."""

import os
import shutil
import threading

import pytest
import uvicorn

from gxn.page.server import application
from gxn.page.site import INDEX

pytestmark = pytest.mark.slow
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATHS = (
    INDEX, "pages/pictures-1.html", "pages/picture/105.html", "pages/differences.html",
    "pages/differences/near.far.html", "search?q=w1+w2+zebra", "nothing",
)  # fmt: skip
WIDTHS = {"desktop": 1280, "phone": 360}


@pytest.fixture(scope="module")
def chromium():
    """A headless browser of the system."""
    path = os.environ.get("GXN_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium on the PATH; GXN_CHROMIUM names one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(asked):
    """Address at which the pages are served."""
    server = uvicorn.Server(
        uvicorn.Config(application(asked.site, asked.live, ["127.0.0.1"]), port=0, log_level="warning")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = True
    thread.join(30)


def opened(browser, **options):
    """A context that waits for a slow machine."""
    context = browser.new_context(**options)
    context.set_default_timeout(300_000)
    return context


@pytest.fixture
def page(chromium, address):
    """A page that fails the test if it asks any other server."""
    context, asked_for = opened(chromium), []
    page = context.new_page()
    page.on("request", lambda request: asked_for.append(request.url))
    yield page
    context.close()
    assert asked_for and [url for url in asked_for if not url.startswith((address, "data:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_no_serious_barrier(page, address, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    found = {}
    for path in PATHS:
        page.goto(address + path)
        violations = Axe().run(page).response["violations"]
        serious = [each["id"] for each in violations if each["impact"] in ("serious", "critical")]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found |= {path: (serious, wide)} if serious or wide > 0 else {}
    assert found == {}


def test_axe_finds_a_barrier_where_there_is_one(page, address):
    from axe_playwright_python.sync_playwright import Axe

    page.goto(address)
    page.evaluate("document.querySelector('img').removeAttribute('alt')")
    assert "image-alt" in {each["id"] for each in Axe().run(page).response["violations"]}


def press_until(page, selector, most=80):
    """Press Tab until the element that a selector names has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with the keyboard")


def test_the_keyboard_alone_asks_and_finds(page, address, asked):
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    press_until(page, "#q")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"  # where the focus is can be seen
    page.keyboard.type(asked.site.collection.sentences[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    press_until(page, ".true a, .strip a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pages/picture/*.html")
    press_until(page, "details:not([open]) summary")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")


def test_pages_work_without_a_script(chromium, address, asked):
    context = opened(chromium, java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.set_input_files("#picture", asked.pictures[1])
    page.get_by_role("button", name="Look").click()
    page.wait_for_url("**/look")
    assert page.get_by_role("link", name="picture 101").is_visible()
    page.goto(address + "pages/picture/100.html")
    caption = page.locator(".own ol a").nth(1)
    caption.click()
    assert page.locator(caption.get_attribute("href")).is_visible()  # it was folded away
    context.close()


def test_the_still_copy_is_whole_in_a_folder(chromium, asked, tmp_path):
    for path in (INDEX, *asked.site.paths()):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(asked.site.content(path))
    context, failed = opened(chromium), []
    page = context.new_page()
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto((tmp_path / INDEX).as_uri())
    page.locator(".tiles a").first.click()
    page.wait_for_url("**/picture/*.html")
    page.wait_for_load_state("load")
    broken = "[...document.images].filter(each => each.complete && !each.naturalWidth).map(each => each.src)"
    assert failed == [] and page.evaluate(broken) == []
    context.close()
