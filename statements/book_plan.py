"""Where the categories of a program's books go in the ledger: into those of the name, or into new ones."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, count

from expenses.categorization.catalog import Catalog
from expenses.models import Category
from statements.importer import RowError, Skipped, StatementRow
from statements.models import Import

NAME_LENGTH = 100

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedCategory:
    """Where a path of the file goes: into `category`, or into a new one called `name` below `parent`, a name or "".

    `is_elsewhere` says that the category of the ledger has the last name of the path alone.
    """

    path: Path
    kind: str
    name: str
    parent: str
    category: int | None
    is_elsewhere: bool = False


def plan_categories(rows: Iterable[StatementRow | RowError | Skipped], catalog: Catalog) -> list[PlannedCategory]:
    """Return where each path of categories goes, in the order of the file.

    A path goes into the category of the same names, else into one that has its last name alone, if no other path of the
    file ends so. A category for expenses takes refunds alone, too. Only a new category is judged by its money: one that
    brings in more than it costs is income.
    """
    net: dict[Path, Decimal] = {}
    for row in rows:
        if isinstance(row, StatementRow) and not row.transfer_id:
            for path, amount in [(part.category, part.amount) for part in row.parts] or [(row.category, row.amount)]:
                net[path] = net.get(path, Decimal(0)) + amount
    paths = [path for path in net if path and path[-1].strip()]
    endings = Counter(path[-1].casefold() for path in paths)
    planned: dict[Path, PlannedCategory] = {}
    taken = {category.name.casefold() for category in catalog.categories.values()}
    for path in paths:
        kind = "income" if net[path] > 0 else "expense"
        same = catalog.at(path)
        found = same or (catalog.at(path[-1:]) if endings[path[-1].casefold()] == 1 else None)
        if found is not None and found.kind in ("transfer", "expense", kind):
            planned[path] = PlannedCategory(path, found.kind, found.name, "", found.pk, is_elsewhere=same is None)
            continue
        above = path[0].strip()[:NAME_LENGTH] if len(path) > 1 else ""
        name = _free(path, taken)
        taken.add(name.casefold())
        planned[path] = PlannedCategory(path, kind, name, above, None)
    return list(planned.values())


def _free(path: Path, taken: set[str]) -> str:
    """Return the last name of a path, with what stands above it if another category has the name."""
    name = " - ".join(path[1:]).strip() if len(path) > 2 else path[-1].strip()
    above = [f" ({path[0].strip()[: NAME_LENGTH // 2]})"] if len(path) > 1 else []
    endings = chain(["", *above], (f" ({number})" for number in count(2)))
    candidates = (name[: NAME_LENGTH - len(ending)] + ending for ending in endings)
    return next(one for one in candidates if one.casefold() not in taken)


def stored_plan(statement: Import) -> list[PlannedCategory]:
    """Return the plan of an import."""
    return [PlannedCategory(**{**one, "path": tuple(one["path"])}) for one in statement.book.get("categories", [])]


def with_planned(catalog: Catalog, statement: Import) -> Catalog:
    """Return a catalog that also has the categories which the commit will create, with ids below 0."""
    planned = [one for one in stored_plan(statement) if one.category is None and catalog.find(one.name) is None]
    new: dict[int, Category] = {}
    above: dict[tuple[str, str], int | None] = {}
    for one in planned:
        if one.parent and (one.parent.casefold(), one.kind) not in above:
            above[one.parent.casefold(), one.kind] = _parent(one, catalog, new)
        parent = above.get((one.parent.casefold(), one.kind)) if one.parent else None
        _add(new, one.name, one.kind, parent)
    return replace(catalog, categories={**catalog.categories, **new}) if new else catalog


def _parent(one: PlannedCategory, catalog: Catalog, new: dict[int, Category]) -> int | None:
    """Return the id of the category that the new one lies below, added to `new` if need be; None if none can be."""
    found = catalog.find(one.parent)
    if found is not None:
        return found.pk if found.kind == one.kind and found.parent_id is None else None
    return _add(new, one.parent, one.kind, None)


def _add(new: dict[int, Category], name: str, kind: str, parent: int | None) -> int:
    category = Category(pk=-1 - len(new), name=name, kind=kind, parent_id=parent, ledger_id=0)
    category.is_hidden = False
    new[category.pk] = category
    return int(category.pk)


def placed(
    rows: Iterable[StatementRow | RowError | Skipped], plan: Sequence[PlannedCategory], catalog: Catalog
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the rows with the paths that the ledger has, or will have, for those of the file."""
    where: dict[Path, Path] = {}
    for one in plan:
        category = catalog.categories.get(one.category or 0) or catalog.find(one.name)
        where[one.path] = (category.name,) if category else one.path
    for row in rows:
        if isinstance(row, StatementRow) and (row.category or row.parts):
            parts = tuple(replace(part, category=where.get(part.category, part.category)) for part in row.parts)
            yield replace(row, category=where.get(row.category, row.category), parts=parts)
        else:
            yield row
