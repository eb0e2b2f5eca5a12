/* What the C tests share. Each takes the path of a directory that does not exist yet, and keeps its state there. */

#ifndef CHECK_H
#define CHECK_H

#include <overt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                    \
  do {                                                                      \
    if (!(condition)) {                                                     \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                              \
    }                                                                       \
  } while (0)

/* Nothing listens there, and without a thread of overt's nobody knocks before somebody flushes. */
#define NOBODY "http://127.0.0.1:1"

static inline overt_config *new_config(const char *state_dir) {
  overt_config *config = overt_config_new(OVERT_STR("c-test"));
  overt_config_set_api_key(config, OVERT_STR("phc_test"));
  overt_config_set_endpoint(config, OVERT_STR(NOBODY));
  overt_config_set_state_dir(config, OVERT_CSTR(state_dir));
  overt_config_set_background(config, false);
  overt_config_set_enrich(config, false);
  overt_config_set_max_retries(config, 0);
  return config;
}

/* Frees the configuration. */
static inline overt_client *new_client(overt_config *config) {
  char error[200];
  overt_client *client = overt_client_new(config, error, sizeof error);
  overt_config_free(config);
  if (client == NULL) fprintf(stderr, "overt_client_new: %s\n", error);
  CHECK(client != NULL && error[0] == '\0');
  return client;
}

/* Whether `text` is `expected`; says so if not. Frees the text. */
static inline bool is_text(overt_text *text, const char *expected) {
  bool same = strcmp(overt_text_data(text), expected) == 0 && overt_text_len(text) == strlen(expected);
  if (!same) fprintf(stderr, "expected: %s\nfound:    %s\n", expected, overt_text_data(text));
  overt_text_free(text);
  return same;
}

static inline overt_text *pending(const overt_client *client) {
  overt_text *text;
  CHECK(overt_client_pending(client, &text) == OVERT_OK);
  return text;
}

static inline int compare_uuids(const void *one, const void *other) {
  return strcmp((const char *)one, (const char *)other);
}

/* How many events wait; no two of them may have the same UUID. */
static inline size_t count_pending(const overt_client *client) {
  static const char mark[] = "\"uuid\":\"";
  overt_text *text = pending(client);
  size_t count = 0;
  overt_uuid *uuids = (overt_uuid *)calloc(overt_text_len(text) + 1, sizeof *uuids);
  CHECK(uuids != NULL);
  for (const char *at = overt_text_data(text); (at = strstr(at, mark)) != NULL; count++) {
    at += sizeof mark - 1;
    memcpy(uuids[count].text, at, sizeof uuids[count].text - 1);
  }
  qsort(uuids, count, sizeof *uuids, compare_uuids);
  for (size_t i = 1; i < count; i++) CHECK(strcmp(uuids[i - 1].text, uuids[i].text) != 0);
  free(uuids);
  overt_text_free(text);
  return count;
}

#endif
