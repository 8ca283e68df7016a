"""Scenarios that tests and the recorder share: asked of a real Ollama once, replayed ever after."""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expenses.ledger.default_categories import DEFAULT_CATEGORIES
from expenses.management.commands.model import constant_prompt
from providers.interface import OfferedCategory, ProviderError, Question
from providers.ollama import OllamaProvider
from providers.ollama.client import OllamaClient, PullProgress
from providers.ollama.prompt import ModelQuestion, letter_prompt

MODEL = os.environ.get("OUTLAY_OLLAMA_MODEL", "smollm2:135m")
#: The same weights with a template that lets them call tools.
TOOLS_MODEL = MODEL.replace(":", "-tools:")
HOST = os.environ.get("OLLAMA_HOST", "http://127.0.0.1:11434")
if "://" not in HOST:
    HOST = f"http://{HOST}"

# fmt: off
NAMES = [
    "Groceries", "Dining", "Transport", "Travel", "Housing", "Utilities", "Shopping", "Entertainment", "Healthcare",
    "Education", "Subscriptions", "Insurance", "Fees", "Gifts", "Pets", "Kids", "Income", "Transfers", "Other",
]
# fmt: on
CATEGORIES = tuple(
    OfferedCategory(
        id=number, name=name, kind="income" if name == "Income" else "expense", description=f"all about {name}"
    )
    for number, name in enumerate(NAMES, start=101)
)
FEW = CATEGORIES[:5]
TWO = CATEGORIES[1:3]
MANY = tuple(
    OfferedCategory(id=1000 + number, name=f"{name} {place}", kind="expense")
    for number, (name, place) in enumerate(
        (name, place) for place in ("home", "office", "garden") for name in NAMES[:15]
    )
)
HOSTILE_MEMOS = tuple(tomllib.loads(Path(__file__).with_name("hostile_memos.toml").read_text())["memo"])
SPENDING = tuple(
    OfferedCategory(id=number, name=default.name, kind=default.kind, key=default.key, description=default.description)
    for number, default in enumerate(DEFAULT_CATEGORIES, start=1)
    if default.kind != "income"
)
EXPENSES = tuple(category for category in SPENDING if category.kind == "expense")
#: Confirmed rows that every hostile memo is asked with.
CONFIRMED = (
    ("night bus", 3),
    ("harbor bakery", 1),
    ("corner pharmacy", 9),
    ("old bookshop", 7),
)


def provider(model: str = MODEL, **options: Any) -> OllamaProvider:
    return OllamaProvider(model=model, host=HOST, **options)


def row(
    description: str, categories: tuple[OfferedCategory, ...] = CATEGORIES, *, owner: int = 1, **fields: Any
) -> Question:
    return Question(description=description, categories=categories, owner=owner, **fields)


def history_row() -> Question:
    examples = (("Corner bakery Hill Street", 102), ("Harbor bakery", 102), ("Old bookshop", 107))
    return row("HILL STREET BAKERY 55120034", examples=examples)


def garden_row() -> Question:
    return row("garden chairs", MANY, examples=(("office chair", 1021),), candidates=((1037, 0.4), (1044, 0.1)))


def client() -> OllamaClient:
    return OllamaClient(host=HOST, timeout_s=60)


def good_answer() -> Any:
    return provider().categorize_many([history_row()])


def money_received() -> Any:
    return provider().categorize_many([row("Monthly pay from the school", FEW, direction="in")])


def cold_start() -> Any:
    return provider().categorize_many([row("bus ticket", FEW), row("tram ticket", FEW)])


def asked_twice() -> Any:
    batch = [row("Night bus", FEW)]
    return [provider().categorize_many(batch), provider().categorize_many(batch)]


def many_categories() -> Any:
    return provider().categorize_many([garden_row()])


def hostile_memos() -> Any:
    """Ask about each memo without its hostile part, and with it."""
    link = provider()
    asked = [row(memo[part], SPENDING, examples=CONFIRMED) for part in ("core", "text") for memo in HOSTILE_MEMOS]
    answers = link.categorize_many(asked)
    return list(zip(answers[: len(HOSTILE_MEMOS)], answers[len(HOSTILE_MEMOS) :], strict=True))


def hints() -> Any:
    """Ask twice, without and with a house rule."""
    link = provider()
    plain = link.categorize_many([row("Paw Palace", FEW)])
    return [*plain, *link.categorize_many([row("Paw Palace", FEW, hints=("Paw Palace is Travel",))])]


def expense_of_nobody() -> Any:
    """Ask as the worker does about an unknown expense, with the categories that every ledger has."""
    return provider().categorize_many([row("ZORB PLINTH 4711", EXPENSES)])


def expense_beside_history() -> Any:
    """Ask as the worker does about an expense whose first words were confirmed once."""
    [dining] = [category.id for category in EXPENSES if category.key == "dining"]
    return provider().categorize_many([row("Luna Mitte Bar", EXPENSES, examples=(("Luna Mitte Grill", dining),))])


def model_not_pulled() -> Any:
    return raised(lambda: provider("outlay-missing").categorize_many([row("tram ticket", FEW)]))


def model_removed_meanwhile() -> Any:
    prompt = letter_prompt(ModelQuestion("tram ticket", "out", TWO), num_ctx=4096)
    with client() as connection:
        return raised(
            lambda: connection.chat(prompt, owner=1, model="outlay-missing", digest="", options={}, keep_alive=None)
        )


def failing_pull() -> Any:
    # Port 9 of the server's own machine is closed, so the pull fails without leaving the machine.
    steps: list[PullProgress] = []
    with client() as connection:
        failure = raised(lambda: steps.extend(connection.pull("127.0.0.1:9/outlay/missing")))
    return steps, failure


def status() -> Any:
    with client() as connection:
        return [connection.status(MODEL), connection.status("outlay-missing")]


def load() -> Any:
    with client() as connection:
        return connection.load(MODEL, options=provider().options, keep_alive="10m")


def warm() -> Any:
    """Let the model read what `manage.py model warm` lets it read."""
    with client() as connection:
        prompt = constant_prompt(provider())
        return connection.load(MODEL, prompt, options=provider().options, keep_alive="10m")


def no_tools() -> Any:
    tool = {"type": "function", "function": {"name": "total", "parameters": {"type": "object", "properties": {}}}}
    with client() as connection:
        return raised(
            lambda: connection.write(
                [{"role": "user", "content": "How much for groceries?"}],
                owner=1,
                model=MODEL,
                digest="",
                options={"seed": 1},
                keep_alive="10m",
                max_tokens=20,
                tools=[tool],
            )
        )


def raised(call: Callable[[], object]) -> ProviderError | None:
    try:
        call()
    except ProviderError as error:
        return error
    return None


SCENARIOS: dict[str, Callable[[], Any]] = {
    scenario.__name__: scenario
    for scenario in (
        good_answer,
        money_received,
        cold_start,
        asked_twice,
        many_categories,
        hints,
        hostile_memos,
        expense_of_nobody,
        expense_beside_history,
        model_not_pulled,
        model_removed_meanwhile,
        failing_pull,
        status,
        load,
        warm,
        no_tools,
    )
}
