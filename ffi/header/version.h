// The version of this header. A library of the same ABI and of this version or a later one serves it.
#define OVERT_VERSION "@VERSION@"
#define OVERT_VERSION_MAJOR @MAJOR@
#define OVERT_VERSION_MINOR @MINOR@
#define OVERT_VERSION_PATCH @PATCH@
#define OVERT_ABI_VERSION 0
