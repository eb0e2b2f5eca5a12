#ifdef __cplusplus
} // extern "C"
#endif

#endif // OVERT_H
