/* Every function with NULL for every pointer, and with texts that are none. Another test checks that none is missing. */

#include "check.h"

static const overt_str NONE = {NULL, 7};

static void config(void) {
  overt_config_set_app_version(NULL, NONE);
  overt_config_set_api_key(NULL, NONE);
  overt_config_set_endpoint(NULL, NONE);
  overt_config_set_allow_plain_http(NULL, true);
  overt_config_set_wire(NULL, NONE);
  overt_config_set_compression(NULL, NONE);
  overt_config_add_header(NULL, NONE, NONE);
  overt_config_set_flush_at(NULL, 1);
  overt_config_set_flush_interval_ms(NULL, 1);
  overt_config_set_max_retries(NULL, 1);
  overt_config_set_timeout_ms(NULL, 1);
  overt_config_set_connect_timeout_ms(NULL, 1);
  overt_config_set_exit_timeout_ms(NULL, 1);
  overt_config_set_background(NULL, true);
  overt_config_set_detached_upload(NULL, true);
  overt_config_set_max_event_bytes(NULL, 1);
  overt_config_set_max_batch_bytes(NULL, 1);
  overt_config_set_max_spool_events(NULL, 1);
  overt_config_set_max_spool_bytes(NULL, 1);
  overt_config_set_max_spool_age_ms(NULL, 1);
  overt_config_set_max_memory_events(NULL, 1);
  overt_config_set_super_properties(NULL, NONE);
  overt_config_set_enrich(NULL, true);
  overt_config_set_disable_geoip(NULL, true);
  overt_config_set_person_profiles(NULL, true);
  overt_config_set_historical_migration(NULL, true);
  overt_config_set_state_dir(NULL, NONE);
  overt_config_set_client_id_path(NULL, NONE);
  overt_config_set_debug(NULL, true);
  overt_config_set_consent(NULL, true);
  overt_config_add_consent_env(NULL, NONE);
  overt_config_set_default_consent(NULL, true);
  overt_config_set_respect_do_not_track(NULL, true);
  overt_config_set_in_ci(NULL, true);
  overt_config_set_notice(NULL, OVERT_STR("notice"));
  overt_config_set_ack(NULL, OVERT_STR("write"));
  overt_config_set_response_wait_ms(NULL, 1);
  overt_config_set_client_id_key(NULL, OVERT_STR("id"));
  overt_config_set_consent_path(NULL, OVERT_STR("file"));
  overt_config_set_consent_key(NULL, OVERT_STR("choice"));
  overt_config_set_send_before_notice(NULL, true);
  overt_config_set_notice_anywhere(NULL, true);
  overt_config_set_keep_sent(NULL, true);
  overt_config_set_report_losses(NULL, true);
  overt_config_set_counters_path(NULL, NONE);
  overt_config_set_counters_endpoint(NULL, NONE);
  overt_config_set_counters_interval_ms(NULL, -1);
  overt_config_set_before_send(NULL, NULL, NULL, NULL);
  overt_config_set_ask_consent(NULL, NULL, NULL, NULL);
  overt_rewrite_set(NULL, NONE);
  overt_config_free(NULL);
}

static void event(void) {
  overt_event_set_str(NULL, NONE, NONE);
  overt_event_set_int(NULL, NONE, 1);
  overt_event_set_double(NULL, NONE, 1.0);
  overt_event_set_bool(NULL, NONE, true);
  overt_event_set_null(NULL, NONE);
  overt_event_set_json(NULL, NONE, NONE);
  overt_event_begin_object(NULL, NONE);
  overt_event_end_object(NULL);
  overt_event_set_distinct_id(NULL, NONE);
  overt_event_set_timestamp(NULL, NONE);
  overt_event_set_uuid(NULL, NONE);
  overt_event_set_force(NULL, true);
  overt_event_set_option_bool(NULL, NONE, true);
  overt_event_set_option_str(NULL, NONE, NONE);
  overt_event_free(NULL);
}

/* A disabled client, whose outputs are all "nothing". */
static void no_client(void) {
  overt_uuid uuid = {"untouched"};
  overt_consent_reason reason = 99;
  overt_text *text = (overt_text *)&uuid;
  CHECK(overt_client_capture_event(NULL, NONE, NONE, NULL) == OVERT_DISABLED);
  CHECK(overt_client_capture_event(NULL, NONE, NONE, &uuid) == OVERT_DISABLED && uuid.text[0] == '\0');
  CHECK(overt_client_capture(NULL, NULL, NULL) == OVERT_DISABLED);
  CHECK(overt_client_flush(NULL, UINT64_MAX) == OVERT_DISABLED);
  CHECK(overt_client_close(NULL, UINT64_MAX) == OVERT_DISABLED);
  CHECK(overt_client_wait_at_exit(NULL) == OVERT_DISABLED);
  CHECK(overt_client_consent(NULL, NULL) == OVERT_DISABLED);
  CHECK(overt_client_consent(NULL, &reason) == OVERT_DISABLED && reason == OVERT_REASON_NO_CLIENT);
  reason = 99;
  CHECK(overt_client_set_consent(NULL, true, &reason) == OVERT_DISABLED && reason == OVERT_REASON_NO_CLIENT);
  CHECK(overt_client_set_consent(NULL, true, NULL) == OVERT_DISABLED);
  CHECK(!overt_client_notice_shown(NULL));

  CHECK(overt_client_record_command(NULL, NONE, 1) == OVERT_DISABLED);

  overt_status (*const inspections[])(const overt_client *, overt_text **) = {
      overt_client_client_id, overt_client_reset_client_id, overt_client_pending,
      overt_client_sent,      overt_client_stats,           overt_client_losses,
      overt_client_counters,
  };
  for (size_t i = 0; i < sizeof inspections / sizeof *inspections; i++) {
    text = (overt_text *)&uuid;
    CHECK(inspections[i](NULL, NULL) == OVERT_DISABLED);
    CHECK(inspections[i](NULL, &text) == OVERT_DISABLED && text == NULL);
  }
  CHECK(overt_text_data(NULL)[0] == '\0' && overt_text_len(NULL) == 0);
  overt_text_free(NULL);
  overt_client_free(NULL);
}

/* Objects that exist, with arguments that do not. */
static void no_arguments(const char *state_dir) {
  char error[8] = "";
  CHECK(overt_client_new(NULL, NULL, 0) == NULL);
  CHECK(overt_client_new(NULL, error, sizeof error) == NULL && strcmp(error, "config:") == 0);
  overt_config *nameless = overt_config_new(NONE);
  CHECK(overt_client_new(nameless, NULL, 5) == NULL);
  overt_config_free(nameless);

  overt_client *client = new_client(new_config(state_dir));
  overt_event *event = overt_event_new(NONE);
  overt_event_set_str(event, NONE, NONE);
  CHECK(overt_client_capture(client, NULL, NULL) == OVERT_INVALID_ARGUMENT);
  CHECK(overt_client_capture(client, event, NULL) == OVERT_INVALID_NAME);
  CHECK(overt_client_capture_event(client, NONE, NONE, NULL) == OVERT_INVALID_NAME);
  CHECK(overt_client_capture_event(client, OVERT_STR("a"), NONE, NULL) == OVERT_OK);
  CHECK(overt_client_record_command(client, NONE, 0) == OVERT_INVALID_CONFIG);
  overt_event_free(event);
  overt_client_free(client);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  CHECK(!overt_uploader_main(1, NULL) && !overt_uploader_main(0, argv) && !overt_uploader_main(-1, argv));
  config();
  event();
  no_client();
  no_arguments(argv[1]);
  CHECK(strcmp(overt_version(), OVERT_VERSION) == 0);
  CHECK(overt_abi_0() == OVERT_ABI_VERSION);
  CHECK(strcmp(overt_status_str(-12345), "unknown status") == 0);
  CHECK(strcmp(overt_consent_reason_str(-12345), "unknown") == 0);
  return 0;
}
