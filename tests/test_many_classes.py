"""Ten thousand classes and ten thousand pictures: no table of all against all is ever held."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads what it held from /proc"
)
MEGABYTES = 350  # a table of 10,000 × 10,000 in float32 has 400
SECONDS = 60  # of one processor
WORK = """
import json, time
from pathlib import Path
from types import SimpleNamespace
import numpy as np, torch, scipy.stats, sklearn.metrics
from explain.classes.prompts import leave_one_out, pair, prompts_of, score
from explain.scores.metrics import macro_f1_interval
from tabs.sets import predictions
torch.set_num_threads(1)
random, many = np.random.default_rng(0), 10_000
names, truth = [f"class {number}" for number in range(many)], np.arange(many)

def rows():
    return torch.nn.functional.normalize(torch.from_numpy(random.normal(size=(many, 8))).float(), dim=1)

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024

def measured(run):
    Path("/proc/self/clear_refs").write_text("5")  # the most it held begins anew
    before, began = held(), time.process_time()
    told = run()
    return [held() - before, time.process_time() - began, told]

vectors = rows()
turned = vectors.clone()
turned[:7] = -turned[:7]
templates = torch.stack([rows() for _ in range(3)])
others = prompts_of([f"other {number}" for number in range(many)], "{}")
predictions.template_sums = lambda *given: vectors[None]

def predicted(reads_texts, features):
    model = SimpleNamespace(reads_texts=reads_texts, labels=tuple(names), name="x", fingerprint="x")
    found = predictions.predict(SimpleNamespace(
        model=model,
        clip=SimpleNamespace(scale=100.0),
        images=SimpleNamespace(classes=tuple(names)),
        codes=truth,
        encoded=SimpleNamespace(features=features),
    ))
    return [int(found.right.sum()), found.top.shape[1], bool((found.margins > 0).all())]

answers = 100 * torch.eye(many)
print(json.dumps({
    "score": measured(lambda: int(score(turned, vectors, truth).correct.sum())),
    "leave one out": measured(lambda: len(leave_one_out(vectors, templates, truth))),
    "interval": measured(lambda: macro_f1_interval(truth % 100, (truth + 1) % many, many)),
    "texts": measured(lambda: predicted(True, vectors)),
    "outputs": measured(lambda: predicted(False, answers)),
    "lines": measured(lambda: len(pair(names, others).by_order)),
}))
"""


@pytest.fixture(scope="module")
def costs():
    """What each took, in a process of its own: megabytes, processor seconds, and what it returned."""
    root = Path(__file__).parent.parent
    run = subprocess.run(
        [sys.executable, "-c", WORK], cwd=root, capture_output=True, text=True, timeout=600
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("score", 9_993),
        ("leave one out", 3),
        ("interval", [0.0, 0.0]),
        ("texts", [10_000, 5, True]),
        ("outputs", [10_000, 5, True]),
        ("lines", 10_000),
    ],
)
def test_no_table_of_all_against_all(costs, what, told):
    megabytes, seconds, found = costs[what]
    assert found == told
    assert megabytes < MEGABYTES and seconds < SECONDS, (megabytes, seconds)


def test_lines_find_their_classes_at_once(costs):
    assert costs["lines"][1] < 0.5
