"""Debian's Chromium, without a window, on an agent's status page."""

import shutil

from selenium import webdriver
from selenium.webdriver.common.by import By

from .until import PATIENCE, until


class Browser:
    def __init__(self, logs, width=1100, height=1400, dark=False):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        # As root, and on a machine with little shared memory.
        for each in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(each)
        options.add_argument(f"--window-size={width},{height}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"), log_output=str(logs))
        self._driver = webdriver.Chrome(options, service)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        # A window of less than 500 pixels is not to be had: a phone is emulated.
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._driver.quit()

    def open(self, address):
        self._driver.get(f"http://{address}/")

    @property
    def title(self):
        return self._driver.title

    def text(self, selector="body"):
        return self._driver.find_element(By.CSS_SELECTOR, selector).text

    def evaluate(self, expression):
        return self._driver.execute_script(f"return {expression.strip()}")

    def wait_for(self, text, selector="body", within=PATIENCE):
        """Until the page shows it there."""
        try:
            until(f"“{text}” at {selector}", lambda: text in self.text(selector), within)
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows: {self.text(selector)}") from None

    def problems(self):
        """What the console has said since it was last asked: errors and warnings."""
        return [each["message"] for each in self._driver.get_log("browser") if each["level"] != "INFO"]

    def fetched(self):
        """Addresses of everything that the page has loaded."""
        return self.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")

    def picture(self, path):
        self._driver.save_screenshot(str(path))
