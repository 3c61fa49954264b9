#!/bin/sh
# The port is the one that the service was told; a Gradio app that names its own keeps it.
export GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT="${port:-7860}"
exec python3 app.py
