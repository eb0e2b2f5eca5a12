//! Tests that cross processes and languages.
