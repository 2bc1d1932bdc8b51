"""The frame of the dashboard: page settings, navigation over `pages/`, and what is at work."""

from ocrgen.ui.shared import frame

frame.run()
