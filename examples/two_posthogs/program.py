"""A program that uses both libraries, which no installer can install with the posthog packages that they ask for.

Before they are imported, the name `posthog` is given to `overt.posthog`: that one line is all that changes.
"""

import sys

import overt.posthog

sys.modules["posthog"] = overt.posthog

import pipelines  # noqa: E402
import prompts  # noqa: E402


def main() -> None:
    print("clients of their own:", pipelines.run_with_a_client(3), bool(prompts.ask_with_a_client("a secret")))
    print("the module's settings:", overt.posthog.project_api_key, overt.posthog.host)
    for turn in range(3):
        pipelines.run_with_the_module(turn)
        prompts.ask_with_the_module("x" * turn)
    overt.posthog.flush()


if __name__ == "__main__":
    main()
