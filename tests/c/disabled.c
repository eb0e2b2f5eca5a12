/* Off is off: whoever says it, there is a reason, and there is no file. */

#define _POSIX_C_SOURCE 200112L
#include "check.h"
#include <errno.h>
#include <sys/stat.h>

static void expect_off(overt_config *config, const char *state_dir, const char *why) {
  overt_client *client = new_client(config);
  overt_consent_reason reason;
  overt_text *text;
  struct stat found;
  CHECK(overt_client_consent(client, &reason) == OVERT_DISABLED);
  if (strcmp(overt_consent_reason_str(reason), why) != 0) fprintf(stderr, "%s\n", overt_consent_reason_str(reason));
  CHECK(strcmp(overt_consent_reason_str(reason), why) == 0);

  /* Nothing is wrong with a call while nobody looks at it. */
  overt_event *event = overt_event_new(OVERT_STR("e"));
  overt_event_set_json(event, OVERT_STR("a"), OVERT_STR("{"));
  CHECK(overt_client_capture(client, event, NULL) == OVERT_DISABLED);
  CHECK(overt_client_capture(client, NULL, NULL) == OVERT_DISABLED);
  CHECK(overt_client_capture_event(client, OVERT_STR("\xff"), OVERT_STR("{"), NULL) == OVERT_DISABLED);
  CHECK(overt_client_client_id(client, &text) == OVERT_DISABLED && text == NULL);
  CHECK(overt_client_flush(client, 0) == OVERT_OK);
  CHECK(is_text(pending(client), ""));
  CHECK(overt_client_sent(client, &text) == OVERT_OK && is_text(text, ""));
  CHECK(overt_client_losses(client, &text) == OVERT_OK && is_text(text, "{}"));
  CHECK(overt_client_stats(client, &text) == OVERT_OK);
  CHECK(is_text(text, "{\"recorded\":0,\"delivered\":0,\"unconfirmed\":0,\"pending\":0,\"lost\":0,\"requests\":0,\"failures\":0,\"panics\":0,"
                "\"storage\":\"none\"}"));
  CHECK(overt_client_close(client, 1000) == OVERT_OK);
  overt_event_free(event);
  overt_client_free(client);
  CHECK(stat(state_dir, &found) == -1 && errno == ENOENT);
}

static void expect_off_by_variable(const char *name, const char *value, const char *state_dir, const char *why) {
  overt_config *config = new_config(state_dir);
  overt_config_add_consent_env(config, OVERT_STR("C_TEST_TELEMETRY=1,yes"));
  overt_config_set_consent(config, true);
  CHECK(setenv(name, value, 1) == 0);
  expect_off(config, state_dir, why);
  CHECK(unsetenv(name) == 0);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  const char *dir = argv[1];
  expect_off_by_variable("C_TEST_TELEMETRY", "true", dir, "tool_variable");
  expect_off_by_variable("TELEMETRY_ENABLED", "", dir, "telemetry_enabled");
  expect_off_by_variable("DO_NOT_TRACK", "1", dir, "do_not_track");

  overt_config *config = new_config(dir);
  overt_config_set_consent(config, false);
  expect_off(config, dir, "host");
  config = new_config(dir);
  overt_config_set_default_consent(config, false);
  expect_off(config, dir, "default");
  config = new_config(dir);
  overt_config_set_api_key(config, OVERT_STR(""));
  expect_off(config, dir, "no_api_key");
  CHECK(setenv("CI", "true", 1) == 0);
  expect_off(new_config(dir), dir, "ci");
  return 0;
}
