"""Opens report pages in headless Chromium and holds them to what they promise.

usage: check_pages.py FOLDER [--shots FOLDER]

FOLDER has demo/, hostile/ and large/, each with a report.html, what-if/ with a
comparison.html and sweep/ with an index.html. Of the demo's page and of the last two
at three widths and in both themes, and of the others at the narrowest and the
widest, one in each theme: nothing is logged, nothing is asked for, nothing
lies beside the window, all charts are drawn and named, and text stands out from
what is below it. Then: tables are sorted by mouse and keys, charts move by keys
and have their figures as a table, runs are found, the theme button works, job
names are text whatever they hold, the large page opens quickly, changes have
their intervals, and the dots of a sweep tell what they are.

Prints a line for each failure; exits with 1 if there is one.
"""

import argparse
import base64
import json
import os
import sys
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

_EVERYWHERE = [(width, theme) for width in (400, 900, 1600) for theme in ("light", "dark")]
_LOOKS = {
    "demo": _EVERYWHERE,
    "hostile": [(400, "light"), (1600, "dark")],
    "large": [(400, "dark"), (1600, "light")],
    "what-if": _EVERYWHERE,
    "sweep": _EVERYWHERE,
}
_MAX_WORK_S = 3.0
# The file of each page, and how many charts it has at least.
_PAGES = {"demo": ("report.html", 8), "hostile": ("report.html", 8), "large": ("report.html", 8),
          "what-if": ("comparison.html", 0), "sweep": ("index.html", 0)}

# Text and what is below it, with the least contrast that WCAG AA asks for.
_CONTRAST = """
const channel = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
const parse = c => c.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
const below = e => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const texts = document.querySelectorAll("h1, h2, h3, p, a, button, dt, dd, td, th, small, summary, label, output");
return [...texts].filter(e => e.offsetParent && e.textContent.trim() && !e.disabled).map(e => {
  const a = light(parse(getComputedStyle(e).color)), b = light(below(e));
  return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName + " " + e.textContent.trim().slice(0, 40)];
}).filter(([ratio]) => ratio < 4.5).map(([ratio, what]) => ratio.toFixed(2) + " " + what);
"""

_BLANK = """
return [...document.querySelectorAll("canvas")].filter(c => {
  if (!c.width || !c.height) return true;
  const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  for (let i = 3; i < d.length; i += 4) if (d[i]) return false;
  return true;
}).length;
"""

_UNNAMED = """
const named = e => e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.textContent.trim();
return [
  ...[...document.querySelectorAll("canvas")]
    .filter(c => !c.closest("[role=img][aria-label], [role=application][aria-label], .gantt")).map(() => "canvas"),
  ...[...document.querySelectorAll("button, input, select, a, section, nav")]
    .filter(e => !named(e)).map(e => e.outerHTML.slice(0, 80)),
  ...[...document.querySelectorAll("figure")]
    .filter(f => !f.querySelector("details")).map(f => "no table: " + f.textContent.slice(0, 40)),
  ...["header", "nav", "main", "footer", "h1"].filter(t => document.querySelectorAll(t).length !== 1),
];
"""


class Checks:
    """The browser, and what went wrong so far."""

    def __init__(self, folder):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.folder = folder
        self.failures = 0
        self.where = ""

    def expect(self, holds, what):
        if not holds:
            self.failures += 1
            print("FAILED %s: %s" % (self.where, what))

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def one(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def size(self, width, height=900):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def open(self, page, width, theme):
        self.where = "%s, %d px, %s" % (page, width, theme)
        self.size(width)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": theme}]})
        self.driver.get_log("performance")  # what was before is another page's
        self.driver.get("file://%s/%s/%s" % (self.folder, page, _PAGES[page][0]))

    def look_through(self):
        """Brings everything into sight once, so that it is drawn."""
        self.size(self.js("return innerWidth"), min(self.js("return document.documentElement.scrollHeight"), 14000))
        time.sleep(0.4)

    def shot(self, path):
        image = self.driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(image))

    def finish(self):
        """What holds of every page at any time."""
        for entry in self.driver.get_log("browser"):
            self.expect(False, "logged: " + entry["message"][:300])
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                self.expect(url.startswith("file://" + self.folder), "asked for " + url[:200])
        self.expect(self.js("return document.documentElement.scrollWidth <= innerWidth"), "wider than the window")

    # --- What is checked.

    def looks(self, page, shots):
        for width, theme in _LOOKS[page]:
            self.open(page, width, theme)
            self.look_through()
            if shots:
                self.shot(os.path.join(shots, "%s-%d-%s.png" % (page, width, theme)))
            self.expect(self.js("return document.querySelectorAll('canvas').length") >= _PAGES[page][1], "charts are missing")
            self.expect(self.js(_BLANK) == 0, "a chart is blank")
            unnamed = self.js(_UNNAMED)
            self.expect(not unnamed, "without a name or a table: %s" % unnamed[:5])
            faint = self.js(_CONTRAST)
            self.expect(not faint, "too faint: %s" % faint[:5])
            dark = self.js("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 128")
            self.expect(dark == (theme == "dark"), "the theme is not the system's")
            self.finish()

    def first_column(self, table):
        return [e.text for e in table.find_elements(By.CSS_SELECTOR, "tbody th")]

    def column(self, table, index):
        cells = table.find_elements(By.CSS_SELECTOR, "tbody tr > :nth-child(%d)" % (index + 1))
        return [float(c.text.replace(",", "")) for c in cells]

    def sorts(self):
        self.open("demo", 1600, "light")
        table = self.one("#teams table")
        heads = table.find_elements(By.CSS_SELECTOR, "thead th")
        labels = [h.text.split("\n")[0].strip(" ↕↑↓") for h in heads]
        jobs = labels.index("Jobs")
        button = heads[jobs].find_element(By.TAG_NAME, "button")
        button.click()
        self.expect(heads[jobs].get_attribute("aria-sort") == "descending", "a click sorts, largest first")
        values = self.column(table, jobs)
        self.expect(len(values) > 1 and values == sorted(values, reverse=True), "largest first: %s" % values)
        button.send_keys(Keys.ENTER)
        self.expect(heads[jobs].get_attribute("aria-sort") == "ascending", "the same key again turns it")
        self.expect(self.column(table, jobs) == sorted(values), "smallest first")
        name = heads[0].find_element(By.TAG_NAME, "button")
        name.send_keys(Keys.SPACE)
        names = self.first_column(table)
        self.expect(names == sorted(names), "names by the space bar: %s" % names)
        self.expect(heads[jobs].get_attribute("aria-sort") is None, "one column sorts at a time")
        self.expect(self.one("#status").get_attribute("textContent").startswith("Sorted by Queue"), "sorting is said")
        self.finish()

    def keys(self):
        self.open("demo", 1600, "light")
        self.look_through()
        shown = self.one(".range output")
        whole = shown.text
        plot = self.one("#usage .plot")
        plot.send_keys("+")
        self.expect(shown.text != whole, "plus zooms")
        zoomed = shown.text
        plot.send_keys(Keys.ARROW_RIGHT)
        self.expect(shown.text != zoomed, "arrows move")
        plot.send_keys("0")
        self.expect(shown.text == whole, "0 shows all")
        self.expect(self.js("return getComputedStyle(document.activeElement).outlineStyle") != "none", "focus is seen")
        self.one("#usage details summary").click()
        rows = self.driver.find_elements(By.CSS_SELECTOR, "#usage details[open] tbody tr")
        self.expect(len(rows) > 10, "figures as a table")
        legend = self.one("#usage .legend button")
        legend.send_keys(Keys.ENTER)
        self.expect(legend.get_attribute("aria-pressed") == "false", "a line is hidden by its button")
        self.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
        self.finish()

    def theme_button(self):
        self.open("demo", 900, "light")
        colour = "return getComputedStyle(document.body).backgroundColor"
        before = self.js(colour)
        self.one("#theme").click()
        self.expect(self.js(colour) != before, "the button changes the theme")
        self.one("#theme").click()
        self.expect(self.js(colour) == before, "and back")
        self.js("localStorage.clear()")
        self.finish()

    def finds_runs(self):
        self.open("hostile", 1600, "light")
        self.look_through()
        box = self.one("#runs input[type=search]")
        box.send_keys("<IMG SRC")
        box.send_keys(Keys.ENTER)
        chosen = self.one("#runs .chosen").text
        self.expect("<img src=x onerror=alert(1)>" in chosen, "the run that is found is told: " + chosen)
        self.one("#runs select").send_keys("node")
        self.one("#runs .lanes").send_keys("n")
        time.sleep(0.2)
        self.expect(self.js(_BLANK) == 0, "a band for each node")
        self.expect(self.driver.title == "Replay of hostile.jsonl", "a name took over the page: " + self.driver.title)
        self.expect(not self.driver.find_elements(By.CSS_SELECTOR, "img, iframe, object"), "a name became an element")
        self.finish()

    def compares(self):
        self.open("what-if", 1600, "light")
        rows = self.js("return Muster.data.others[0].teams.length")
        self.expect(len(self.driver.find_elements(By.CSS_SELECTOR, "#run-0 .changes:first-of-type .dot")) >= rows,
                    "each queue has its change")
        self.expect("All queues" in self.one("#run-0 .changes").get_attribute("aria-label"), "changes are told")
        left = "const r = arguments[0].getBoundingClientRect(); return r.left + r.width / 2"
        for dot in self.driver.find_elements(By.CSS_SELECTOR, "#run-0 .dot.less"):
            zero = dot.find_element(By.XPATH, "..").find_element(By.CSS_SELECTOR, ".zero")
            self.expect(self.js(left, dot) < self.js(left, zero), "what is less lies left of the line")
        self.expect("No difference" in self.one("#run-2").text, "a variant that changes nothing says so")
        self.finish()

    def sweeps(self):
        self.open("sweep", 900, "dark")
        dots = self.driver.find_elements(By.CSS_SELECTOR, "#trade-off circle")
        self.expect(len(dots) == self.js("return Muster.data.points.length"), "a dot for each point")
        self.expect(self.driver.find_elements(By.CSS_SELECTOR, "#trade-off circle.best"), "some are the best")
        self.js("arguments[0].focus()", dots[-1])
        told = self.one("#trade-off .told-point")
        self.expect(told.text.startswith(dots[-1].get_attribute("aria-label")), "a dot tells what it is: " + told.text)
        before = dots[0].get_attribute("cx")
        self.js("""const s = document.querySelector("#trade-off select");
                   s.selectedIndex = s.options.length - 1; s.dispatchEvent(new Event("change"))""")
        self.expect(self.one("#trade-off circle").get_attribute("cx") != before, "another figure, another place")
        width = "return document.querySelector('#trade-off svg').clientWidth"
        wide = self.js(width)
        self.size(400)
        time.sleep(0.2)
        self.expect(self.js(width) < wide and self.js("return document.documentElement.scrollWidth <= innerWidth"),
                    "the plot follows the window")
        self.finish()

    def opens_quickly(self):
        """By the processor's time of the page's thread: the machine may have other things to do."""
        self.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        worked, drawn = [], []
        for _ in range(3):
            self.driver.get("about:blank")
            self.open("large", 1600, "light")
            self.driver.execute_async_script("""
                const done = arguments[0];
                const look = () => performance.getEntriesByName("drawn").length ? done() : setTimeout(look, 20);
                look();""")
            metrics = self.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            worked.append(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))
            drawn.append(self.js("return performance.getEntriesByName('drawn')[0].startTime") / 1000)
        size = os.path.getsize(os.path.join(self.folder, "large", "report.html"))
        jobs = self.js("return Muster.data.total.jobs")
        print("The page of %s jobs has %s bytes and is drawn after %.2f s, %.2f s of them work" % (
            format(jobs, ","), format(size, ","), min(drawn), min(worked)))
        self.expect(min(worked) < _MAX_WORK_S, "opening is %.2f s of work, over %.1f s" % (min(worked), _MAX_WORK_S))
        self.finish()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--shots")
    arguments = parser.parse_args()
    if arguments.shots:
        os.makedirs(arguments.shots, exist_ok=True)
    checks = Checks(os.path.abspath(arguments.folder))
    try:
        for page in _LOOKS:
            checks.looks(page, arguments.shots)
        checks.sorts()
        checks.keys()
        checks.theme_button()
        checks.finds_runs()
        checks.compares()
        checks.sweeps()
        checks.opens_quickly()
    finally:
        checks.driver.quit()
    print("%d failures" % checks.failures)
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
