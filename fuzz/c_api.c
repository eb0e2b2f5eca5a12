/* Plays bytes as calls of the C ABI: any order, any texts, NULL for anything. What must hold is checked after each call. */

#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <overt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                \
    }                                                                         \
  } while (0)

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* What is left of the input; zeros after its end. */
static const uint8_t *at;
static size_t left;

static uint8_t byte(void) {
  if (left == 0) return 0;
  left--;
  return *at++;
}

static uint64_t number(void) {
  uint64_t value = 0;
  for (int i = byte() % 9; i > 0; i--) value = value << 8 | byte();
  return value;
}

/* A text in memory of exactly its size, so that reading beyond it is noticed. */
typedef struct {
  overt_str str;
  char *memory;
} text;

static text new_text(void) {
  size_t len = byte();
  if (len == 255) return (text){{NULL, (size_t)number()}, NULL};
  bool terminated = len >= 128;
  len %= 128;
  if (len > left) len = left;
  text text = {{NULL, terminated ? OVERT_NUL_TERMINATED : len}, malloc(len + terminated + (len == 0))};
  CHECK(text.memory != NULL);
  memcpy(text.memory, at, len);
  if (terminated) text.memory[len] = '\0';
  text.str.data = text.memory;
  at += len;
  left -= len;
  return text;
}

/* Texts are read during the call only. */
static void free_text(text text) {
  if (text.memory != NULL) memset(text.memory, 0xDD, text.str.len == OVERT_NUL_TERMINATED ? 0 : text.str.len);
  free(text.memory);
}

static void check_status(overt_status status) {
  CHECK(status != OVERT_INTERNAL);
  CHECK(strcmp(overt_status_str(status), "unknown status") != 0);
}

/* What a callback is given: the text that it puts in the place of an event, or its answer. */
typedef struct {
  uint8_t action;
  text text;
} callback_data;

static callback_data *new_callback_data(void) {
  callback_data *data = malloc(sizeof *data);
  CHECK(data != NULL);
  data->action = byte();
  data->text = new_text();
  return data;
}

static void release(void *data) {
  free_text(((callback_data *)data)->text);
  free(data);
}

static bool before_send(overt_str event, overt_rewrite *rewrite, void *user_data) {
  const callback_data *data = user_data;
  CHECK(event.len > 1 && event.data[0] == '{' && event.data[event.len - 1] == '}');
  if (data->action & 1) overt_rewrite_set(rewrite, data->action & 2 ? event : data->text.str);
  return (data->action & 4) == 0;
}

static int32_t ask_consent(void *user_data) { return (int8_t)((const callback_data *)user_data)->action; }

/* The directory in which this input's clients keep their state. */
static char state_dir[4096];

static int remove_one(const char *path, const struct stat *unused, int flag, struct FTW *ftw) {
  (void)unused, (void)flag, (void)ftw;
  return remove(path);
}

static overt_config *config;
static overt_event *event;
static overt_client *client;

static void new_client(void) {
  if (state_dir[0] == '\0') {
    const char *temp = getenv("TMPDIR");
    snprintf(state_dir, sizeof state_dir, "%s/overt-fuzz-XXXXXX", temp == NULL ? "/tmp" : temp);
    CHECK(mkdtemp(state_dir) != NULL);
  }
  /* No file outside it, no word on stderr, and nobody to whom anything is sent. */
  overt_config_set_state_dir(config, OVERT_CSTR(state_dir));
  overt_config_set_client_id_path(config, OVERT_STR(""));
  overt_config_set_debug(config, false);
  overt_config_set_background(config, false);
  overt_config_set_exit_timeout_ms(config, 0);
  if (isatty(2)) overt_config_set_notice(config, OVERT_STR(""));

  size_t cap = byte() % 64;
  char *error = malloc(cap + 1);
  CHECK(error != NULL);
  error[cap] = 0x55;
  overt_client_free(client);
  client = overt_client_new(config, error, cap);
  if (cap > 0) CHECK(memchr(error, '\0', cap) != NULL);
  if (cap > 1) CHECK((client == NULL) == (error[0] != '\0'));
  CHECK(error[cap] == 0x55);
  free(error);
}

static void check_captured(overt_status status, const overt_uuid *uuid) {
  check_status(status);
  CHECK(memchr(uuid->text, '\0', sizeof uuid->text) != NULL);
  CHECK(strlen(uuid->text) == (status == OVERT_OK ? 36 : 0));
}

/* JSON lines, JSON or an ID, given exactly if the call says so. */
static void check_text(overt_status (*give)(const overt_client *, overt_text **), bool lines) {
  overt_text *text;
  overt_status status = give(client, &text);
  check_status(status);
  CHECK((text != NULL) == (status == OVERT_OK));
  const char *data = overt_text_data(text);
  size_t len = overt_text_len(text);
  CHECK(strlen(data) == len);
  for (size_t i = 0; i < len; i++) CHECK((unsigned char)data[i] >= 0x20 || (lines && data[i] == '\n'));
  for (const char *line = data; lines && *line != '\0';) {
    const char *end = strchr(line, '\n');
    CHECK(end != NULL && strncmp(line, "{\"uuid\":\"", 9) == 0 && end[-1] == '}');
    line = end + 1;
  }
  overt_text_free(text);
}

static void (*const TEXT_OPTIONS[])(overt_config *, overt_str) = {
    overt_config_set_app_version,  overt_config_set_api_key,     overt_config_set_endpoint,
    overt_config_set_wire,         overt_config_set_compression, overt_config_set_super_properties,
    overt_config_add_consent_env,  overt_config_set_state_dir,   overt_config_set_client_id_path,
    overt_config_set_notice,
};

static void (*const BOOL_OPTIONS[])(overt_config *, bool) = {
    overt_config_set_allow_plain_http,     overt_config_set_background,      overt_config_set_enrich,
    overt_config_set_disable_geoip,        overt_config_set_person_profiles, overt_config_set_historical_migration,
    overt_config_set_consent,              overt_config_set_default_consent, overt_config_set_respect_do_not_track,
    overt_config_set_in_ci,                overt_config_set_send_before_notice, overt_config_set_keep_sent,
    overt_config_set_report_losses,        overt_config_set_notice_anywhere,
};

static void (*const NUMBER_OPTIONS[])(overt_config *, uint64_t) = {
    overt_config_set_flush_interval_ms, overt_config_set_timeout_ms,       overt_config_set_connect_timeout_ms,
    overt_config_set_exit_timeout_ms,   overt_config_set_max_event_bytes,  overt_config_set_max_batch_bytes,
    overt_config_set_max_spool_events,  overt_config_set_max_spool_bytes,  overt_config_set_max_spool_age_ms,
    overt_config_set_max_memory_events,
};

static void (*const EVENT_TEXTS[])(overt_event *, overt_str) = {
    overt_event_set_null,      overt_event_begin_object, overt_event_set_distinct_id,
    overt_event_set_timestamp, overt_event_set_uuid,
};

static void (*const EVENT_PAIRS[])(overt_event *, overt_str, overt_str) = {
    overt_event_set_str,
    overt_event_set_json,
    overt_event_set_option_str,
};

static void (*const EVENT_BOOLS[])(overt_event *, overt_str, bool) = {
    overt_event_set_bool,
    overt_event_set_option_bool,
};

static overt_status (*const TEXTS[])(const overt_client *, overt_text **) = {
    overt_client_pending, overt_client_sent, /* lines; the others are not */
    overt_client_stats,   overt_client_losses, overt_client_client_id, overt_client_reset_client_id,
};

/* Calls one function, or a few that belong together. */
static void play_one(void) {
  uint8_t call = byte(), which = byte();
  text one = new_text();
  overt_uuid uuid;
  overt_consent_reason reason;
  switch (call % 19) {
    case 0:
      overt_config_free(config);
      config = which & 1 ? NULL : overt_config_new(one.str);
      break;
    case 1:
      TEXT_OPTIONS[which % COUNT(TEXT_OPTIONS)](config, one.str);
      break;
    case 2:
      BOOL_OPTIONS[which / 2 % COUNT(BOOL_OPTIONS)](config, which & 1);
      break;
    case 3:
      NUMBER_OPTIONS[which % COUNT(NUMBER_OPTIONS)](config, number());
      break;
    case 4:
      overt_config_set_flush_at(config, (uint32_t)number());
      overt_config_set_max_retries(config, (uint32_t)number());
      break;
    case 5: {
      text value = new_text();
      overt_config_add_header(config, one.str, value.str);
      free_text(value);
      break;
    }
    case 6:
      overt_config_set_before_send(config, which & 1 ? NULL : before_send, new_callback_data(), release);
      break;
    case 7:
      overt_config_set_ask_consent(config, which & 1 ? NULL : ask_consent, new_callback_data(), release);
      break;
    case 8:
      new_client();
      break;
    case 9:
      overt_client_free(client);
      client = NULL;
      break;
    case 10: {
      text properties = new_text();
      check_captured(overt_client_capture_event(client, one.str, properties.str, &uuid), &uuid);
      free_text(properties);
      break;
    }
    case 11:
      overt_event_free(event);
      event = which & 1 ? NULL : overt_event_new(one.str);
      break;
    case 12:
      EVENT_TEXTS[which % COUNT(EVENT_TEXTS)](event, one.str);
      break;
    case 13: {
      text value = new_text();
      EVENT_PAIRS[which % COUNT(EVENT_PAIRS)](event, one.str, value.str);
      free_text(value);
      break;
    }
    case 14: {
      uint64_t bits = number();
      double value;
      memcpy(&value, &bits, sizeof value);
      if (which & 1) overt_event_set_double(event, one.str, value);
      else overt_event_set_int(event, one.str, (int64_t)bits);
      break;
    }
    case 15:
      EVENT_BOOLS[which / 2 % COUNT(EVENT_BOOLS)](event, one.str, which & 1);
      break;
    case 16:
      if (which & 1) overt_event_end_object(event);
      else overt_event_set_force(event, which & 2);
      break;
    case 17:
      if (which & 1) check_status(overt_client_capture(client, event, NULL));
      else check_captured(overt_client_capture(client, event, &uuid), &uuid);
      break;
    case 18: {
      size_t index = which % (COUNT(TEXTS) + 4);
      if (index < COUNT(TEXTS)) check_text(TEXTS[index], index < 2);
      else if (index == COUNT(TEXTS)) check_status(overt_client_close(client, 0));
      else if (index == COUNT(TEXTS) + 1) check_status(overt_client_consent(client, &reason));
      else check_status(overt_client_set_consent(client, index & 1, which & 1 ? &reason : NULL));
      CHECK(overt_status_str((int32_t)which - 128) != NULL && overt_consent_reason_str((int8_t)which) != NULL);
      break;
    }
  }
  free_text(one);
}

void overt_fuzz_c_api(const uint8_t *data, size_t size);

void overt_fuzz_c_api(const uint8_t *data, size_t size) {
  at = data;
  left = size;
  while (left > 0) play_one();
  overt_config_free(config);
  overt_event_free(event);
  overt_client_free(client);
  config = NULL, event = NULL, client = NULL;
  if (state_dir[0] != '\0') CHECK(nftw(state_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
  state_dir[0] = '\0';
}

#ifdef REPLAY
/* Plays the files that are named. */
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    static uint8_t data[1 << 16];
    FILE *file = fopen(argv[i], "rb");
    CHECK(file != NULL);
    size_t size = fread(data, 1, sizeof data, file);
    CHECK(size < sizeof data && fclose(file) == 0);
    overt_fuzz_c_api(data, size);
  }
  return 0;
}
#endif
