"""Run the command line in this process."""

from click.testing import CliRunner

from lossfn.cli.app import app


def run(*words):
    """Exit code, standard output and standard error of `lossfn WORDS`."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def said(*words):
    """Standard output of a command that must succeed in silence."""
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    return out
