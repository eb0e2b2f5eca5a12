#define _XOPEN_SOURCE 700
#include "config.h"

#include <stdlib.h>
#include <string.h>

static void set_text(asked *from, const char *name, overt_config *config, void (*set)(overt_config *, overt_str)) {
  overt_str text = asked_text(from, name);
  if (text.data != NULL) set(config, text);
  json_free(text);
}

static void set_flag(asked *from, const char *name, overt_config *config, void (*set)(overt_config *, bool)) {
  bool flag;
  if (asked_flag(from, name, &flag)) set(config, flag);
}

static void set_u32(asked *from, const char *name, overt_config *config, void (*set)(overt_config *, uint32_t)) {
  uint64_t number;
  if (asked_number(from, name, UINT32_MAX, &number)) set(config, (uint32_t)number);
}

static void set_u64(asked *from, const char *name, overt_config *config, void (*set)(overt_config *, uint64_t)) {
  uint64_t number;
  if (asked_number(from, name, UINT64_MAX, &number)) set(config, number);
}

static void set_i64(asked *from, const char *name, overt_config *config, void (*set)(overt_config *, int64_t)) {
  int64_t number;
  if (asked_signed(from, name, &number)) set(config, number);
}

static void set_compression(asked *from, overt_config *config) {
  bool gzip = false;
  if (asked_flag(from, "enable_compression", &gzip) && gzip) overt_config_set_compression(config, OVERT_STR("gzip"));
  set_text(from, "compression", config, overt_config_set_compression);
}

static void add_headers(asked *from, overt_config *config) {
  json_members headers = asked_members(from, "extra_headers", OVERT_INVALID_ARGUMENT);
  overt_str key, value;
  while (json_next(&headers, &key, &value)) {
    overt_str name = json_string(key), text = json_string(value);
    if (name.data == NULL || text.data == NULL) asked_wrong(from, "extra_headers", OVERT_INVALID_ARGUMENT);
    overt_config_add_header(config, name, text);
    json_free(name);
    json_free(text);
  }
}

static bool keep(overt_str event, overt_rewrite *rewrite, void *user_data) {
  (void)event, (void)rewrite, (void)user_data;
  return true;
}

static bool drop(overt_str event, overt_rewrite *rewrite, void *user_data) {
  (void)event, (void)rewrite, (void)user_data;
  return false;
}

/* Puts a property before all others. */
static bool mark(overt_str event, overt_rewrite *rewrite, void *user_data) {
  (void)user_data;
  overt_str properties = json_member(event, "properties");
  if (properties.data == NULL) return true;
  size_t before = (size_t)(properties.data - event.data) + 1, len;
  char *text;
  FILE *out = open_memstream(&text, &len);
  if (out == NULL) return false;
  fwrite(event.data, 1, before, out);
  fputs(event.data[before] == '}' ? "\"marked\":true" : "\"marked\":true,", out);
  fwrite(event.data + before, 1, event.len - before, out);
  fclose(out);
  overt_rewrite_set(rewrite, (overt_str){text, len});
  free(text);
  return true;
}

static void set_before_send(asked *from, overt_config *config) {
  static const struct {
    const char *name;
    overt_before_send callback;
  } known[] = {{"keep", keep}, {"drop", drop}, {"mark", mark}};
  overt_str name = asked_text(from, "before_send");
  bool found = name.data == NULL;
  for (size_t i = 0; !found && i < sizeof known / sizeof *known; i++) {
    found = strcmp(name.data, known[i].name) == 0;
    if (found) overt_config_set_before_send(config, known[i].callback, NULL, NULL);
  }
  if (!found) asked_wrong(from, "before_send", OVERT_INVALID_ARGUMENT);
  json_free(name);
}

overt_config *make_config(asked *from, const char *state_dir) {
  overt_config *config = overt_config_new(OVERT_STR("conformance"));
  overt_config_set_app_version(config, OVERT_STR("1.2.3"));
  set_text(from, "app_version", config, overt_config_set_app_version);
  set_text(from, "api_key", config, overt_config_set_api_key);
  set_text(from, "host", config, overt_config_set_endpoint);
  set_text(from, "wire", config, overt_config_set_wire);
  set_text(from, "ack", config, overt_config_set_ack);
  set_u64(from, "response_wait_ms", config, overt_config_set_response_wait_ms);
  set_text(from, "client_id_path", config, overt_config_set_client_id_path);
  set_text(from, "client_id_key", config, overt_config_set_client_id_key);
  set_flag(from, "consent", config, overt_config_set_consent);
  set_text(from, "consent_path", config, overt_config_set_consent_path);
  set_text(from, "consent_key", config, overt_config_set_consent_key);
  set_compression(from, config);
  add_headers(from, config);
  set_u32(from, "flush_at", config, overt_config_set_flush_at);
  set_u64(from, "flush_interval_ms", config, overt_config_set_flush_interval_ms);
  set_u32(from, "max_retries", config, overt_config_set_max_retries);
  set_u64(from, "timeout_ms", config, overt_config_set_timeout_ms);
  set_u64(from, "max_event_bytes", config, overt_config_set_max_event_bytes);
  set_u64(from, "max_batch_bytes", config, overt_config_set_max_batch_bytes);
  set_flag(from, "report_losses", config, overt_config_set_report_losses);
  set_flag(from, "disable_geoip", config, overt_config_set_disable_geoip);
  set_flag(from, "person_profiles", config, overt_config_set_person_profiles);
  set_flag(from, "historical_migration", config, overt_config_set_historical_migration);
  if (asked_has(from, "super_properties")) {
    overt_config_set_super_properties(config, json_member(from->object, "super_properties"));
  }
  set_text(from, "counters_path", config, overt_config_set_counters_path);
  set_text(from, "counters_endpoint", config, overt_config_set_counters_endpoint);
  set_i64(from, "counters_interval_ms", config, overt_config_set_counters_interval_ms);
  set_before_send(from, config);
  overt_config_set_state_dir(config, OVERT_CSTR(state_dir));
  set_text(from, "state_dir", config, overt_config_set_state_dir);
  return config;
}
