"""The page as people use it: headless Chromium in front of the real command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assay.paths import TOKENS, ModelPaths
from assay.serving.access import store, tokens
from assay.serving.access.rates import Rate
from tests.applications.customer_service.serving import service
from tests.applications.customer_service.small import COMPANY, RETURNS, lay_out
from tests.made import MODEL, lay_out_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
RETURN = "How do I return an item?"
PHONE = {"width": 320, "height": 640}
# The sizes of whatever is wider than the window, and how wide that is.
WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"


@pytest.fixture(scope="module")
def address(company: Path) -> Iterator[str]:
    with service(company, "service.yaml") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.is_file():
        pytest.skip(f"{CHROMIUM} is not there")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the page anew; what it logs as an error fails the test."""
    contexts, faults = [], []

    def open_(**given: Any) -> Page:
        context = browser.new_context(**{"locale": "en-GB", **given})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda problem: faults.append(str(problem)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.goto(f"{address}/service/")
        page.locator("#examples button").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def say(page: Page, text: str) -> None:
    """Type a message, send it, and wait for its reply."""
    before = page.locator(".reply").count()
    page.fill("#message", text)
    page.press("#message", "Enter")
    page.locator(".reply").nth(before).wait_for()


def test_a_conversation_in_english(open_page: Callable[..., Page]) -> None:
    page = open_page()
    assert page.title() == COMPANY
    assert page.locator("#greeting").inner_text() == "How can we help?"
    say(page, RETURN)
    assert RETURNS in page.locator(".reply").inner_text()
    assert page.locator(".source").inner_text() == RETURN
    say(page, "when do I get my")
    options = page.locator(".turn .options button")
    assert options.count() >= 2
    assert "1." not in page.locator(".reply").last.inner_text()
    chosen = options.nth(1).inner_text()
    options.nth(1).click()
    page.locator(".reply").nth(2).wait_for()
    assert page.locator(".said").last.inner_text().endswith(chosen)
    assert page.locator(".source").last.inner_text() == chosen
    assert all(options.nth(place).is_disabled() for place in range(options.count()))
    say(page, "I want to talk to a person")
    assert page.locator(".person").inner_text() == "A person will go on with you"


def test_a_conversation_in_chinese(open_page: Callable[..., Page]) -> None:
    page = open_page(locale="zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.locator("#greeting").inner_text() == "有什么可以帮您？"
    page.locator("#examples button", has_text="怎样退货").click()
    page.locator(".source").wait_for()
    assert "收到后三十天内可以退货" in page.locator(".reply").inner_text()
    assert page.locator(".replied").get_attribute("lang") == "zh-CN"
    say(page, "转人工")
    assert page.locator(".person").inner_text() == "将由人工客服继续为您服务"


def test_the_language_may_be_changed_at_any_time(open_page: Callable[..., Page]) -> None:
    page = open_page()
    say(page, RETURN)
    page.click("[data-language=zh]")
    assert page.locator("#view").inner_text() == "客服视图"
    assert page.locator(".sources h3").first.inner_text() == "出处"
    assert page.locator("#message").get_attribute("placeholder") == "请输入消息"
    assert RETURNS in page.locator(".reply").inner_text()
    page.reload()
    page.locator(".reply").wait_for()
    assert page.locator("[data-language=zh]").get_attribute("aria-pressed") == "true"


def test_markup_in_a_message_stays_text(open_page: Callable[..., Page]) -> None:
    page = open_page()
    text = "<script>alert(1)</script><img src=x onerror=alert(2)> a person"
    say(page, text)
    assert page.locator(".said").inner_text().endswith(text)
    assert page.locator("main script, main img").count() == 0
    page.reload()
    page.locator(".reply").wait_for()
    assert page.locator(".said").inner_text().endswith(text)
    page.click("#view")
    assert page.locator("main script, main img").count() == 0


def test_the_whole_page_works_by_keyboard_alone(open_page: Callable[..., Page]) -> None:
    page = open_page()
    press = page.keyboard.press
    press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "message"
    page.keyboard.type("two lines")
    press("Shift+Enter")
    page.keyboard.type("of text")
    assert page.input_value("#message") == "two lines\nof text"
    page.fill("#message", "")
    page.keyboard.type(RETURN)
    press("Enter")
    page.locator(".reply").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "message"
    reached = []
    for _ in range(4):
        press("Shift+Tab")
        reached.append(page.evaluate("() => document.activeElement.ariaLabel ?? ''"))
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert reached[:3] == ["Not helpful", "Helpful", "Conversation"]
    press("Tab")
    press("Enter")
    assert page.locator("#menu").is_visible()
    press("Escape")
    assert not page.locator("#menu").is_visible()
    assert page.evaluate("() => document.activeElement.id") == "more"


def test_enter_does_not_send_while_a_word_is_composed(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.fill("#message", "tui huo")
    page.locator("#message").dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    assert page.locator(".turn").count() == 0
    page.press("#message", "Enter")
    page.locator(".reply").wait_for()


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_on_a_narrow_phone_nothing_is_cut_off(open_page: Callable[..., Page], locale: str) -> None:
    page = open_page(viewport=PHONE, locale=locale, has_touch=True)
    page.click("#view")
    for text in (RETURN, "x" * 300, "https://example.org/" + "a-very-long-address/" * 8, "人工"):
        say(page, text)
    wide, window = page.evaluate(WIDTHS)
    assert (wide, window) == (320, 320)
    for name in ("#view", "#more", "[data-language=zh]", "#message", "#send"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= window, name
        assert box["y"] + box["height"] <= PHONE["height"], name


def test_an_agent_sees_what_was_understood_and_a_customer_does_not(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    say(page, RETURN)
    notes = page.locator(".notes")
    assert not notes.is_visible()
    page.click("#view")
    assert page.locator("#view").get_attribute("aria-checked") == "true"
    assert notes.is_visible()
    assert notes.locator("mark").inner_text() == RETURNS
    assert f"{MODEL} workspace" in notes.inner_text()
    assert "in scope" in notes.inner_text()
    say(page, "a person please")
    last = page.locator(".notes").last
    assert "asked for a person" in last.inner_text()
    assert "The customer asked for a person." in last.inner_text()


def test_a_correction_lands_in_the_inbox(open_page: Callable[..., Page], company: Path) -> None:
    page = open_page()
    page.click("#view")
    say(page, "my parcel, says ann@example.org, is late")
    notes = page.locator(".notes")
    right = notes.locator(".facts dd").first.locator("span").first.inner_text()
    chosen = next(label for label in ("negative", "positive") if label != right)
    assert not notes.locator(".save").is_visible()
    notes.locator("select").select_option(chosen)
    notes.locator(".save").click()
    notes.locator(".learned").wait_for()
    assert notes.locator(".learned").inner_text() == chosen
    (file,) = (company / ModelPaths(MODEL).inbox).glob("service-*.jsonl")
    assert json.loads(file.read_text(encoding="utf-8").splitlines()[-1]) == {
        "text": "my parcel, says [e-mail], is late",
        "label": chosen,
    }
    page.reload()
    page.locator(".learned").wait_for()


def test_a_customers_thumb_is_kept(open_page: Callable[..., Page]) -> None:
    page = open_page()
    say(page, RETURN)
    up = page.locator("[data-verdict=up]")
    up.click()
    page.locator("[data-verdict=up][aria-pressed=true]").wait_for()
    assert page.locator("#status").inner_text() == "Thank you for telling us"
    page.reload()
    page.locator("[data-verdict=up][aria-pressed=true]").wait_for()


def test_a_conversation_is_saved_begun_anew_and_deleted(open_page: Callable[..., Page]) -> None:
    page = open_page()
    say(page, RETURN)
    page.click("#more")
    with page.expect_download() as saved:
        page.click("#save-text")
    assert RETURNS in Path(saved.value.path()).read_text(encoding="utf-8")
    page.click("#more")
    with page.expect_download() as saved:
        page.click("#save-json")
    kept = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
    assert kept["turns"][0]["text"] == RETURN
    page.click("#more")
    page.click("#delete")
    page.click("#gone")
    page.locator("#welcome").wait_for()
    assert page.locator(".turn").count() == 0
    answer = page.request.get(f"{page.url}sessions/{kept['session']}")
    assert answer.status == 404


def test_a_conversation_that_has_expired_begins_anew(open_page: Callable[..., Page]) -> None:
    page = open_page()
    say(page, RETURN)
    first = page.evaluate("() => sessionStorage.getItem('conversation')")
    assert page.request.delete(f"{page.url}sessions/{first}").status == 204
    # The browser itself logs the 404 that is expected here.
    page.evaluate("() => sessionStorage.removeItem('conversation')")
    page.reload()
    page.locator("#welcome").wait_for()
    say(page, RETURN)
    assert page.evaluate("() => sessionStorage.getItem('conversation')") != first


def test_a_token_of_the_address_is_sent_and_shown_no_more(browser: Browser, tmp_path: Path) -> None:
    lay_out(lay_out_plain(tmp_path, {}))
    rate = Rate(per_minute=600, burst=100)
    token, shown = tokens.issue("ann", scopes=("infer",), models=None, rate=rate, expires=None)
    store.add(token, tmp_path / TOKENS)
    with service(tmp_path, "service.yaml") as address:
        page = browser.new_page()
        page.goto(f"{address}/service/#token={shown}")
        page.locator("#examples button").first.wait_for()
        assert page.url == f"{address}/service/"
        assert not page.locator("#view").is_visible()
        say(page, RETURN)
        assert page.locator(".notes").count() == 0
        page.click("#more")
        with page.expect_download() as saved:
            page.click("#save-text")
        assert RETURN in Path(saved.value.path()).read_text(encoding="utf-8")
        page.close()


def test_colours_can_be_read_in_light_and_in_dark(open_page: Callable[..., Page]) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text; 1.4.11: 3 to 1 for what controls are known by."""
    pairs = {
        ("--ink", "--paper"): 4.5,
        ("--ink", "--surface"): 4.5,
        ("--ink", "--accent-soft"): 4.5,
        ("--muted", "--paper"): 4.5,
        ("--muted", "--surface"): 4.5,
        ("--accent", "--surface"): 4.5,
        ("--accent", "--accent-soft"): 4.5,
        ("--on-accent", "--accent"): 4.5,
        ("--signal", "--surface"): 4.5,
        ("--signal", "--signal-soft"): 4.5,
        ("--paper", "--signal"): 4.5,
        ("--edge", "--paper"): 3.0,
        ("--edge", "--surface"): 3.0,
    }
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        names = sorted({name for pair in pairs for name in pair})
        read = "(n) => n.map((one) => getComputedStyle(document.body).getPropertyValue(one).trim())"
        colours = dict(zip(names, page.evaluate(read, names), strict=True))
        for (one, other), least in pairs.items():
            assert _contrast(colours[one], colours[other]) >= least, (scheme, one, other)


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
