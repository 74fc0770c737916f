"""What scenarios measured, shown at the end of the run: numbers to know that no test asserts closely."""

import threading


def pytest_terminal_summary(terminalreporter):
    lines = [
        f"{report.nodeid.rsplit('::')[-1]}: {name} {value}"
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, value in report.user_properties
    ]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)


class MemoryPeak:
    """Watches how much anonymous memory a process has: what it allocated, without the libraries' files."""

    def __init__(self, pid):
        self.kibibytes = 0
        self._status = f"/proc/{pid}/status"
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()

    def _watch(self):
        while not self._ends.wait(0.05):
            try:
                with open(self._status) as file:
                    line = next((each for each in file if each.startswith("RssAnon:")), None)
            except FileNotFoundError:
                return
            if line:
                self.kibibytes = max(self.kibibytes, int(line.split()[1]))
