"""What goes on beside a test of a lab: something again and again, and rows that are written all the time."""
import subprocess
import threading


class Beside:
    """Does something again and again, with a pause, beside what stands in its `with`."""

    def __init__(self, pause):
        self.pause, self.end = pause, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.end.wait(self.pause):
            self.once()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


class Writer(Beside):
    """While it runs: inserts a row every 100 ms through one TiDB after the other, and notes those that were acknowledged. `ask`: a
    statement, asked of one of `through`; it gives what was answered, or raises. Two that write to one lab need ids of their own."""

    def __init__(self, ask, through, token, first=2_000_000_000):
        self.ask, self.through, self.token, self.first = ask, through, token, first
        self.acknowledged, self.number = [], 0
        super().__init__(0.1)

    def once(self):
        self.number += 1
        row = self.first + self.number
        try:
            self.ask(self.through[self.number % len(self.through)], f"insert into test.tidelab_check (id, token, note) values ({row}, '{self.token}', 'written')")
        except subprocess.SubprocessError:
            return  # nobody knows whether it is there
        self.acknowledged.append(row)

    def all_arrived(self):
        there = self.ask(self.through[0], f"select id from test.tidelab_check_sink where token = '{self.token}'").split()
        return {str(row) for row in self.acknowledged} <= set(there)
