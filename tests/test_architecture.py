"""The shape of the project, kept true: who imports whom, what stays out, what a newcomer is told."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PARTS = ("app", "bench", "limits", "draw", "explain", "imagesets", "models", "tabs", "tests")

# part → what it may import of the others ("part.*": with all its files); its own files always.
MAY_IMPORT = {
    "app": {"imagesets", "models", "tabs.*"},
    "tabs": {"draw", "explain.*", "imagesets.*", "models", "models.trace", "models.photo"},
    "explain": {"models.trace"},
    "imagesets": set(),
    "draw": set(),
    "limits": set(),
    "models": set(),
    "models.pocket": {"models.*", "imagesets.*"},
}
# folder of tabs/ → the other folders it may import; `tabs` itself takes the tabs, and the API any of them.
TABS_MAY_IMPORT = {
    "wiring": set(),
    "sets": {"wiring"},
    "explain": {"wiring", "sets"},
    "prompts": {"wiring", "sets"},
    "map": {"wiring", "sets"},
    "compare": {"wiring", "sets", "explain"},
    "ship": {"wiring", "sets", "map", "compare"},
    "api": {"wiring", "sets", "explain", "prompts", "map", "compare"},
}
HEAVY = ("torch", "torchvision", "transformers", "open_clip", "captum", "matplotlib", "datasets")
FAMILIES = {"vit", "deit", "swin", "swinv2", "clip", "open_clip"}


def sources() -> dict[str, ast.Module]:
    """Dotted module name → its syntax tree, of every Python file of the project."""
    trees = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] in PARTS:
            name = ".".join(parts).removesuffix(".__init__")
            trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


SOURCES = sources()


def imported(tree: ast.AST) -> set[str]:
    """Every dotted name that runs an import: "a.b" for `from a import b` and for `import a.b`."""
    if isinstance(tree, ast.Import):
        return {alias.name for alias in tree.names}
    if isinstance(tree, ast.ImportFrom):
        assert not tree.level, "imports say the whole name"
        return {f"{tree.module}.{alias.name}" for alias in tree.names}
    if isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING":
        return set()
    return set().union(*map(imported, ast.iter_child_nodes(tree)))


def module_of(name: str) -> str:
    """The project's module that a dotted name lies in: "models" for "models.load"; "" for none."""
    while name and name not in SOURCES:
        name = name.rpartition(".")[0]
    return name


def part_of(name: str) -> str:
    return "models.pocket" if name.startswith("models.pocket") else name.split(".")[0]


def allowed(part: str, module: str) -> bool:
    right = MAY_IMPORT[part]
    if module == "limits":
        return True
    return part_of(module) == part or module in right or f"{module.split('.')[0]}.*" in right


def test_the_project_was_found():
    assert {name.split(".")[0] for name in SOURCES} >= set(PARTS) - {"bench"}
    tree = ast.parse("if TYPE_CHECKING:\n    import a\ndef f():\n    from models.hub import fetch")
    assert {module_of(name) for name in imported(tree)} == {"models.hub"}
    assert not allowed("tabs", "models.hub")
    assert not allowed("models", "models.pocket.train")


@pytest.mark.parametrize("name", [name for name in SOURCES if part_of(name) in MAY_IMPORT])
def test_imports_follow_the_table(name):
    modules = {module_of(other) for other in imported(SOURCES[name])} - {""}
    assert not {module for module in modules if not allowed(part_of(name), module)}


@pytest.mark.parametrize("name", [name for name in SOURCES if name.startswith("tabs.")])
def test_tabs_import_one_another_in_one_direction(name):
    folder = name.split(".")[1]
    modules = {module_of(other) for other in imported(SOURCES[name])}
    others = {module.split(".")[1] for module in modules if module.startswith("tabs.")}
    assert others <= TABS_MAY_IMPORT[folder] | {folder}


@pytest.mark.parametrize("name", SOURCES)
def test_gradio_stays_in_the_page(name):
    if part_of(name) not in ("app", "tabs", "tests"):
        assert not {other.split(".")[0] for other in imported(SOURCES[name])} & {"gradio", "spaces"}


def test_opening_the_page_loads_nothing_heavy():
    """In a process of its own, because the tests have loaded everything."""
    script = (
        f"import app, sys; app.page(); print([name for name in {HEAVY} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "name", [name for name in SOURCES if part_of(name) in ("explain", "draw", "imagesets")]
)
def test_no_branch_on_a_family_outside_models(name):
    """A method says what it needs; only an adapter knows whose tokens these are."""
    for node in ast.walk(SOURCES[name]):
        if isinstance(node, ast.Compare | ast.match_case):
            words = {leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant)}
            assert not words & FAMILIES, ast.unparse(node)
        if isinstance(node, ast.Attribute):
            assert node.attr != "family", ast.unparse(node)


def test_every_file_is_named_for_its_idea():
    names = {part for name in SOURCES for part in name.split(".")}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc", "lib"}
    assert not (ROOT / "app").is_dir(), "it would hide app.py"
    assert not (ROOT / "datasets").exists(), "it would hide the library"


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_opens_a_pickle_or_runs_code_from_the_hub(name):
    tree = SOURCES[name]
    assert not {other.split(".")[0] for other in imported(tree)} & {"pickle", "dill", "joblib"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            trusted = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert called != "eval"
            assert called != "exec"
            assert trusted.get("trust_remote_code", "False") == "False", ast.unparse(node)
            assert trusted.get("allow_pickle", "False") == "False", ast.unparse(node)
            if called == "torch.load":
                assert trusted.get("weights_only") == "True", ast.unparse(node)


def test_a_newcomer_is_told_what_works():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    development = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    assert development.startswith("-r requirements.txt\n")
    assert "pip install -r requirements.txt && python app.py" in readme
    assert "pip install -r requirements-dev.txt && python -m pytest" in readme
    for command in ("python app.py", "python -m pytest"):
        assert command in run


def front_matter() -> dict[str, str]:
    """The one-line settings at the top of the README, which a Space reads."""
    _, settings, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return dict(line.split(": ", 1) for line in settings.splitlines() if ": " in line)


def test_the_space_is_described_as_the_hub_wants():
    settings = front_matter()
    assert settings["sdk"] == "gradio"
    assert settings["python_version"] == '"3.12"'
    assert (ROOT / settings["app_file"]).is_file()
    assert settings["license"] == "apache-2.0"
    assert len(settings["short_description"]) <= 60


def requirements(name: str) -> dict[str, Requirement]:
    """Distribution → its line, of a requirements file."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    return {canonicalize_name(requirement.name): requirement for requirement in wanted}


def test_the_requirements_files_are_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = {
        name: [str(each) for each in requirements(name).values()]
        for name in ("requirements.txt", "requirements-dev.txt")
    }
    assert asked["requirements.txt"] == [str(Requirement(line)) for line in project["dependencies"]]
    both = [*extras["dev"], *extras["train"]]
    assert asked["requirements-dev.txt"] == [str(Requirement(line)) for line in both]


packages_distributions = cache(metadata.packages_distributions)


@cache
def with_dependencies(name: str) -> set[str]:
    """The distributions in a requirements file, and those that they themselves ask for."""
    wanted = requirements(name)
    asked = {line for name in wanted for line in metadata.requires(name) or ()}
    return set(wanted) | {canonicalize_name(Requirement(line).name) for line in asked}


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_imported_gets_installed(name):
    installed = with_dependencies("requirements.txt")
    if part_of(name) in ("tests", "bench", "models.pocket"):
        installed = installed | with_dependencies("requirements-dev.txt")
    offered = packages_distributions()
    own = {module.split(".")[0] for module in SOURCES} | {path.stem for path in TESTS.glob("*.py")}
    optional = {"spaces"}  # a Space brings it
    for top in {other.split(".")[0] for other in imported(SOURCES[name])}:
        if top not in sys.stdlib_module_names | own | optional:
            found = {canonicalize_name(each) for each in offered.get(top, ())}
            assert found & installed, f"{top} is in no requirements file"


def test_the_space_runs_a_gradio_that_the_requirements_allow():
    wanted = requirements("requirements.txt")
    assert front_matter()["sdk_version"] in wanted["gradio"].specifier
    assert "2.8.0" in wanted["torch"].specifier, "ZeroGPU lags"


def test_a_clone_is_light_and_whole():
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."]
    folders = [folder for folder in folders if not (folder / "pyvenv.cfg").exists()]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    heavy = [file for file in files if file.suffix in {".safetensors", ".png", ".jpg"}]
    assert sum(file.stat().st_size for file in heavy) < 35_000_000
    for file in heavy:
        assert file.read_bytes()[:8] != b"version ", f"{file.name} is an LFS pointer, not the file"
