#include "asked.h"

void asked_wrong(asked *from, const char *name, overt_status status) {
  if (from->wrong != NULL) return;
  from->wrong = name;
  from->status = status;
}

bool asked_has(const asked *from, const char *name) { return json_member(from->object, name).data != NULL; }

overt_str asked_text(asked *from, const char *name) {
  overt_str value = json_member(from->object, name), text = json_string(value);
  if (value.data != NULL && text.data == NULL) asked_wrong(from, name, OVERT_INVALID_ARGUMENT);
  return text;
}

bool asked_flag(asked *from, const char *name, bool *flag) {
  overt_str value = json_member(from->object, name);
  bool found = value.data != NULL && json_bool(value, flag);
  if (value.data != NULL && !found) asked_wrong(from, name, OVERT_INVALID_ARGUMENT);
  return found;
}

bool asked_number(asked *from, const char *name, uint64_t limit, uint64_t *number) {
  overt_str value = json_member(from->object, name);
  bool found = value.data != NULL && json_uint(value, number) && *number <= limit;
  if (value.data != NULL && !found) asked_wrong(from, name, OVERT_INVALID_ARGUMENT);
  return found;
}

bool asked_signed(asked *from, const char *name, int64_t *number) {
  overt_str value = json_member(from->object, name);
  bool found = value.data != NULL && json_int(value, number);
  if (value.data != NULL && !found) asked_wrong(from, name, OVERT_INVALID_ARGUMENT);
  return found;
}

json_members asked_members(asked *from, const char *name, overt_status otherwise) {
  overt_str value = json_member(from->object, name);
  if (value.data != NULL && !json_is_object(value)) asked_wrong(from, name, otherwise);
  return (json_members){value, 0, false};
}
