"""The Debian package: what `make package` makes holds all that the program needs and Debian does not have, and starts."""
import os
import shutil
import subprocess

import pytest
from gigapi_testing.server import Server


@pytest.fixture(scope="module")
def package(binary, tmp_path_factory):
    out = tmp_path_factory.mktemp("package")
    made = subprocess.run(["cpack", "-G", "DEB", "-B", out, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=none"], cwd=binary.parent, capture_output=True, text=True,
                          timeout=300)
    assert made.returncode == 0, made.stdout + made.stderr
    (deb,) = out.glob("gigapi_*.deb")
    return deb


@pytest.fixture(scope="module")
def installed(package, tmp_path_factory):
    root = tmp_path_factory.mktemp("installed")
    subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    return root


# A copy of this machine's root, in a mount namespace of its own and in memory: what is installed there is gone with it.
MACHINE = """#!/bin/sh
set -e
[ -n "$MACHINE_IS_COPIED" ] || MACHINE_IS_COPIED=1 exec unshare --mount --propagation private "$0" "$@"
mount -t tmpfs -o size=2g tmpfs {stage}
mkdir {stage}/upper {stage}/work {stage}/root
mount -t overlay -o lowerdir=/,upperdir={stage}/upper,workdir={stage}/work overlay {stage}/root
mount -t tmpfs tmpfs {stage}/root/run
mount --rbind /dev {stage}/root/dev
mount -t proc proc {stage}/root/proc
cp {package} {stage}/root/gigapi.deb
cd /
exec chroot {stage}/root /bin/sh -ec '{script}'
"""


@pytest.fixture
def machine(package, tmp_path):
    """Makes a program that runs a script as root on a machine that has the package as /gigapi.deb."""
    (tmp_path / "stage").mkdir()

    def make(script):
        program = tmp_path / "machine"
        program.write_text(MACHINE.format(stage=tmp_path / "stage", package=package, script=script))
        program.chmod(0o755)
        return program

    if shutil.which("dpkg") is None or subprocess.run([make("true")], capture_output=True).returncode != 0:
        pytest.skip("this machine cannot be copied: that needs root, and a kernel that stacks folders")
    return make


def test_it_is_installed_started_and_removed_as_dpkg_does_it(machine, tmp_path):
    start = ("dpkg -i /gigapi.deb >&2; exec setpriv --reuid=gigapi --regid=gigapi --init-groups "
             "/usr/bin/gigapi serve --config /etc/gigapi/gigapi.toml")
    server = Server(machine(start), tmp_path / "none", {"GIGAPI_ROOT": ""})
    try:
        server.start()
        server.write("cpu,host=a value=1 1")
        assert server.query("SELECT host, value FROM cpu") == [{"host": "a", "value": 1}]
        assert "root=/var/lib/gigapi" in server.log()
        assert server.stop() == 0
    finally:
        server.kill()
    script = ("dpkg -i /gigapi.deb; stat -c %U:%a /var/lib/gigapi /etc/gigapi/gigapi.toml; touch /var/lib/gigapi/kept; "
              "dpkg -r gigapi; test -e /etc/gigapi/gigapi.toml; dpkg -P gigapi; test ! -e /etc/gigapi/gigapi.toml; "
              "test ! -e /usr/bin/gigapi; ls /var/lib/gigapi")
    done = subprocess.run([machine(script)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "gigapi:750\nroot:640\n" in done.stdout and done.stdout.endswith("kept\n"), done.stdout


def field(package, name):
    return subprocess.run(["dpkg-deb", "-f", package, name], capture_output=True, text=True, check=True).stdout.strip()


def test_the_package_names_what_it_needs(package):
    assert field(package, "Package") == "gigapi"
    needed = field(package, "Depends")
    assert "libssl3" in needed and "libstdc++6" in needed and "adduser" in needed
    assert "duckdb" not in needed and "arrow" not in needed


def test_all_libraries_come_from_the_package_or_from_debian(installed):
    listed = subprocess.run(["ldd", installed / "usr/bin/gigapi"], capture_output=True, text=True, check=True).stdout
    assert "not found" not in listed
    paths = [line.split("=>")[1].split()[0] for line in listed.splitlines() if "=>" in line]
    bundled = {os.path.basename(p) for p in paths if os.path.realpath(p).startswith(os.path.realpath(installed / "usr/lib/gigapi"))}
    assert bundled == {path.name for path in (installed / "usr/lib/gigapi").iterdir()}
    for path in paths:
        assert os.path.realpath(path).startswith((os.path.realpath(installed), "/lib", "/usr/lib")), path


def test_its_settings_are_valid(installed, tmp_path):
    done = subprocess.run([installed / "usr/bin/gigapi", "config", "--config", installed / "etc/gigapi/gigapi.toml"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "/var/lib/gigapi" in done.stdout


def test_it_starts_and_keeps_rows(installed, tmp_path):
    server = Server(installed / "usr/bin/gigapi", tmp_path / "root").start()
    try:
        assert server.http.post(server.url + "/write?db=db", data="cpu,host=a value=1 1").status_code == 204
        server.restart()
        answer = server.http.post(server.url + "/query?db=db", json={"query": "SELECT host, value FROM cpu"})
        assert answer.json() == {"results": [{"host": "a", "value": 1}]}
    finally:
        server.kill()


def test_the_scripts_of_the_package_are_sound(package, tmp_path):
    subprocess.run(["dpkg-deb", "-e", package, tmp_path / "control"], check=True)
    for name in ("postinst", "prerm", "postrm"):
        script = tmp_path / "control" / name
        assert os.access(script, os.X_OK)
        subprocess.run(["sh", "-n", script], check=True)
    assert (tmp_path / "control/conffiles").read_text().split() == ["/etc/gigapi/gigapi.toml"]


@pytest.mark.parametrize("name", ["gigapi.service", "gigapi@writer.service"])
def test_the_unit_is_what_systemd_accepts(installed, tmp_path, name):
    unit = tmp_path / name
    shutil.copy(installed / "lib/systemd/system" / name.replace("@writer", "@"), unit)
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    said = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True).stderr
    # What it cannot know: the program lies in the test's folder.
    assert [line for line in said.splitlines() if name in line and "is not executable" not in line] == []
