#!/bin/sh
exec streamlit run app.py --server.address=0.0.0.0 --server.port="${port:-8501}" --server.headless=true --browser.gatherUsageStats=false
