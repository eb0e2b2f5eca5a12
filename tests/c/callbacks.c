/* A host's callbacks see, change and drop events, are asked for consent, and their data is released once. */

#include "check.h"

static bool look(overt_str event, overt_rewrite *rewrite, void *user_data) {
  const char **replacement = (const char **)user_data;
  CHECK(event.len > 2 && event.data[0] == '{' && event.data[event.len - 1] == '}');
  if (*replacement != NULL) overt_rewrite_set(rewrite, OVERT_CSTR(*replacement));
  return replacement[1] == NULL;
}

static int32_t ask(void *user_data) { return *(const int32_t *)user_data; }

static int released;

static void release(void *user_data) {
  CHECK(user_data != NULL);
  released++;
}

#define REWRITTEN "{\"uuid\":\"019aa25a-3dcd-7000-8000-000000000001\",\"event\":\"e\",\"distinct_id\":\"d\",\"timestamp\":\"2026-11-20T18:10:36.000Z\",\"properties\":{\"a\":1}}"

static void before_send(const char *state_dir) {
  const char *plan[2] = {NULL, NULL};
  overt_config *config = new_config(state_dir);
  overt_config_set_before_send(config, look, plan, release);
  overt_client *client = new_client(config);
  CHECK(released == 0);
  CHECK(overt_client_capture_event(client, OVERT_STR("kept"), OVERT_STR(""), NULL) == OVERT_OK);
  CHECK(count_pending(client) == 1 && overt_client_reset_client_id(client, NULL) == OVERT_OK);

  overt_uuid uuid;
  plan[0] = REWRITTEN;
  CHECK(overt_client_capture_event(client, OVERT_STR("changed"), OVERT_STR(""), &uuid) == OVERT_OK);
  CHECK(strcmp(uuid.text, "019aa25a-3dcd-7000-8000-000000000001") == 0);
  CHECK(is_text(pending(client), REWRITTEN "\n"));

  static const char *const bad[] = {"", "[]", "{\"event\":\"e\"}", "\xff"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    plan[0] = bad[i];
    CHECK(overt_client_capture_event(client, OVERT_STR("bad"), OVERT_STR(""), &uuid) == OVERT_INVALID_PROPERTIES);
  }
  plan[1] = "drop";
  CHECK(overt_client_capture_event(client, OVERT_STR("dropped"), OVERT_STR(""), &uuid) == OVERT_DROPPED);
  CHECK(uuid.text[0] == '\0');
  CHECK(is_text(pending(client), REWRITTEN "\n"));
  overt_client_free(client);
  CHECK(released == 1);
}

static void ask_consent(const char *state_dir) {
  int32_t answer = 0;
  overt_consent_reason reason;
  overt_config *config = new_config(state_dir);
  overt_config_set_ask_consent(config, ask, &answer, release);
  overt_client *client = new_client(config);
  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_DISABLED);
  answer = 1;
  CHECK(overt_client_consent(client, &reason) == OVERT_OK && reason == OVERT_REASON_HOST);
  answer = -1;
  CHECK(overt_client_consent(client, &reason) == OVERT_OK && reason == OVERT_REASON_DEFAULT);
  overt_client_free(client);
}

/* Data that no client will ever see is released too. */
static void released_at_once(void) {
  int data = 0;
  released = 0;
  overt_config_set_before_send(NULL, look, &data, release);
  CHECK(released == 1);
  overt_config *config = overt_config_new(OVERT_STR("c-test"));
  overt_config_set_ask_consent(config, NULL, &data, release);
  CHECK(released == 2);
  overt_config_set_before_send(config, look, &data, release);
  overt_config_set_before_send(config, NULL, NULL, NULL);
  CHECK(released == 3);
  overt_config_set_ask_consent(config, ask, &data, release);
  overt_config_free(config);
  CHECK(released == 4);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  before_send(argv[1]);
  released = 0;
  ask_consent(argv[1]);
  CHECK(released == 1);
  released_at_once();
  return 0;
}
