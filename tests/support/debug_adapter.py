"""Start a script in debugpy's adapter, with the messages that VSCode sends when F5 is pressed."""

import json
import subprocess
import sys
import threading


class DebugAdapter:
    """A debugging session. Events are kept in the order in which they arrive."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "debugpy.adapter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.sent = 0
        self.events = []

    def __enter__(self):
        self.watchdog = threading.Timer(60, self.process.kill)
        self.watchdog.start()
        return self

    def __exit__(self, *_):
        self.watchdog.cancel()
        self.process.kill()
        self.process.communicate()

    def send(self, command, **arguments):
        self.sent += 1
        message = {"seq": self.sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def wait_for(self, *names):
        """Read messages until an event, or the response to a command, has one of the names."""
        while True:
            head = self.process.stdout.readline()
            if not head:
                raise EOFError(f"the adapter has ended: {self.events}")
            self.process.stdout.readline()
            message = json.loads(self.process.stdout.read(int(head.split(b":")[1])))
            self.events.append(message)
            if message.get("event", message.get("command")) in names:
                return message.get("event", message.get("command"))

    def launch(self, program, arguments, env):
        """Launch a program. Return how it went on: "stopped" in the debugger, or "terminated"."""
        self.send("initialize", adapterID="debugpy", clientID="vscode", pathFormat="path")
        self.wait_for("initialize")
        self.send(
            "launch",
            program=program,
            args=arguments,
            console="internalConsole",
            env=env,
            python=[sys.executable],
        )
        self.wait_for("initialized")
        self.send("setExceptionBreakpoints", filters=["uncaught"])  # VSCode's default
        self.send("configurationDone")
        return self.wait_for("stopped", "terminated")

    def output(self, category):
        bodies = [event["body"] for event in self.events if event.get("event") == "output"]
        return "".join(body["output"] for body in bodies if body["category"] == category)

    def exit_code(self):
        return next(e["body"]["exitCode"] for e in self.events if e.get("event") == "exited")
