"""A program on a terminal of its own, as a person sees it and types at it; and eyes for words that nobody shall see."""
import errno
import os
import pathlib
import pty
import select
import signal
import termios
import threading
import time


class Terminal:
    def __init__(self, argv, environment):
        self.seen, self.at = "", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, environment)

    def read(self, until):
        """What comes next; None at the end."""
        ready, _, _ = select.select([self.fd], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more came in time after:\n{self.seen[-3000:]}")
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # nobody has the terminal open any more
                raise
            data = b""
        self.seen += data.decode(errors="replace")
        return data or None

    def expect(self, text, seconds=120):
        """Waits until it is shown, behind what was expected before."""
        until = time.monotonic() + seconds
        while self.seen.find(text, self.at) < 0:
            if self.read(until) is None:
                raise AssertionError(f"it ended without `{text}`:\n{self.seen[-3000:]}")
        self.at = self.seen.find(text, self.at) + len(text)

    def converse(self, answers, seconds=600):
        """Answers whatever of it is shown, in whatever order, to the end. What was answered, in order, and the exit code."""
        given, until = [], time.monotonic() + seconds
        while True:
            found = [(self.seen.find(prompt, self.at), -len(prompt), prompt) for prompt in answers]
            if shown := sorted(each for each in found if each[0] >= 0):
                place, _, prompt = shown[0]
                self.at = place + len(prompt)
                given.append(prompt)
                self.type(answers[prompt] + "\n")
            elif self.read(until) is None:
                return given, self.end()

    def type(self, text):
        os.write(self.fd, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self, seconds=300):
        """Its exit code."""
        until = time.monotonic() + seconds
        while self.read(until) is not None:
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def close(self):
        """Whatever the test came to."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.fd)
            self.pid = None


class Watch:
    """Looks all the while whether a process has one of the words in its arguments or environment."""

    def __init__(self, *words):
        self.words, self.found, self.looks, self.over = [w.encode() for w in words], [], 0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while True:
            for entry in pathlib.Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        text = (entry / name).read_bytes()
                    except OSError:
                        continue
                    self.found += [(name, text) for word in self.words if word in text]
            self.looks += 1
            if self.over.wait(0.02):
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
