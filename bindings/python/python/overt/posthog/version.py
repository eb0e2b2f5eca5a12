"""The version of posthog's interface that is followed here: programs choose a call style by it. overt's own is
``overt.__version__``."""

VERSION = "7.91.1"
