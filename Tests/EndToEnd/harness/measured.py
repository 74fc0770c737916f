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
    """Watches /proc/PID/status: `kibibytes` of anonymous memory, which is what the process allocated, without the files of
    programs and libraries, and `resident`, the kernel's own peak of all. Not wait4's ru_maxrss: that begins with the size
    of the process that forked."""

    def __init__(self, pid, every=0.05):
        self.kibibytes = self.resident = 0
        self._every = every
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
        while not self._ends.wait(self._every):
            try:
                with open(self._status) as file:
                    values = dict(each.split(":", 1) for each in file)
            except (FileNotFoundError, ProcessLookupError):
                return
            # One that has ended has no memory any more.
            if "RssAnon" in values:
                self.kibibytes = max(self.kibibytes, int(values["RssAnon"].split()[0]))
                self.resident = max(self.resident, int(values["VmHWM"].split()[0]))
