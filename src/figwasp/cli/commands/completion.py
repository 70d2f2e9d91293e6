"""`figwasp completion`, as it is typed."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def COMMAND(shell: str) -> int:  # noqa: N802 - click makes it a value
    """
    Print the script that completes commands and options in your shell.

    \b
    bash:  source <(figwasp completion bash)                              (in ~/.bashrc)
    zsh:   source <(figwasp completion zsh)                               (in ~/.zshrc)
    fish:  figwasp completion fish > ~/.config/fish/completions/figwasp.fish
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from figwasp.cli.program import program  # noqa: PLC0415 - which imports this module

    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(script(program, {}, "figwasp", "_FIGWASP_COMPLETE").source())
    return 0
