#!/usr/bin/env python3
"""Checks that what the tree says about itself is true. Run by ctest; prints what is wrong and exits with 1.

Each function named check_* is one rule: its first line says the rule, it yields what breaks it.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"
LINES_MAX = 600


def tracked(*suffixes):
    """The files of the project that end so, without what is ignored."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.splitlines()
    return [ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file()]


def shown(path):
    return path.relative_to(ROOT)


def nested():
    """path under src/ -> folder, of those that lie in another one."""
    calls = re.findall(r"^gigapi_folder\((\w+)\s+USES[^)]*\bDIR\s+(\S+?)\)", (ROOT / "CMakeLists.txt").read_text(), re.M)
    return {where: name for name, where in calls}


def folder_of(path):
    relative = path.relative_to(SRC)
    for where, name in NESTED.items():
        if relative.is_relative_to(where):
            return name
    return relative.parts[0]


NESTED = nested()


def includes(path):
    """(line number, name, whether in quotes) of every #include."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#include\s+(?:"([^"]+)"|<([^>]+)>)', line)
        if found:
            yield number, found.group(1) or found.group(2), found.group(1) is not None


def arrows():
    """folder -> all folders it may include, from the gigapi_folder() calls of CMakeLists.txt."""
    calls = re.findall(r"^gigapi_folder\((\w+)\s+USES([^)]*)\)", (ROOT / "CMakeLists.txt").read_text(), re.M)
    direct = {name: set(re.findall(r"gigapi_(\w+)", uses)) for name, uses in calls}

    def closure(name):
        return {name}.union(*(closure(used) for used in direct[name]))

    return {name: closure(name) for name in direct}


def check_arrows():
    """A folder of src/ includes only the folders that CMakeLists.txt names for it."""
    allowed = arrows()
    for path in tracked(".h", ".cc"):
        if not path.is_relative_to(SRC) or folder_of(path) not in allowed:
            continue
        for number, name, quoted in includes(path):
            target = name.split("/")[0]
            if quoted and target not in allowed[folder_of(path)]:
                yield f"{shown(path)}:{number}: {folder_of(path)} must not include {name}"


def check_libraries_stay_in_their_folder():
    """DuckDB is included by query/ alone, Boost by server/ and object_store/ alone, hiredis by object_store/ alone."""
    homes = {"duckdb": {"query"}, "boost": {"server", "object_store"}, "hiredis": {"object_store"}}
    for path in tracked(".h", ".cc"):
        if not path.is_relative_to(SRC):
            continue
        for number, name, _ in includes(path):
            allowed = homes.get(re.split(r"[/.]", name)[0])
            if allowed and folder_of(path) not in allowed:
                yield f"{shown(path)}:{number}: only {' and '.join(sorted(allowed))} include {name}"


def check_map():
    """src/README.md lists exactly the folders of src/, in the order of CMakeLists.txt."""
    listed = re.findall(r"^\| `(\w+)/` \|", (SRC / "README.md").read_text(), re.M)
    there = {folder_of(path) for path in tracked(".h", ".cc") if path.is_relative_to(SRC)} - set(NESTED.values())
    for name in sorted(there - set(listed)):
        yield f"src/README.md: {name}/ is missing"
    for name in sorted(set(listed) - there):
        yield f"src/README.md: there is no {name}/"
    if set(listed) == there and listed != [name for name in arrows() if name in there]:
        yield "src/README.md: the order differs from CMakeLists.txt"


def check_length():
    """No source file has more than 600 lines."""
    for path in tracked(".h", ".cc", ".py", ".cmake", "CMakeLists.txt"):
        lines = len(path.read_text().splitlines())
        if lines > LINES_MAX:
            yield f"{shown(path)}: {lines} lines; split it"


def check_markers():
    """Nothing is left for later inside the code: an issue is the place for that."""
    marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|\bst" r"ub(bed)?\b", re.I)
    for path in tracked(".h", ".cc", ".py", ".sh", ".cmake", "CMakeLists.txt", "Makefile"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if marker.search(line) and path != Path(__file__).resolve():
                yield f"{shown(path)}:{number}: {line.strip()[:80]}"


def check_dead_headers():
    """Every header is included by another file."""
    used = {name for path in tracked(".h", ".cc") for _, name, quoted in includes(path) if quoted}
    for path in tracked(".h"):
        if path.is_relative_to(SRC) and str(path.relative_to(SRC)) not in used:
            yield f"{shown(path)}: nobody includes it"


def check_links():
    """Relative links of the documents lead somewhere."""
    for path in tracked(".md"):
        text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(), flags=re.S)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in target and not (path.parent / target).exists():
                yield f"{shown(path)}: link to {target}, which is not there"


def check_decisions():
    """docs/decisions/README.md lists every decision."""
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    for path in tracked(".md"):
        if path.parent == folder and path.name != "README.md" and f"({path.name})" not in index:
            yield f"docs/decisions/README.md: {path.name} is missing"


def main():
    failed = 0
    for name, check in [(n, f) for n, f in globals().items() if n.startswith("check_")]:
        complaints = list(check())
        print(f"{'ok    ' if not complaints else 'FAILED'} {check.__doc__.splitlines()[0]}")
        for complaint in complaints:
            print(f"       {complaint}")
        failed += len(complaints)
    print(f"tidy: {failed} complaint{'' if failed == 1 else 's'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
