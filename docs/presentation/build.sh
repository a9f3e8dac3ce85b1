#!/usr/bin/env bash
# Render the slides as HTML and PDF. Needs npm and a Chromium (CHROME_PATH, if it is not found).
set -euo pipefail
cd "$(dirname "$0")"
for kind in html pdf; do
    npx --yes @marp-team/marp-cli@4.5.1 --no-stdin --allow-local-files --html $([[ $kind == pdf ]] && echo --pdf) \
        --output "slides.$kind" slides.md
done
