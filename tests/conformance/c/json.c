#include "json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int byte_at(overt_str text, size_t at) { return at < text.len ? (unsigned char)text.data[at] : -1; }

static size_t skip_space(overt_str text, size_t at) {
  while (at < text.len && strchr(" \t\r\n", text.data[at]) != NULL && text.data[at] != '\0') at++;
  return at;
}

/* Each skip_… answers where the thing ends, and `at` itself if it does not. */
static size_t skip_string(overt_str text, size_t at) {
  for (size_t end = at + 1; end < text.len; end++) {
    if (text.data[end] == '"') return end + 1;
    if (text.data[end] == '\\') end++;
  }
  return at;
}

static size_t skip_nested(overt_str text, size_t at) {
  size_t depth = 0;
  for (size_t end = at; end < text.len;) {
    char c = text.data[end];
    if (c == '"') {
      size_t behind = skip_string(text, end);
      if (behind == end) return at;
      end = behind;
      continue;
    }
    end++;
    if (c == '{' || c == '[') depth++;
    if ((c == '}' || c == ']') && --depth == 0) return end;
  }
  return at;
}

static size_t skip_value(overt_str text, size_t at) {
  int first = byte_at(text, at);
  if (first == '"') return skip_string(text, at);
  if (first == '{' || first == '[') return skip_nested(text, at);
  while (at < text.len && (isalnum((unsigned char)text.data[at]) || memchr("+-.", text.data[at], 3) != NULL)) at++;
  return at;
}

/* Takes a value; false if there is none. */
static bool take_value(json_members *members, overt_str *value) {
  size_t start = skip_space(members->object, members->at);
  size_t end = skip_value(members->object, start);
  if (end == start) return false;
  *value = (overt_str){members->object.data + start, end - start};
  members->at = skip_space(members->object, end);
  return true;
}

static bool take(json_members *members, char wanted) {
  bool found = byte_at(members->object, members->at) == wanted;
  members->at += found;
  return found;
}

bool json_next(json_members *members, overt_str *key, overt_str *value) {
  bool first = members->at == 0;
  if (members->object.data == NULL) return false;
  members->at = skip_space(members->object, members->at);
  if (first && !take(members, '{')) return false;
  members->at = skip_space(members->object, members->at);
  if (take(members, '}')) {
    members->whole = skip_space(members->object, members->at) == members->object.len;
    return false;
  }
  if (!first && !take(members, ',')) return false;
  return take_value(members, key) && key->data[0] == '"' && take(members, ':') && take_value(members, value);
}

bool json_is_object(overt_str text) {
  json_members members = {text, 0, false};
  overt_str key, value;
  while (json_next(&members, &key, &value)) continue;
  return members.whole;
}

static bool is_text(overt_str value, const char *text) {
  return value.data != NULL && value.len == strlen(text) && memcmp(value.data, text, value.len) == 0;
}

bool json_is_null(overt_str value) { return is_text(value, "null"); }

overt_str json_member(overt_str object, const char *name) {
  json_members members = {object, 0, false};
  overt_str key, value, found = {NULL, 0};
  while (json_next(&members, &key, &value)) {
    overt_str text = json_string(key);
    if (is_text(text, name)) found = value;
    json_free(text);
  }
  return json_is_null(found) ? (overt_str){NULL, 0} : found;
}

/* Four hexadecimal digits; negative if they are none. */
static int32_t hex4(overt_str value, size_t at) {
  int32_t unit = 0;
  for (size_t end = at + 4; at < end; at++) {
    static const char digits[] = "0123456789abcdef";
    int c = byte_at(value, at);
    const char *digit = c > 0 ? strchr(digits, tolower(c)) : NULL;
    if (digit == NULL) return -1;
    unit = unit * 16 + (int32_t)(digit - digits);
  }
  return unit;
}

static char *put_utf8(char *to, int32_t c) {
  if (c < 0x80) {
    *to++ = (char)c;
  } else if (c < 0x800) {
    *to++ = (char)(0xc0 | c >> 6);
    *to++ = (char)(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *to++ = (char)(0xe0 | c >> 12);
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    *to++ = (char)(0x80 | (c & 0x3f));
  } else {
    *to++ = (char)(0xf0 | c >> 18);
    *to++ = (char)(0x80 | (c >> 12 & 0x3f));
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    *to++ = (char)(0x80 | (c & 0x3f));
  }
  return to;
}

/* Puts what an escape stands for; `at` is behind the backslash, and goes behind the escape. NULL if it is none. */
static char *put_escape(char *to, overt_str value, size_t *at) {
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  int name = byte_at(value, (*at)++);
  if (name != 'u') {
    const char *known = name > 0 ? strchr(names, name) : NULL;
    if (known == NULL) return NULL;
    *to = meanings[known - names];
    return to + 1;
  }
  int32_t c = hex4(value, *at);
  if (c < 0) return NULL;
  *at += 4;
  bool pair = c >= 0xd800 && c < 0xdc00 && byte_at(value, *at) == '\\' && byte_at(value, *at + 1) == 'u';
  int32_t low = pair ? hex4(value, *at + 2) : -1;
  if (low >= 0xdc00 && low < 0xe000) {
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    *at += 6;
  }
  return put_utf8(to, c);
}

overt_str json_string(overt_str value) {
  overt_str none = {NULL, 0};
  if (value.len < 2 || byte_at(value, 0) != '"') return none;
  /* No escape is shorter than what it stands for. */
  char *text = malloc(value.len), *to = text;
  if (text == NULL) return none;
  value.len--; /* the closing quote */
  for (size_t at = 1; at < value.len && to != NULL;) {
    char c = value.data[at++];
    if (c == '\\') {
      to = put_escape(to, value, &at);
    } else if ((unsigned char)c < 0x20) {
      to = NULL;
    } else {
      *to++ = c;
    }
  }
  if (to == NULL) {
    free(text);
    return none;
  }
  *to = '\0';
  return (overt_str){text, (size_t)(to - text)};
}

void json_free(overt_str text) { free((char *)text.data); }

bool json_bool(overt_str value, bool *out) {
  *out = is_text(value, "true");
  return *out || is_text(value, "false");
}

bool json_uint(overt_str value, uint64_t *out) {
  *out = 0;
  for (size_t at = 0; at < value.len; at++) {
    int c = byte_at(value, at);
    if (c < '0' || c > '9' || *out > (UINT64_MAX - 9) / 10) return false;
    *out = *out * 10 + (uint64_t)(c - '0');
  }
  return value.len > 0;
}

bool json_int(overt_str value, int64_t *out) {
  bool negative = byte_at(value, 0) == '-';
  overt_str digits = negative ? (overt_str){value.data + 1, value.len - 1} : value;
  uint64_t size;
  if (!json_uint(digits, &size) || size > INT64_MAX) return false;
  *out = negative ? -(int64_t)size : (int64_t)size;
  return true;
}

void json_write_string(FILE *out, const char *text) {
  putc('"', out);
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') putc('\\', out);
    if (c < 0x20) {
      fprintf(out, "\\u%04x", c);
    } else {
      putc(c, out);
    }
  }
  putc('"', out);
}
