"""Telemetry of well-known tools, ready for use: their variables, files and events, on overt's public API.

    telemetry = overt.presets.aws_sam("1.150.0", endpoint="https://…", prompt=PROMPT)
    telemetry.instrument(cli)

Each is one module that imports nothing of overt but what everybody can, so it is also the pattern for one of your own.
"""

from __future__ import annotations

from overt.presets.sam import AwsSam, aws_sam, container_engine, user_agent

__all__ = ["AwsSam", "aws_sam", "container_engine", "user_agent"]
