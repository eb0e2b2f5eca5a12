// An overt_str of a literal, and of a NUL-terminated text.
#define OVERT_NUL_TERMINATED SIZE_MAX
#ifdef __cplusplus
#define OVERT_STR(literal) (overt_str{("" literal), sizeof(literal) - 1})
#define OVERT_CSTR(text) (overt_str{(text), OVERT_NUL_TERMINATED})
#else
#define OVERT_STR(literal) ((overt_str){("" literal), sizeof(literal) - 1})
#define OVERT_CSTR(text) ((overt_str){(text), OVERT_NUL_TERMINATED})
#endif
