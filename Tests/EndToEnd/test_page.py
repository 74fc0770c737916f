"""The status page, in a real browser."""

import http.client
import json
import signal
import time

import pytest

from harness.browser import Browser
from harness.checks import check
from harness.gate import Gate
from harness.until import until


@pytest.fixture
def browser(scenario):
    with Browser(scenario.logs / "chromedriver.log") as browser:
        yield browser


def test_the_page_follows_a_drain_to_its_end(scenario, browser):
    scenario.deployment("web", replicas=2)
    scenario.deployment("free", replicas=3)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar()
    browser.open(agent.address)
    browser.wait_for("No drain yet")
    browser.wait_for("live", "#link")
    assert browser.text("#node") == f"node/{scenario.node}"
    agent.trigger()
    browser.wait_for("3 of 5", "#gone")
    browser.wait_for(f"budget {scenario.namespace}/web can never allow", "#blockers")
    browser.wait_for("2 pods", "#blockers")
    # What GET /drain says a person can do, word for word.
    (blocker,) = agent.wait_for("advice", lambda state: state["blockers"] and state["blockers"][0].get("advice"))[
        "blockers"
    ]
    browser.wait_for(blocker["advice"], "#blockers")
    assert browser.text("#legend").split() == [
        *("gone", "3", "terminating", "0", "evicting", "0", "queued", "0", "retrying", "0", "blocked", "2"),
        *("failed", "0"),
    ]
    # Those that hold things up come first.
    rows = browser.evaluate("[...document.querySelectorAll('#pods tr')].map((row) => row.children[1].textContent)")
    assert rows == ["blocked", "blocked", "gone", "gone", "gone"]
    bars = browser.evaluate("document.querySelectorAll('#pods tr:first-child .track .blocked').length")
    assert bars > 0
    browser.evaluate("document.getElementById('find').value = '/free-'") or browser.evaluate(
        "document.getElementById('find').dispatchEvent(new Event('input'))"
    )
    until("only what was looked for", lambda: browser.evaluate("document.querySelectorAll('#pods tr').length") == 3)
    browser.wait_for("eviction is blocked", "#feed")
    assert browser.title.startswith("3/5 draining")
    scenario.change_budget("web", maxUnavailable=2)
    browser.wait_for("5 of 5", "#gone")
    browser.wait_for("completed", "#state")
    browser.wait_for("drain ended", "#feed")
    assert "completed, 5 of 5 pods gone" in browser.evaluate("document.getElementById('alert').textContent")
    assert all(each.startswith(f"http://{agent.address}/drain/events") for each in browser.fetched())
    drained = check(agent)
    assert len(drained.accepted) == 5
    browser.wait_for("the agent has ended", "#link")
    # That the agent has gone is no error of the page.
    assert [each for each in browser.problems() if "ERR_CONNECTION_REFUSED" not in each and "ERR_" not in each] == []


def test_the_page_comes_back_with_the_agent(scenario, browser):
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    first = scenario.sidecar()
    browser.open(first.address)
    browser.wait_for("live", "#link")
    first.trigger()
    browser.wait_for("can never allow", "#blockers")
    assert browser.problems() == []
    first.signal(signal.SIGKILL)
    first.exit_code()
    first.end_scrapes()  # or they would go on with the next one, at the same address
    browser.wait_for("connection lost", "#link")
    again = scenario.sidecar("--listen", first.address)
    browser.wait_for("live", "#link")
    browser.wait_for("resumed", "#trigger")
    again.wait_for_the_end_in_the_background()
    scenario.change_budget("held", maxUnavailable=1)
    browser.wait_for("completed", "#state")
    check(again)


def test_the_page_comes_back_after_a_proxys_503(scenario, browser):
    agent = scenario.sidecar()
    with Gate(scenario, agent.address) as gate:
        browser.open(gate.address)
        browser.wait_for("live", "#link")
        gate.shut()
        browser.wait_for("connection lost, trying again", "#link")
        until("two attempts", lambda: gate.refused >= 2)
        # What the proxy says is not shown in the page's place.
        assert browser.text("#node") == f"node/{scenario.node}"
        assert browser.text("#link") == "connection lost, trying again"
        gate.open()
        browser.wait_for("live", "#link")


@pytest.mark.long
def test_a_node_that_falls_silent_is_not_called_live(scenario, browser):
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    agent = scenario.sidecar()
    browser.open(agent.address)
    browser.wait_for("live", "#link")
    agent.trigger()
    browser.wait_for("can never allow", "#blockers")
    # Quiet is not silent: for longer than the page waits, nothing happens.
    browser.evaluate(
        "(() => { window.said = []; new MutationObserver(() => said.push(at('link').textContent))"
        ".observe(at('link'), { childList: true, characterData: true, subtree: true }); })()"
    )
    began = time.monotonic()
    until("a quiet minute", lambda: time.monotonic() > began + 60, 70)
    assert browser.evaluate("said") == []
    # As when a node loses its power: nothing is closed, and nothing comes any more.
    agent.signal(signal.SIGSTOP)
    browser.wait_for("connection lost, trying again", "#link", within=60)
    agent.signal(signal.SIGCONT)
    browser.wait_for("live", "#link", within=60)
    scenario.change_budget("held", maxUnavailable=1)
    browser.wait_for("completed", "#state")
    assert agent.exit_code() == 0


def test_news_takes_away_neither_focus_nor_what_is_marked(scenario, browser):
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    for number in range(3):
        scenario.deployment(f"slow-{number}", stop_after=4 + 2 * number)
    agent = scenario.sidecar()
    browser.open(agent.address)
    browser.wait_for("live", "#link")
    agent.trigger()
    browser.wait_for("can never allow", "#blockers")
    browser.wait_for("blocked", "#pods")
    browser.evaluate(
        "(() => { window.focused = document.querySelector('#blockers summary'); focused.focus(); focused.click();"
        " window.marked = document.querySelector('#pods td'); getSelection().selectAllChildren(marked);"
        " window.heardOf = 0; for (const kind of ['move', 'state', 'note'])"
        " source.addEventListener(kind, () => { heardOf += 1; }); })()"
    )
    browser.wait_for("3 of 5", "#gone")
    until("three events", lambda: browser.evaluate("heardOf") >= 3)
    assert browser.evaluate("document.activeElement === focused && focused.isConnected && focused.parentElement.open")
    assert browser.evaluate("getSelection().toString() === marked.textContent && marked.isConnected")
    assert browser.problems() == []
    scenario.change_budget("web", maxUnavailable=2)
    check(agent)


def test_the_page_can_be_used_without_a_mouse_and_on_a_phone(scenario):
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar()
    with Browser(scenario.logs / "chromedriver.log", width=360, height=740, dark=True) as phone:
        phone.open(agent.address)
        phone.wait_for("live", "#link")
        agent.trigger()
        phone.wait_for("can never allow", "#blockers")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, "it must not scroll sideways"
        assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"
        # What can be done with it can be reached by the keyboard, and says what it is.
        names = phone.evaluate(
            "[...document.querySelectorAll('a,input,summary,[tabindex]')].map((each) => each.textContent.trim()"
            " || each.labels?.[0]?.textContent || each.getAttribute('aria-label') || '')"
        )
        assert len(names) >= 7 and all(names), names
        assert phone.evaluate("document.getElementById('strip').getAttribute('aria-label')") == "Pods: 2 blocked"
        assert phone.evaluate("document.querySelectorAll('[role=status],[role=alert]').length") == 2
        assert phone.problems() == []
    scenario.change_budget("web", maxUnavailable=2)
    check(agent)


LUMINANCE = """
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = channels(getComputedStyle(node).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
  };
"""
# The relation of luminances that WCAG 2.1 asks of text, 4.5, for everything that stands on the page.
CONTRASTS = f"(() => {{ {LUMINANCE}" """
  const low = [];
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim()) || !node.offsetParent) continue;
    const [a, b] = [luminance(channels(getComputedStyle(node).color)), luminance(ground(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) low.push(node.className + " " + node.textContent.trim() + " " + contrast.toFixed(1));
  }
  return low;
})()
"""


# And of what is seen without being read, 3: bars, keys, and the edge of what can be typed into.
SHAPES = f"(() => {{ {LUMINANCE}" """
  const contrast = (one, other) => {
    const [a, b] = [luminance(channels(one)), luminance(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const low = [];
  for (const key of document.querySelectorAll("#legend .key")) for (const place of ["#strip", "#pods", "#legend"]) {
    const found = contrast(getComputedStyle(key).backgroundColor, ground(document.querySelector(place)));
    if (found < 3) low.push(key.className + " on " + place + " " + found.toFixed(2));
  }
  const found = contrast(getComputedStyle(at("find")).borderTopColor, ground(at("find")));
  if (found < 3) low.push("find " + found.toFixed(2));
  const plain = [...document.querySelectorAll(".key.blocked, .strip .blocked, .track .blocked")]
    .filter((each) => !getComputedStyle(each).backgroundImage.includes("gradient"));
  return [...low, ...plain.map((each) => each.className + " is told by its colour only")];
})()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_on_the_page_can_be_read(scenario, dark):
    scenario.deployment("web")
    scenario.deployment("free")
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar()
    with Browser(scenario.logs / "chromedriver.log", dark=dark) as browser:
        browser.open(agent.address)
        browser.wait_for("live", "#link")
        assert browser.evaluate(CONTRASTS) == []
        agent.trigger()
        browser.wait_for("can never allow", "#blockers")
        browser.wait_for("1 of 2", "#gone")
        assert browser.evaluate(CONTRASTS) == []
        assert browser.evaluate(SHAPES) == []
        scenario.change_budget("web", maxUnavailable=1)
        browser.wait_for("completed", "#state")
        assert browser.evaluate(CONTRASTS) == []
    check(agent)


def test_names_and_messages_are_never_markup(scenario, browser):
    agent = scenario.sidecar()
    browser.open(agent.address)
    browser.wait_for("live", "#link")
    browser.evaluate(
        "notes.unshift({ts: new Date().toISOString(), level: 'info', msg: '<img src=x onerror=\"document.title=1\">'})"
        " && (draw(), 0)"
    )
    browser.wait_for("<img src=x", "#feed")
    # Nor does anything run that the page did not come with.
    browser.evaluate("(() => { const made = document.createElement('script'); made.textContent = 'document.title = 1';"
        " document.body.append(made); })()")
    assert browser.title != "1"
    assert any("Content Security Policy" in each for each in browser.problems())


def events(agent, until_kind):
    """What GET /drain/events tells, up to the first of that kind."""
    connection = http.client.HTTPConnection(agent.address, timeout=60)
    connection.request("GET", "/drain/events")
    response = connection.getresponse()
    assert response.headers["Content-Type"] == "text/event-stream"
    kind = None
    while line := response.readline().decode().rstrip("\n"):
        while line:
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            if line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))
                if kind == until_kind:
                    connection.close()
                    return
            line = response.readline().decode().rstrip("\n")


def test_the_events_are_a_stream_for_anybody(scenario):
    scenario.deployment("web", replicas=2, stop_after=1)
    agent = scenario.sidecar()
    stream = events(agent, "nothing")
    kind, first = next(stream)
    assert (kind, first["drain"]["state"]) == ("drain", "idle")
    agent.trigger()
    moves = []
    for kind, data in stream:
        if kind == "move":
            moves.append(data)
        if kind == "state" and data["drain"]["state"] == "completed":
            break
    stream.close()
    for uid in {each["uid"] for each in moves}:
        own = [each for each in moves if each["uid"] == uid]
        assert own[0]["from"] == "queued" and own[-1]["to"] == "gone"
        assert [each["from"] for each in own[1:]] == [each["to"] for each in own[:-1]]
    drained = check(agent)
    assert len({each["uid"] for each in moves}) == len(drained.accepted)
