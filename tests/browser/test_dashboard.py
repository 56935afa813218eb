"""The dashboard in a real browser: what it shows, to whom it yields nothing, on which screens."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests
import rig_rows
from playwright.sync_api import Browser, Page, sync_playwright

from rigtasks.eventstore.migrate import upgrade
from rigtasks.local.ports import LOOPBACK, any_free_port
from rigtasks.testing.services import TemporaryPostgres

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WAIT = 20.0
SCREENS = {"desk": (1280, 900), "phone": (390, 844), "narrow": (320, 640)}


@pytest.fixture(scope="module")
def filled_url(postgres: TemporaryPostgres) -> Iterator[str]:
    yield from served(postgres, filled=True)


@pytest.fixture(scope="module")
def empty_url(postgres: TemporaryPostgres) -> Iterator[str]:
    yield from served(postgres, filled=False)


def served(postgres: TemporaryPostgres, *, filled: bool) -> Iterator[str]:
    database = postgres.create_database(postgres.template("migrated", upgrade))
    if filled:
        rig_rows.fill(database)
    port = any_free_port()
    options = ("--interface", "wsgi", "--host", LOOPBACK, "--port", str(port), "--no-ws")
    process = subprocess.Popen(
        (sys.executable, "-m", "granian", *options, "webhook_receiver.wsgi:app"),
        env={
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database,
            "RIG_WEBHOOK_SECRET": "of-this-test",
        },
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://{LOOPBACK}:{port}"
        wait_for(f"{url}/healthz")
        yield f"{url}/dashboard"
    finally:
        process.terminate()
        process.wait(WAIT)
        postgres.drop_database(database)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + WAIT
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < deadline:
            try:
                if session.get(url, timeout=WAIT).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
    raise AssertionError("the receiver did not start")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a page and check that it stayed silent and within its own address."""
    fresh = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    hosts: set[str] = set()
    fresh.on("console", lambda message: complaints.append(message.text))
    fresh.on("pageerror", lambda error: complaints.append(str(error)))
    fresh.on("dialog", lambda dialog: complaints.append(dialog.message))
    fresh.on("request", lambda request: hosts.add(re.split(r"[/:]+", request.url)[1]))
    yield fresh
    fresh.close()
    assert complaints == []
    assert hosts == {LOOPBACK}


def test_what_needs_somebody_comes_first_with_why_and_who(page: Page, filled_url: str) -> None:
    page.goto(filled_url)
    first = page.locator(".needing > li").first
    assert "octo/price-api#142" in first.inner_text()
    assert "The tests failed in 3 of 3 attempts" in first.inner_text()
    assert "mona must act" in first.inner_text()
    texts = page.locator(".needing > li").all_inner_texts()
    assert "held" in texts[-1], "what goes on by itself stood before what does not"
    assert any("grant the App checks:write" in text for text in texts)
    assert page.locator(".tiles li").first.inner_text().split() == ["4", "need", "you"]
    assert "repo:9 is stopped by mona" in page.locator(".stop").inner_text()
    assert page.title().startswith("4 need you")


def test_issues_runs_agents_events_and_deliveries_are_shown(page: Page, filled_url: str) -> None:
    page.goto(filled_url)
    for section, words in {
        "issues": ["ready to merge", "#62", "≥ $0.12", "cancelled", "The label was removed"],
        "runs": ["running", "bubblewrap", "none", "test_discounts_round_half_up", "77.7 k"],
        "agents": ["dev-e-dotnet", "silent for 22 min", "waiting"],
        "events": ["Review disputed", "A negative quantity still reaches the total"],
        "deliveries": ["routed to dev-e-python", "ignored: no agent-ready label", "quarantined"],
    }.items():
        text = page.locator(f"section[aria-labelledby={section}]").inner_text()
        assert [word for word in words if word not in text] == []
    page.locator(".health summary").click()
    assert "does not answer since 12 s" in page.locator(".health").inner_text()


def test_what_strangers_wrote_stays_text(page: Page, filled_url: str) -> None:
    page.goto(filled_url)
    body = page.locator("body").inner_text()
    assert rig_rows.HOSTILE_TITLE in body
    assert "octo/<b>shop</b>" in body
    assert "\u202e" not in body
    assert "\u200b" not in body
    assert "Fix \ufffdgnp.exe\ufffd price" in body
    assert page.locator("#live script, #live img[onerror], #live b:text-is('shop')").count() == 0
    schemes = page.eval_on_selector_all("a[href]", "links => links.map(link => link.protocol)")
    assert set(schemes) <= {"http:", "https:"}


def test_the_policy_forbids_foreign_and_inline_code(page: Page, filled_url: str) -> None:
    answer = page.goto(filled_url)
    assert answer is not None
    policy = answer.header_value("Content-Security-Policy") or ""
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.locator("[style], style, script:not([src])").count() == 0


@pytest.mark.parametrize("screen", SCREENS)
def test_no_screen_has_to_be_scrolled_sideways(page: Page, filled_url: str, screen: str) -> None:
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(filled_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".needing > li").first.is_visible()


CONTRAST = """
() => {
  const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const poor = [];
  const walker = document.createTreeWalker(document.getElementById("live"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const grounds = [];
    for (let e = element; e; e = e.parentElement) grounds.unshift(getComputedStyle(e).backgroundColor);
    const ground = light(paint(grounds));
    const ink = light(paint([...grounds, getComputedStyle(element).color]));
    const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
    if (ratio < 4.5) poor.push(`${walker.currentNode.data.trim()} ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""  # noqa: E501 - one line of the browser's language


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: Page, filled_url: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(filled_url)
    assert page.evaluate(CONTRAST) == []


def test_headings_landmarks_and_tables_are_real(page: Page, filled_url: str) -> None:
    page.goto(filled_url)
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("html[lang=en]").count() == 1
    assert page.locator("table th:not([scope])").count() == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_an_empty_rig_says_what_to_do(page: Page, empty_url: str) -> None:
    page.goto(empty_url)
    body = page.locator("body").inner_text()
    assert "Nothing needs you. 0 issues are in work." in body
    assert "Label one agent-ready" in body
    assert page.locator("table").count() == 0


def test_the_page_keeps_itself_current_without_losing_its_place(
    page: Page, filled_url: str
) -> None:
    page.clock.install()
    page.goto(filled_url)
    page.evaluate("document.getElementById('live').dataset.old = 'yes'; window.scrollTo(0, 500)")
    page.clock.run_for(6_000)
    page.wait_for_selector("#live:not([data-old])")
    assert page.evaluate("window.scrollY") == 500
    assert page.locator("#live").count() == 1
