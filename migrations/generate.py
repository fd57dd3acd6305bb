"""Write the first migration of each branch anew from the models, while nothing is released yet: `make migration`.

Once a version is released, migrations are added, never rewritten, and this script goes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import MetaData

from sportello.core.db import Database
from sportello.portal import migrate

HERE = Path(__file__).resolve().parent


def _postponed_keys(metadata: MetaData) -> list[str]:
    """Foreign keys of a circle: SQLite has them in CREATE TABLE, other databases get them once both tables exist."""
    lines = []
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if key.use_alter:
                columns, targets = list(key.column_keys), [element.column.name for element in key.elements]
                names = f"{key.name!r}, {table.name!r}, {key.referred_table.name!r}"
                lines.append(f"        op.create_foreign_key({names}, {columns!r}, {targets!r})")
    return ['    if op.get_bind().dialect.name != "sqlite":', *lines] if lines else []


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/site.sqlite", f"sqlite:///{folder}/counters.sqlite")
        for branch in migrate.BRANCHES:
            versions = HERE / branch.name / "versions"
            versions.mkdir(parents=True, exist_ok=True)
            for old in versions.glob("*.py"):
                old.unlink()
            migrate.generate(database, branch, f"first tables of the {branch.name}", versions)
            (made,) = versions.glob("*.py")
            made = made.rename(versions / "0001_first_tables.py")
            lines = [line for line in made.read_text("utf-8").splitlines() if not line.startswith("    # ###")]
            made.write_text("\n".join([*lines, *_postponed_keys(branch.metadata)]) + "\n", "utf-8")
            print(made.relative_to(HERE.parent))
        database.dispose()
    for arguments in (("check", "--quiet", "--fix", "--exit-zero"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(HERE)], stdout=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main()
