"""The Prometheus that scrapes every agent each second, or each 15, and what it stored."""

import json
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
        address = (self._directory / "address").read_text()
        url = f"http://{address}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(url, timeout=10) as response:
            answer = json.load(response)
        return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]

    def last(self, selector, by):
        """The last value stored of each series, by a label's value; also of a target that has gone."""
        return {labels.get(by, ""): value for labels, value in self.query(f"last_over_time({selector}[1h])")}
