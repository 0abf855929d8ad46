#!/usr/bin/python3
"""Reads and uses the window the way a screen reader does, through AT-SPI.

  tree.py read               prints the names and texts of the window, one per line
  tree.py press ROLE NAME    presses the first widget of that role and name
  tree.py focus ROLE NAME    puts the keyboard into it
  tree.py where ROLE NAME    prints where it is on the screen, as JSON; the role may be any of
                             those that a figure has
Exits with 1 when there is no window or no such widget.
"""
import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402


def window():
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        app = desktop.get_child_at_index(i)
        if app and "parvis" in (app.get_name() or "").lower():
            return app
    return None


def walk(node, depth=0):
    yield node
    if depth > 60:
        return
    for i in range(min(node.get_child_count(), 5000)):
        try:
            child = node.get_child_at_index(i)
        except GLib.Error:
            continue
        if child:
            yield from walk(child, depth + 1)


def words(node):
    name = (node.get_name() or "").strip()
    try:
        text = Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))
    except (GLib.Error, TypeError):  # no text in it
        text = ""
    return name, text.replace("\ufffc", "").replace("\n", " ").strip()


def find(top, role, name):
    for node in walk(top):
        try:
            if node.get_role_name() == role and (node.get_name() or "").strip() == name:
                return node
        except GLib.Error:
            continue
    return None


def main():
    top = window()
    if top is None:
        return "there is no window"
    if sys.argv[1] == "read":
        for node in walk(top):
            try:
                name, text = words(node)
                if name or text:
                    print(f"{node.get_role_name()}\t{name}\t{text}")
            except GLib.Error:
                continue
        return 0
    node = find(top, sys.argv[2], sys.argv[3])
    if sys.argv[1] == "where":
        for role in ("figure", "panel", "section", "grouping", "image"):
            node = node or find(top, role, sys.argv[3])
    if node is None:
        return f"there is no {sys.argv[2]} {sys.argv[3]!r}"
    if sys.argv[1] == "where":
        box = node.get_extents(Atspi.CoordType.SCREEN)
        print(json.dumps({"x": box.x, "y": box.y, "width": box.width, "height": box.height}))
        return 0
    if sys.argv[1] == "focus":
        return 0 if node.grab_focus() else "it takes no focus"
    return 0 if node.do_action(0) else "it cannot be pressed"


sys.exit(main())
