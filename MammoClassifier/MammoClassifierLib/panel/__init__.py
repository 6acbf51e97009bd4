"""The module panel: the widget and its sections."""
