//! The native module of the overt Python package.
