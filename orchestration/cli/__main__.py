"""The command ``lbn``, from its script or as ``python -m orchestration.cli``."""

import atexit
import gc

from orchestration.cli.interrupt import interruptible


def main() -> None:
    """Run the command that is asked for."""
    # At its end the interpreter would look through all that it holds for what it may free: after a
    # refresh that takes two seconds, and frees nothing that does not go with the process.
    atexit.register(gc.freeze)
    with interruptible():
        # Half a second, in which there may be an interrupt as well.
        from orchestration.cli.main import app

        app()


if __name__ == "__main__":
    main()
