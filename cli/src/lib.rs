//! The overt command: see, trust and stop a tool's telemetry.
