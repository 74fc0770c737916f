"""The Prometheus that scrapes every agent each second, or each 15, and what it stored."""

import json
import time
import urllib.parse
import urllib.request


class Prometheus:
    def __init__(self, directory):
        self._directory = directory

    def scrape(self, address, slowly=False, **labels):
        """Has the target scraped from now on; gives the file to remove when it is gone."""
        file = self._directory / ("slow-targets" if slowly else "targets") / ("-".join(labels.values()) + ".json")
        new = file.with_suffix(".new")
        new.write_text(json.dumps([{"targets": [address], "labels": labels}]))
        new.rename(file)
        return file

    def query(self, expression):
        """An instant query's result: [({label: value}, number)]."""
        result = self._ask("query", query=expression)["result"]
        return [(each["metric"], float(each["value"][1])) for each in result]

    def exemplars(self, selector):
        """The labels of each exemplar of these series in the last hour."""
        now = time.time()
        result = self._ask("query_exemplars", query=selector, start=now - 3600, end=now)
        return [exemplar["labels"] for each in result for exemplar in each["exemplars"]]

    def _ask(self, what, **parameters):
        address = (self._directory / "address").read_text()
        url = f"http://{address}/api/v1/{what}?" + urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)["data"]

    def last(self, selector, by):
        """The last value stored of each series, by a label's value; also of a target that has gone."""
        return {labels.get(by, ""): value for labels, value in self.query(f"last_over_time({selector}[1h])")}
