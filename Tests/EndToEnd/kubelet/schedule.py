"""When something is due, and the requests that are made then."""

import heapq
import itertools
import queue
import threading
import time

from .api import API, LOST, RETRY_SECONDS, Answer, log

WORKERS = 4


class Schedule:
    """One thread, one heap; the requests are made by a few workers, each with a connection."""

    def __init__(self, directory):
        self.directory = directory
        self.changed = threading.Condition()
        self.heap = []  # (due, number, UID, action)
        self.numbers = itertools.count()
        # A pod's reports all go through one worker, so that Running never overtakes Succeeded.
        self.work = [queue.SimpleQueue() for _ in range(WORKERS)]

    def start(self):
        targets = [(self.run, ())] + [(self.run_worker, (number,)) for number in range(WORKERS)]
        for target, arguments in targets:
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def at(self, due, uid, action):
        with self.changed:
            heapq.heappush(self.heap, (due, next(self.numbers), uid, action))
            self.changed.notify()

    def run(self):
        while True:
            with self.changed:
                while not self.heap or self.heap[0][0] > time.monotonic():
                    self.changed.wait(max(0, self.heap[0][0] - time.monotonic()) if self.heap else None)
                _, _, uid, action = heapq.heappop(self.heap)
            self.work[hash(uid) % WORKERS].put((uid, action))

    def run_worker(self, number):
        api = API(self.directory)
        while True:
            uid, action = self.work[number].get()
            try:
                action(api)
            except Answer as answer:
                if answer.status in (400, 422):
                    log(f"gives up: {answer}")
                elif answer.status != 404:
                    # Also a 409: if the pod was replaced under its name, the watch tells before the next attempt.
                    log(f"will try again: {answer}")
                    self.at(time.monotonic() + RETRY_SECONDS, uid, action)
            except LOST as error:
                log(f"will try again: {type(error).__name__}: {error}")
                self.at(time.monotonic() + RETRY_SECONDS, uid, action)
