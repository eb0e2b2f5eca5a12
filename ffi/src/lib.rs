//! The C ABI of overt: libovert.so, libovert.a and overt.h.
