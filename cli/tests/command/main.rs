//! The program `overt`, run as people run it, on state directories that real clients made.

mod sandbox;

mod chooses;
mod counts;
mod delivers;
mod looks_only;
mod refuses;
mod resets;
mod shows;
mod shows_the_wire;
mod tells;
