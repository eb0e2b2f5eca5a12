/* Reads JSON objects: their members as slices of the text, and strings as bytes.
 *
 * A nested value is found but not judged: that is overt's to do, which gets it as it came. */

#ifndef JSON_H
#define JSON_H

#include <overt.h>
#include <stdio.h>

/* The members of an object, in turn. Zeroed beside `object`, it stands before the first one. */
typedef struct {
  overt_str object;
  size_t at;
  /* Set when the text turned out to be one object, and nothing behind it. */
  bool whole;
} json_members;

/* The next member: its key and its value as they are written. False at the end, and where the text is no object. */
bool json_next(json_members *members, overt_str *key, overt_str *value);

bool json_is_object(overt_str text);

/* The value of a member, the last one of that name; no text if there is none, or if it is null. */
overt_str json_member(overt_str object, const char *name);

/* The text of a string, which the caller frees by json_free; no text if the value is no string. A lone surrogate has no
 * UTF-8, and comes as the three bytes that it would have. */
overt_str json_string(overt_str value);

void json_free(overt_str text);

bool json_is_null(overt_str value);

/* Read a whole value; false if it is none of this type. */
bool json_bool(overt_str value, bool *out);
bool json_uint(overt_str value, uint64_t *out);
bool json_int(overt_str value, int64_t *out);

/* Writes a text as a string. */
void json_write_string(FILE *out, const char *text);

#endif
