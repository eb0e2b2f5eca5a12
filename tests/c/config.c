/* A configuration that cannot be used is refused with a message that names the option; one that sets every option is not. */

#include "check.h"

typedef void (*mistake)(overt_config *config);

static void bad_api_key(overt_config *config) { overt_config_set_api_key(config, OVERT_STR("phx_secret")); }
static void bad_endpoint(overt_config *config) { overt_config_set_endpoint(config, OVERT_STR("ftp://example.org")); }
static void plain_http(overt_config *config) { overt_config_set_endpoint(config, OVERT_STR("http://example.org")); }
static void bad_wire(overt_config *config) { overt_config_set_wire(config, OVERT_STR("pigeon")); }
static void bad_compression(overt_config *config) { overt_config_set_compression(config, OVERT_STR("zip")); }
static void bad_ack(overt_config *config) { overt_config_set_ack(config, OVERT_STR("hope")); }
/* PostHog's answers say something. */
static void ack_of_another_wire(overt_config *config) { overt_config_set_ack(config, OVERT_STR("write")); }
static void key_without_file(overt_config *config) { overt_config_set_client_id_key(config, OVERT_STR("id")); }
static void choice_without_file(overt_config *config) { overt_config_set_consent_key(config, OVERT_STR("choice")); }
static void choice_without_key(overt_config *config) { overt_config_set_consent_path(config, OVERT_STR("file")); }
static void bad_header(overt_config *config) { overt_config_add_header(config, OVERT_STR("X"), OVERT_STR("a\nb")); }
static void bad_flush_at(overt_config *config) { overt_config_set_flush_at(config, 0); }
static void bad_timeout(overt_config *config) { overt_config_set_timeout_ms(config, 0); }
static void bad_event_bytes(overt_config *config) { overt_config_set_max_event_bytes(config, UINT64_MAX); }
static void bad_batch_bytes(overt_config *config) { overt_config_set_max_batch_bytes(config, 1); }
static void bad_properties(overt_config *config) { overt_config_set_super_properties(config, OVERT_STR("{")); }
static void bad_variable(overt_config *config) { overt_config_add_consent_env(config, OVERT_STR("=1")); }
static void bad_version(overt_config *config) { overt_config_set_app_version(config, OVERT_STR("\xff")); }
/* Without the early call. */
static void bad_upload(overt_config *config) { overt_config_set_detached_upload(config, true); }
/* The first mistake is the one that is answered. */
static void two(overt_config *config) {
  bad_wire(config);
  bad_version(config);
}

static void mistakes(const char *state_dir) {
  static const struct {
    mistake make;
    const char *message;
  } cases[] = {
      {bad_api_key, "api_key: "},
      {bad_endpoint, "endpoint: "},
      {plain_http, "endpoint: "},
      {bad_wire, "wire: "},
      {bad_compression, "compression: "},
      {bad_header, "extra_headers: "},
      {bad_ack, "ack: "},
      {ack_of_another_wire, "ack: "},
      {key_without_file, "client_id_key: "},
      {choice_without_file, "consent_path and consent_key: "},
      {choice_without_key, "consent_path and consent_key: "},
      {bad_flush_at, "flush_at: "},
      {bad_timeout, "timeout"},
      {bad_event_bytes, "max_event_bytes: "},
      {bad_batch_bytes, "max_batch_bytes: "},
      {bad_properties, "super_properties: "},
      {bad_variable, "consent_env: "},
      {bad_version, "app_version: not UTF-8"},
      {bad_upload, "detached_upload: overt_uploader_main was not called"},
      {two, "wire: "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char error[200] = "untouched";
    overt_config *config = new_config(state_dir);
    cases[i].make(config);
    overt_client *client = overt_client_new(config, error, sizeof error);
    if (strstr(error, cases[i].message) != error) fprintf(stderr, "case %zu: %s\n", i, error);
    CHECK(client == NULL && strstr(error, cases[i].message) == error);
    overt_config_free(config);
  }
}

static void a_short_buffer(const char *state_dir) {
  char error[9] = "12345678";
  overt_config *config = new_config(state_dir);
  bad_wire(config);
  CHECK(overt_client_new(config, error, 0) == NULL && strcmp(error, "12345678") == 0);
  CHECK(overt_client_new(config, error, 6) == NULL && memcmp(error, "wire:\0" "78", 8) == 0);
  overt_config_free(config);
}

static void every_option(const char *state_dir) {
  char path[4096];
  snprintf(path, sizeof path, "%s/tools_own_id", state_dir);
  overt_config *config = new_config(state_dir);
  overt_config_set_app_version(config, OVERT_STR("1.2.3"));
  overt_config_set_endpoint(config, OVERT_STR("http://example.org"));
  overt_config_set_allow_plain_http(config, true);
  overt_config_set_wire(config, OVERT_STR("posthog"));
  overt_config_set_compression(config, OVERT_STR("gzip"));
  overt_config_add_header(config, OVERT_STR("X-Tool"), OVERT_STR("1"));
  overt_config_set_flush_at(config, 10);
  overt_config_set_flush_interval_ms(config, UINT64_MAX);
  overt_config_set_timeout_ms(config, UINT64_MAX);
  overt_config_set_connect_timeout_ms(config, 1);
  overt_config_set_exit_timeout_ms(config, 0);
  overt_config_set_detached_upload(config, false);
  overt_config_set_max_event_bytes(config, 1024);
  overt_config_set_max_batch_bytes(config, 4096);
  overt_config_set_max_spool_events(config, 1);
  overt_config_set_max_spool_bytes(config, 10000);
  overt_config_set_max_spool_age_ms(config, UINT64_MAX);
  overt_config_set_max_memory_events(config, 0);
  overt_config_set_super_properties(config, OVERT_STR("{\"plan\": \"free\"}"));
  overt_config_set_disable_geoip(config, false);
  overt_config_set_person_profiles(config, true);
  overt_config_set_historical_migration(config, true);
  overt_config_set_client_id_path(config, OVERT_CSTR(path));
  overt_config_set_consent(config, true);
  overt_config_add_consent_env(config, OVERT_STR("C_TEST_TELEMETRY=1,yes"));
  overt_config_set_default_consent(config, false);
  overt_config_set_respect_do_not_track(config, false);
  overt_config_set_in_ci(config, true);
  overt_config_set_keep_sent(config, false);
  overt_config_set_report_losses(config, false);
  overt_config_set_debug(config, false);
  overt_client *client = new_client(config);

  overt_event *event = overt_event_new(OVERT_STR("e"));
  overt_event_set_uuid(event, OVERT_STR("019aa25a-3dcd-7000-8000-000000000001"));
  overt_event_set_timestamp(event, OVERT_STR("2026-11-20T18:10:36Z"));
  overt_event_set_distinct_id(event, OVERT_STR("d"));
  CHECK(overt_client_capture(client, event, NULL) == OVERT_OK);
  CHECK(overt_client_capture(client, event, NULL) == OVERT_DROPPED);
  overt_event_free(event);
  CHECK(is_text(pending(client), "{\"uuid\":\"019aa25a-3dcd-7000-8000-000000000001\",\"event\":\"e\",\"distinct_id\":\"d\","
                "\"timestamp\":\"2026-11-20T18:10:36.000Z\",\"properties\":{\"$app_name\":\"c-test\",\"$app_version\":\"1.2.3\","
                "\"plan\":\"free\",\"$lib\":\"overt\",\"$lib_version\":\"" OVERT_VERSION "\"}}\n"));
  overt_text *losses;
  CHECK(overt_client_losses(client, &losses) == OVERT_OK && is_text(losses, "{\"spool_full\":1}"));

  overt_text *id;
  CHECK(overt_client_client_id(client, &id) == OVERT_OK);
  FILE *file = fopen(path, "r");
  char stored[64] = "";
  CHECK(file != NULL && fgets(stored, sizeof stored, file) != NULL);
  fclose(file);
  CHECK(is_text(id, stored));
  overt_client_free(client);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  mistakes(argv[1]);
  a_short_buffer(argv[1]);
  every_option(argv[1]);
  return 0;
}
