"""Every marked example of the README is executed as it stands, with the server's port put in place of the default one.

A code block is marked by an HTML comment on the line before it:
    <!-- test: run -->      a shell command; it must succeed
    <!-- test: output -->   what the command before it prints (the lines, in order; a line ... stands for any lines)
    <!-- test: skip -->     not executed; say why in the comment
Every block of sh, bash or console that talks to the server must carry a mark: an example that nobody runs goes stale.
"""
import re
import subprocess

import pytest
from gigapi_testing.server import REPOSITORY, clean_environment

README = REPOSITORY / "README.md"
BLOCK = re.compile(r"(?:^<!-- test: ?(\w+)[^\n]*-->\n+)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks():
    return [(m.group(1), m.group(2), m.group(3)) for m in BLOCK.finditer(README.read_text())]


def matches(expected, got):
    pattern = "\n".join(".*" if line.strip() == "..." else re.escape(line.rstrip()) for line in expected.strip().splitlines())
    return re.fullmatch(pattern, "\n".join(line.rstrip() for line in got.strip().splitlines()), re.DOTALL) is not None


@pytest.mark.skipif(not README.exists(), reason="there is no README.md")
def test_every_example_is_marked():
    unmarked = [text for mark, language, text in blocks() if mark is None and language in ("sh", "bash", "console") and
                re.search(r"curl|gigapi query", text)]
    assert unmarked == []
    assert any(mark == "run" for mark, _, _ in blocks())


@pytest.mark.skipif(not README.exists(), reason="there is no README.md")
def test_examples(make_server, binary):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.1")
    env = clean_environment({"PATH": f"{binary.parent}:/usr/local/bin:/usr/bin:/bin"})
    printed = None
    for mark, _, text in blocks():
        if mark == "run":
            command = text.replace("build/release/gigapi", str(binary)).replace("localhost:7971", f"127.0.0.1:{server.port}").replace("127.0.0.1:7971", f"127.0.0.1:{server.port}")
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=REPOSITORY, env=env, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            assert '"error"' not in done.stdout, f"{command}\n{done.stdout}"
            printed = done.stdout
        elif mark == "output":
            assert printed is not None and matches(text, printed), f"expected\n{text}\nprinted\n{printed}"
