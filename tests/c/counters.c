/* A command is counted in the tool's own file, whose ID is the client ID. */

#include "check.h"

static overt_client *new_counting_client(const char *state_dir, const char *path, bool consent) {
  overt_config *config = new_config(state_dir);
  overt_config_set_api_key(config, OVERT_STR(""));
  overt_config_set_app_version(config, OVERT_STR("v1.16.0"));
  overt_config_set_counters_path(config, OVERT_CSTR(path));
  overt_config_set_counters_endpoint(config, OVERT_STR(NOBODY "/telemetry"));
  overt_config_set_counters_interval_ms(config, -1);
  overt_config_set_consent(config, consent);
  return new_client(config);
}

static overt_text *counters(const overt_client *client) {
  overt_text *text;
  CHECK(overt_client_counters(client, &text) == OVERT_OK);
  return text;
}

int main(int argc, char **argv) {
  char path[4096], expected[512];
  CHECK(argc == 2);
  snprintf(path, sizeof path, "%s/config/telemetry.yaml", argv[1]);

  overt_client *off = new_counting_client(argv[1], path, false);
  CHECK(overt_client_record_command(off, OVERT_STR("pace get"), 0) == OVERT_DISABLED);
  CHECK(is_text(counters(off), ""));
  overt_client_free(off);

  overt_client *client = new_counting_client(argv[1], path, true);
  CHECK(overt_client_record_command(client, OVERT_STR("pace get"), 0) == OVERT_OK);
  CHECK(overt_client_record_command(client, OVERT_STR("pace get"), 0) == OVERT_OK);
  CHECK(overt_client_record_command(client, OVERT_CSTR("pace get"), -7) == OVERT_OK);
  CHECK(overt_client_record_command(client, OVERT_STR(""), 0) == OVERT_INVALID_NAME);
  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_DISABLED);
  overt_text *id;
  CHECK(overt_client_client_id(client, &id) == OVERT_OK);
  snprintf(expected, sizeof expected,
           "{\"metric_points\":{\"pace get\":{\"-7\":{\"cumulative_count\":1},\"0\":{\"cumulative_count\":2}}},"
           "\"cli_version\":\"v1.16.0\",\"operating_system\":\"linux\",\"id\":\"%s\",\"schema\":1}",
           overt_text_data(id));
  overt_text_free(id);
  CHECK(is_text(counters(client), expected));
  CHECK(overt_client_flush(client, UINT64_MAX) == OVERT_OK);
  overt_client_free(client);

  client = new_counting_client(argv[1], "/dev/null/telemetry.yaml", true);
  CHECK(overt_client_record_command(client, OVERT_STR("pace get"), 0) == OVERT_STORAGE);
  overt_client_free(client);
  return 0;
}
