"""Help texts as the terminal wants them: a paragraph on one line, to be folded where the terminal ends."""

from __future__ import annotations

import typer


def join_paragraphs(group: typer.Typer) -> None:
    """Join the lines of every paragraph in the help of *group* and all that belongs to it."""
    if isinstance(group.info.help, str):
        group.info.help = joined(group.info.help)
    for command in group.registered_commands:
        if command.help is not None:
            command.help = joined(command.help)
    for each in group.registered_groups:
        if each.typer_instance is not None:
            join_paragraphs(each.typer_instance)


def joined(text: str) -> str:
    r"""
    Return *text* with each paragraph on one line; lines that are set in stay as they are.

    >>> joined("One\nparagraph.\n\n  rddm run\n  rddm status\n")
    'One paragraph.\n\n  rddm run\n  rddm status'
    """
    blocks = text.strip().split("\n\n")
    return "\n\n".join(block if block.startswith(" ") else block.replace("\n", " ") for block in blocks)
