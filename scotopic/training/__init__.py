"""Training, presets and export of networks: all that needs Keras."""
