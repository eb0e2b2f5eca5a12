/* The members of a request's body, read as what overt.h takes. */

#ifndef ASKED_H
#define ASKED_H

#include "json.h"

/* A body, and the first member in it that overt.h has no way to take, with the status that says so. */
typedef struct {
  overt_str object;
  const char *wrong;
  overt_status status;
} asked;

void asked_wrong(asked *from, const char *name, overt_status status);

/* Whether there is such a member, and it is not null. */
bool asked_has(const asked *from, const char *name);

/* A text, which the caller frees by json_free; no text if there is none. */
overt_str asked_text(asked *from, const char *name);

/* False if there is none. */
bool asked_flag(asked *from, const char *name, bool *flag);
bool asked_number(asked *from, const char *name, uint64_t limit, uint64_t *number);
bool asked_signed(asked *from, const char *name, int64_t *number);

/* The members of an object, none if there is none; `otherwise` is the status for anything else. */
json_members asked_members(asked *from, const char *name, overt_status otherwise);

#endif
