"""The program's subcommands, as a user calls them."""
import json
import re
import subprocess
from pathlib import Path

import pytest
from gigapi_testing.server import clean_environment, free_port


@pytest.fixture
def run(binary, tmp_path):
    def call(*arguments, timeout_s=60, **env):
        return subprocess.run([str(binary), *map(str, arguments)], env=clean_environment(env), cwd=tmp_path, capture_output=True, text=True,
                              timeout=timeout_s, stdin=subprocess.DEVNULL)
    return call


@pytest.mark.parametrize("name", ["version", "--version"])
def test_version(run, name):
    done = run(name)
    assert done.returncode == 0 and re.search(r"\d+\.\d+\.\d+", done.stdout)


@pytest.mark.parametrize("command", [[], ["serve"], ["query"], ["demo"], ["config"], ["version"]])
def test_help(run, command):
    done = run(*command, "--help")
    assert done.returncode == 0 and len(done.stdout) > 80


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--nonsense"], ["query"], ["query", "SELECT 1", "--format", "xml"]])
def test_wrong_arguments(run, arguments):
    done = run(*arguments)
    assert done.returncode != 0 and done.stderr


@pytest.mark.parametrize("setting, value", [("GIGAPI_DURABILITY", "sometimes"), ("HTTP_PORT", "99999999"), ("HTTP_PORT", "x"),
                                            ("GIGAPI_MODE", "readonly"), ("GIGAPI_METADATA_TYPE", "redis"), ("GIGAPI_LAYERS_0_TYPE", "s3"),
                                            ("GIGAPI_SAVE_TIMEOUT_S", "soon"), ("LOGLEVEL", "loud"), ("GIGAPI_SECRET", "x")])
def test_settings_that_are_refused(run, setting, value):
    """Never ignored: the message names the setting."""
    more = {"GIGAPI_LAYERS_0_NAME": "a", "GIGAPI_LAYERS_0_URL": "s3://x/y"} if "LAYERS" in setting else {}
    done = run("serve", HTTP_HOST="127.0.0.1", **{setting: value}, **more)
    assert done.returncode != 0
    assert re.search(setting.replace("GIGAPI_", "").replace("HTTP_", "").split("_")[0], done.stderr + done.stdout, re.IGNORECASE)


def test_an_unknown_key_of_the_file(run, tmp_path):
    (tmp_path / "gigapi.toml").write_text('http_prot = 1\n')
    done = run("serve")
    assert done.returncode != 0 and "http_port" in done.stderr + done.stdout


def test_config(run, tmp_path):
    (tmp_path / "gigapi.toml").write_text('durability = "os"\n')
    done = run("config", HTTP_PORT="7999", HTTP_BASIC_AUTH_USERNAME="ann", HTTP_BASIC_AUTH_PASSWORD="very-secret")
    assert done.returncode == 0, done.stderr
    assert "7999" in done.stdout and "HTTP_PORT" in done.stdout
    assert "gigapi.toml" in done.stdout
    assert "very-secret" not in done.stdout


# ---- query -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def filled(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.05")
    server.write("m,host=a v=1.5,n=1i 1735689600000000000\nm,host=b v=2.5,n=9223372036854775807i 1735693200000000000")
    return server


SQL = "SELECT host, v, n FROM m ORDER BY host"


def test_query_a_running_server(filled, run):
    done = run("query", SQL, "--url", filled.url, "--db", "mydb", "--format", "json")
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert '"a"' in text and "9223372036854775807" in text
    json.loads(text)


def test_query_a_root(filled, run):
    filled.stop()
    before = sorted(p for p in filled.root.glob("**/*"))
    for format in ("csv", "json", "table"):
        done = run("query", SQL, "--root", filled.root, "--db", "mydb", "--format", format)
        assert done.returncode == 0, done.stderr
        assert "9223372036854775807" in done.stdout and "host" in done.stdout
        if format == "csv":
            assert done.stdout.splitlines() == ["host,v,n", "a,1.5,1", "b,2.5,9223372036854775807"]
    assert sorted(p for p in filled.root.glob("**/*")) == before, "reading changes nothing"


def test_query_a_root_after_a_kill(make_server, run):
    """Rows that are only in the log are seen as well, and the log stays."""
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    server.write("m v=1 1\nm v=2 2")
    server.kill()
    done = run("query", "SELECT count(*) AS n FROM m", "--root", server.root, "--db", "mydb", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["n", "2"]
    server.start()
    assert server.count("m") == 2


def test_query_fails_with_a_message(filled, run):
    done = run("query", "SELECT nope FROM m", "--url", filled.url, "--db", "mydb")
    assert done.returncode == 1 and "nope" in done.stderr
    done = run("query", "SELECT 1", "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1 and done.stderr
    done = run("query", "SELECT 1", "--root", "/nonexistent")
    assert done.returncode == 1 and done.stderr


def test_query_of_a_root_is_sandboxed(filled, run):
    filled.stop()
    done = run("query", "SELECT * FROM read_text('/etc/passwd')", "--root", filled.root)
    assert done.returncode == 1 and "root:" not in done.stdout


# ---- demo ------------------------------------------------------------------------------------------------------------
def test_demo(run):
    done = run("demo", "--exit", HTTP_HOST="127.0.0.1", HTTP_PORT="0", timeout_s=240)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    text = done.stdout + done.stderr
    assert re.search(r"1,?000,?000", text)
    assert text.upper().count("SELECT") >= 4


def test_settings_of_the_guide_to_clusters_are_valid_in_a_shell_and_in_a_file_of_the_environment():
    text = (Path(__file__).resolve().parents[2] / "docs/cluster.md").read_text()
    lines = re.findall(r"^    (GIGAPI_\w+=.*)$", text, re.MULTILINE)
    assert len(lines) > 15
    assert [line for line in lines if "&" in line or "#" in line] == []
