"""The command ``lbn``, from its script or as ``python -m orchestration.cli``."""

from orchestration.cli.interrupt import interruptible


def main() -> None:
    """Run the command that is asked for."""
    with interruptible():
        # Half a second, in which there may be an interrupt as well.
        from orchestration.cli.main import app

        app()


if __name__ == "__main__":
    main()
