/* Metrics on the wire aws-sam; the choice and the client ID in a JSON file of the tool's own, which keeps the rest. */

#include "check.h"

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static bool holds(const char *path, const char *expected) {
  char found[1000] = "";
  FILE *file = fopen(path, "r");
  CHECK(file != NULL);
  found[fread(found, 1, sizeof found - 1, file)] = '\0';
  fclose(file);
  if (strcmp(found, expected) != 0) fprintf(stderr, "found: %s\n", found);
  return strcmp(found, expected) == 0;
}

static overt_config *metrics(const char *state_dir, const char *own_file) {
  overt_config *config = new_config(state_dir);
  overt_config_set_api_key(config, OVERT_STR(""));
  overt_config_set_wire(config, OVERT_STR("aws-sam"));
  overt_config_set_ack(config, OVERT_STR("write"));
  overt_config_set_response_wait_ms(config, 1);
  overt_config_set_client_id_path(config, OVERT_CSTR(own_file));
  overt_config_set_client_id_key(config, OVERT_STR("installationId"));
  overt_config_set_consent_path(config, OVERT_CSTR(own_file));
  overt_config_set_consent_key(config, OVERT_STR("telemetryEnabled"));
  return config;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  char own_file[4096], expected[300];
  snprintf(own_file, sizeof own_file, "%s.json", argv[1]);
  write_file(own_file, "{\"telemetryEnabled\": true, \"installationId\": \"an-id\", \"other\": 1.50}");

  overt_consent_reason reason;
  overt_client *client = new_client(metrics(argv[1], own_file));
  CHECK(overt_client_consent(client, &reason) == OVERT_OK && reason == OVERT_REASON_STORED);
  CHECK(!overt_client_notice_shown(client));
  overt_uuid uuid;
  CHECK(overt_client_capture_event(client, OVERT_STR("installed"), OVERT_STR("{\"ci\": null}"), &uuid) == OVERT_OK);
  snprintf(expected, sizeof expected,
           "{\"installed\":{\"requestId\":\"%s\",\"installationId\":\"an-id\",\"ci\":null}}\n", uuid.text);
  CHECK(is_text(pending(client), expected));
  /* Nobody listens, so nothing was written. */
  CHECK(overt_client_flush(client, 60000) == OVERT_UNDELIVERED);
  CHECK(overt_client_set_consent(client, false, NULL) == OVERT_DISABLED);
  CHECK(holds(own_file, "{\"telemetryEnabled\": false, \"other\": 1.50}"));
  overt_client_free(client);

  write_file(own_file, "{\"telemetryEnabled\": \"true\"}");
  client = new_client(metrics(argv[1], own_file));
  CHECK(overt_client_consent(client, &reason) == OVERT_DISABLED && reason == OVERT_REASON_UNREADABLE);
  overt_client_free(client);

  write_file(own_file, "{\"telemetryEnabled\": true}");
  overt_config *config = metrics(argv[1], own_file);
  overt_config_set_endpoint(config, OVERT_STR(""));
  client = new_client(config);
  CHECK(overt_client_consent(client, &reason) == OVERT_DISABLED && reason == OVERT_REASON_NO_ENDPOINT);
  overt_client_free(client);
  return 0;
}
