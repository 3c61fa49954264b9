#!/bin/sh
# FastMCP reads these where the program does not say otherwise.
export FASTMCP_HOST=0.0.0.0 FASTMCP_PORT="${port:-8000}"
exec python3 app.py
