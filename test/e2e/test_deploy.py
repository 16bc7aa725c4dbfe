"""What deploy/ sets up: every setting that it names exists, every node gets the same, the probes ask what they should.

The chart is rendered by helm where it is installed ($GIGAPI_HELM names another), compose.yaml read by docker or
docker-compose ($GIGAPI_COMPOSE names another)."""
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml
from gigapi_testing.server import REPOSITORY, clean_environment

COMPOSE = REPOSITORY / "deploy/compose/compose.yaml"
CHART = REPOSITORY / "deploy/helm/gigapi"
SETTING = re.compile(r"\b(?:GIGAPI|HTTP|DUCKDB|FLIGHTSQL)_[A-Z0-9_]+\b|\bLOGLEVEL\b")
PASSWORDS = {"MINIO_ROOT_USER": "ann", "MINIO_ROOT_PASSWORD": "minio-secret", "REDIS_PASSWORD": "redis-secret"}


@pytest.fixture(scope="module")
def known_settings(binary):
    """Of the environment, layers as GIGAPI_LAYERS_<n>_NAME."""
    page = subprocess.run([binary, "config", "--markdown"], env=clean_environment({}), capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"`([A-Z][A-Z0-9_]*(?:<n>[A-Z_]+)?)`", page))
    assert {"GIGAPI_MODE", "HTTP_PORT", "GIGAPI_LAYERS_<n>_URL"} <= names
    return names


def unknown(names, known_settings):
    return {name for name in names if SETTING.fullmatch(name)} - {re.sub("<n>", "0", name) for name in known_settings} - {
        re.sub("<n>", "1", name) for name in known_settings}


def check_accepted(binary, environment, folder):
    """The program takes these settings and warns of none."""
    done = subprocess.run([binary, "config"], env=clean_environment(environment), cwd=folder, capture_output=True, text=True)
    assert "warning" not in done.stderr, done.stderr
    if "not built yet" in done.stderr:
        pytest.skip(f"this version refuses them: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr


def ask(script, server, **env):
    """Runs a probe's script against a server that listens elsewhere."""
    assert "/7971" in script
    return subprocess.run(["bash", "-c", script.replace("/7971", f"/{server.port}")], env={"PATH": os.environ["PATH"], **env},
                          capture_output=True, timeout=30).returncode


# ---- compose -----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def compose():
    def value_of(match):
        name, _, default = re.fullmatch(r"([A-Z_]+)(?::([-?])(.*))?", match.group(1)).groups()
        return PASSWORDS.get(name, default)

    return yaml.safe_load(re.sub(r"\$\{([^}]*)\}", value_of, COMPOSE.read_text()))


def nodes(compose):
    return {name: service for name, service in compose["services"].items() if "GIGAPI_MODE" in service.get("environment", {})}


def test_compose_is_whole(compose):
    services = compose["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= set(services), name
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in compose["volumes"], name
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert len({port.rsplit(":", 1)[0] for port in ports}) == len(ports)
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_starts_each_mode(compose):
    modes = sorted(node["environment"]["GIGAPI_MODE"] for node in nodes(compose).values())
    assert modes == ["compaction", "readonly", "readonly", "writeonly", "writeonly"]
    volumes = [tuple(node["volumes"]) for node in nodes(compose).values() if node["environment"]["GIGAPI_MODE"] == "writeonly"]
    assert len(set(volumes)) == 2 and all(volume[0].endswith(":/var/lib/gigapi") for volume in volumes)


def test_nodes_of_compose_differ_in_their_mode_alone(compose):
    environments = [{**node["environment"], "GIGAPI_MODE": ""} for node in nodes(compose).values()]
    assert all(environment == environments[0] for environment in environments)


def test_compose_holds_no_password():
    """What .env.example asks for is all there is, and it has no default."""
    asked = re.findall(r"\$\{([A-Z_]+):\?", COMPOSE.read_text())
    example = (COMPOSE.parent / ".env.example").read_text()
    assert set(asked) == set(PASSWORDS) and all(f"{name}=" in example for name in asked)
    assert "${MINIO_ROOT_PASSWORD:-" not in COMPOSE.read_text()


def test_settings_of_compose_exist(compose, known_settings):
    for node in nodes(compose).values():
        assert not unknown(node["environment"], known_settings)


@pytest.mark.parametrize("mode", ["writeonly", "readonly", "compaction"])
def test_settings_of_compose_are_accepted(compose, binary, tmp_path, mode):
    environment = next(node["environment"] for node in nodes(compose).values() if node["environment"]["GIGAPI_MODE"] == mode)
    check_accepted(binary, environment, tmp_path)


def test_the_health_check_of_compose(compose, shared_server):
    ((shell, option, script),) = {tuple(node["healthcheck"]["test"][1:]) for node in nodes(compose).values()}
    assert (shell, option) == ("bash", "-c")
    assert ask(script, shared_server) == 0
    assert ask(script.replace("/ready", "/nowhere"), shared_server) != 0


def test_redis_of_compose_syncs_each_commit(compose):
    command = compose["services"]["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2]))
    assert options["--appendonly"] == "yes" and options["--appendfsync"] == "always"


def test_the_health_check_of_the_image(make_server):
    image = (REPOSITORY / "deploy/docker/Dockerfile").read_text()
    script = REPOSITORY / "deploy/docker/healthcheck"
    assert "deploy/docker/healthcheck /usr/local/bin/gigapi-healthcheck" in image and "HEALTHCHECK" in image

    def check(**env):
        return subprocess.run(["bash", script], env={"PATH": os.environ["PATH"], **env}, capture_output=True, timeout=30).returncode

    open_server = make_server()
    guarded = make_server(root=open_server.root.parent / "guarded", HTTP_BASIC_AUTH_USERNAME="me", HTTP_BASIC_AUTH_PASSWORD="x")
    for server in (open_server, guarded):
        assert check(HTTP_PORT=str(server.port)) == 0 and check(PORT=str(server.port), **server.env) == 0
    open_server.stop()
    assert check(HTTP_PORT=str(open_server.port)) != 0


def compose_program():
    named = os.environ.get("GIGAPI_COMPOSE") or shutil.which("docker-compose")
    if named:
        return [named]
    plugin = ["docker", "compose"]
    if shutil.which("docker") is None or subprocess.run([*plugin, "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not installed")
    return plugin


def test_docker_reads_compose():
    environment = {**os.environ, **PASSWORDS}
    subprocess.run([*compose_program(), "-f", COMPOSE, "config", "--quiet"], env=environment, check=True)


# ---- the chart ---------------------------------------------------------------------------------------------------------
VALUES = {
    "layers": [{"name": "cache", "type": "fs", "url": "file:///var/lib/gigapi/cache", "global": False, "ttl": "30m"},
               {"name": "s3", "type": "s3", "url": "s3://minio:9000/lake/x?secure=false&url-style=path", "authKey": "ann",
                "authSecret": "minio-secret"}],
    "metadata": {"url": "redis://:redis-secret@redis:6379/0"},
    "auth": {"username": "bob", "password": "http-secret"},
    "settings": {"GIGAPI_FLUSH_INTERVAL_MS": "10000000", "GIGAPI_NO_MERGES": False},
    "reader": {"settings": {"DUCKDB_MEM_LIMIT": "2GB", "GIGAPI_FLUSH_INTERVAL_MS": "7"}},
}


@pytest.fixture(scope="module")
def helm():
    program = os.environ.get("GIGAPI_HELM") or shutil.which("helm")
    if program is None:
        pytest.skip("helm is not installed")

    def call(*arguments, values):
        # Which Kubernetes a helm takes for granted where it finds none depends on how it was built.
        return subprocess.run([program, *map(str, arguments), "--kube-version", "1.31.0", "-f", "-"], input=json.dumps(values),
                              timeout=60, capture_output=True, text=True)
    return call


@pytest.fixture(scope="module")
def rendered(helm):
    done = helm("template", "lake", CHART, values=VALUES)
    assert done.returncode == 0, done.stderr
    found = {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(done.stdout) if item}
    assert len(found) == len([item for item in yaml.safe_load_all(done.stdout) if item])
    return found


def pods(rendered):
    return {name: item["spec"]["template"] for (kind, name), item in rendered.items() if kind in ("StatefulSet", "Deployment")}


def environment_of(pod, rendered):
    (container,) = pod["spec"]["containers"]
    plain = {item["name"]: item.get("value", "10.0.0.1") for item in container["env"]}  # the rest is known when it runs
    (secret,) = (item["secretRef"]["name"] for item in container["envFrom"])
    return {**rendered["Secret", secret]["stringData"], **plain}


def test_the_chart_is_of_this_version():
    version = re.search(r"project\(gigapi VERSION (\S+)", (REPOSITORY / "CMakeLists.txt").read_text()).group(1)
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version


def test_settings_that_the_chart_names_exist(known_settings):
    """Without helm: the names as the templates write them."""
    text = "\n".join(path.read_text() for path in (CHART / "templates").iterdir())
    names = set(SETTING.findall(re.sub(r"\{\{ \$n \}\}", "0", text)))
    assert {"GIGAPI_LAYERS_0_AUTH_KEY", "GIGAPI_MODE"} <= names
    assert not unknown(names, known_settings)


def test_the_values_have_a_schema_for_each_key():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert set(values) <= set(schema["properties"]) and not schema["additionalProperties"]


def test_helm_lints_the_chart(helm):
    done = helm("lint", "--strict", CHART, values=VALUES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("wrong, said", [({"layers": []}, "layers"), ({"layers": [{"name": "a", "type": "s3", "url": ""}]}, "url"),
                                         ({"writer": {"replica": 3}}, "replica"), ({"settings": {"gigapi_x": "1"}}, "gigapi_x"),
                                         ({"settings": {"GIGAPI_MERGE_TIMEOUT_S": 10}}, "MERGE_TIMEOUT"),
                                         ({"metadata": {"url": ""}}, "metadata.url"), ({"metadata": {"url": "http://x"}}, "url")])
def test_wrong_values_are_refused(helm, wrong, said):
    done = helm("template", "lake", CHART, values={**VALUES, **wrong})
    assert done.returncode != 0 and said in done.stderr


def test_what_the_chart_makes(rendered):
    assert sorted(rendered) == [
        ("Deployment", "lake-gigapi-compaction"), ("Deployment", "lake-gigapi-reader"), ("PodDisruptionBudget", "lake-gigapi-compaction"),
        ("PodDisruptionBudget", "lake-gigapi-reader"), ("PodDisruptionBudget", "lake-gigapi-writer"), ("Secret", "lake-gigapi"),
        ("Service", "lake-gigapi-reader"), ("Service", "lake-gigapi-writer"), ("Service", "lake-gigapi-writer-pods"),
        ("ServiceAccount", "lake-gigapi"), ("StatefulSet", "lake-gigapi-writer")]
    writer = rendered["StatefulSet", "lake-gigapi-writer"]["spec"]
    assert writer["volumeClaimTemplates"][0]["metadata"]["name"] == "root"
    assert ("Service", writer["serviceName"]) in rendered


def test_selectors_of_the_chart_meet_their_pods(rendered):
    """Each selector selects the pods of one mode."""
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(rendered).items()}
    for (kind, name), item in rendered.items():
        selector = item.get("spec", {}).get("selector")
        if selector is None:
            continue
        wanted = selector.get("matchLabels", selector)
        assert len([pod for pod, has in labels.items() if wanted.items() <= has.items()]) == 1, (kind, name)


def test_pods_of_the_chart_are_whole(rendered):
    for name, pod in pods(rendered).items():
        (container,) = pod["spec"]["containers"]
        assert container["image"] and container["resources"]["requests"], name
        assert container["securityContext"]["readOnlyRootFilesystem"] and pod["spec"]["securityContext"]["runAsNonRoot"]
        assert pod["spec"]["enableServiceLinks"] is False
        there = {volume["name"] for volume in pod["spec"]["volumes"]} | ({"root"} if name.endswith("writer") else set())
        assert {mount["name"] for mount in container["volumeMounts"]} == there
        assert len({item["name"] for item in container["env"]}) == len(container["env"])


def test_settings_of_the_chart(rendered, known_settings):
    modes = {}
    for name, pod in pods(rendered).items():
        environment = environment_of(pod, rendered)
        assert not unknown(environment, known_settings)
        modes[name] = environment.pop("GIGAPI_MODE")
        assert environment["GIGAPI_LAYERS_0_GLOBAL"] == "false" and environment["GIGAPI_LAYERS_1_GLOBAL"] == "true"
        assert environment["GIGAPI_LAYERS_1_AUTH_SECRET"] == "minio-secret"
        assert environment["GIGAPI_FLUSH_INTERVAL_MS"] == ("7" if name.endswith("reader") else "10000000")
        assert environment["GIGAPI_NO_MERGES"] == "false"
    assert modes == {"lake-gigapi-writer": "writeonly", "lake-gigapi-reader": "readonly", "lake-gigapi-compaction": "compaction"}


@pytest.mark.parametrize("mode", ["writer", "reader", "compaction"])
def test_settings_of_the_chart_are_accepted(rendered, binary, tmp_path, mode):
    check_accepted(binary, environment_of(pods(rendered)[f"lake-gigapi-{mode}"], rendered), tmp_path)


def test_the_chart_keeps_secrets_in_its_secret(rendered):
    for (kind, name), item in rendered.items():
        assert kind == "Secret" or not re.search("minio-secret|redis-secret|http-secret", json.dumps(item)), name


def test_a_secret_that_is_there_already(helm):
    values = {"layers": [VALUES["layers"][1] | {"authKey": "", "authSecret": ""}], "existingSecret": "mine"}
    done = helm("template", "lake", CHART, values=values)
    assert done.returncode == 0, done.stderr
    items = [item for item in yaml.safe_load_all(done.stdout) if item]
    assert not any(item["kind"] == "Secret" for item in items)
    used = [item["spec"]["template"]["spec"]["containers"][0]["envFrom"] for item in items if "template" in item.get("spec", {})]
    assert used == [[{"secretRef": {"name": "mine"}}]] * 3


def test_the_probes_of_the_chart(rendered, make_server):
    """They ask as the node's own user, on a server that wants one."""
    login = {"HTTP_BASIC_AUTH_USERNAME": "bob", "HTTP_BASIC_AUTH_PASSWORD": "http-secret"}
    server = make_server(**login)
    for name, pod in pods(rendered).items():
        container = pod["spec"]["containers"][0]
        for probe, path in (("startupProbe", "/ready"), ("readinessProbe", "/ready"), ("livenessProbe", "/health")):
            *shell, script = container[probe]["exec"]["command"]
            assert shell == ["bash", "-c"] and f" {path} " in script, name
            assert ask(script, server, **login) == 0
            assert ask(script, server, **{**login, "HTTP_BASIC_AUTH_PASSWORD": "wrong"}) != 0
