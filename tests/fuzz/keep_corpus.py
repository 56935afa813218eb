"""Keep in `corpus/` the few inputs that reach what no seed reaches; started by `make fuzz-corpus`.

    python tests/fuzz/keep_corpus.py FOLDER

FOLDER is where `make fuzz` left its inputs. Of those and of what was kept so far, libFuzzer chooses
as few and as short ones as cover the same lines.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
MERGE = ("-set_cover_merge=1", "-use_counters=0", "-max_len=1500", "-timeout=90")


def keep(name: str, folder: Path) -> int:
    """Choose the inputs of one target anew and return how many there are."""
    with TemporaryDirectory() as scratch:
        chosen = Path(scratch)
        for seed in (folder / name).glob("seed-*"):
            shutil.copy(seed, chosen)
        fuzzer = (sys.executable, str(HERE / "fuzz.py"), name, str(folder))
        subprocess.run((*fuzzer, *MERGE, str(chosen)), check=True)
        kept = [one for one in chosen.iterdir() if not one.name.startswith("seed-")]
        shutil.rmtree(CORPUS / name, ignore_errors=True)
        (CORPUS / name).mkdir(parents=True)
        for one in kept:
            shutil.copy(one, CORPUS / name)
    return len(kept)


if __name__ == "__main__":
    for each in ("config", "delivery"):
        sys.stdout.write(f"{each}: {keep(each, Path(sys.argv[1]))} inputs kept\n")
