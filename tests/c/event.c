/* An event built property by property comes out as exactly the line that was meant. */

#include "check.h"

#define HEAD "{\"uuid\":\"019aa25a-3dcd-7000-8000-000000000001\",\"event\":\"job\",\"distinct_id\":\"someone\",\"timestamp\":\"2026-11-20T18:10:36.493Z\",\"properties\":{"
#define TAIL "\"$app_name\":\"c-test\",\"$lib\":\"overt\",\"$lib_version\":\"" OVERT_VERSION "\",\"$geoip_disable\":true"

static overt_event *new_event(void) {
  overt_event *event = overt_event_new(OVERT_STR("job"));
  overt_event_set_uuid(event, OVERT_STR("019AA25A-3DCD-7000-8000-000000000001"));
  overt_event_set_distinct_id(event, OVERT_STR("someone"));
  overt_event_set_timestamp(event, OVERT_STR("2026-11-20T20:10:36.493+02:00"));
  return event;
}

static void every_type(const overt_client *client) {
  overt_event *event = new_event();
  overt_event_set_str(event, OVERT_STR("text"), OVERT_STR("a \"b\"\n"));
  overt_event_set_str(event, OVERT_CSTR("no text"), OVERT_CSTR(NULL));
  overt_event_set_int(event, OVERT_STR("int"), INT64_MIN);
  overt_event_set_double(event, OVERT_STR("double"), 0.5);
  overt_event_set_double(event, OVERT_STR("not finite"), 1e308 * 10);
  overt_event_set_bool(event, OVERT_STR("yes"), true);
  overt_event_set_null(event, OVERT_STR("nothing"));
  overt_event_set_json(event, OVERT_STR("json"), OVERT_STR(" [ 1, {\"a\": null} ] "));
  overt_event_set_option_str(event, OVERT_STR("session_id"), OVERT_STR("s1"));
  overt_event_set_option_bool(event, OVERT_STR("process_person_profile"), false);
  overt_event_set_option_bool(event, OVERT_STR("process_person_profile"), true);

  overt_uuid uuid;
  CHECK(overt_client_capture(client, event, &uuid) == OVERT_OK);
  CHECK(strcmp(uuid.text, "019aa25a-3dcd-7000-8000-000000000001") == 0);
  CHECK(is_text(pending(client), HEAD
                "\"$process_person_profile\":true,\"$session_id\":\"s1\","
                "\"text\":\"a \\\"b\\\"\\n\",\"no text\":null,\"int\":-9223372036854775808,\"double\":0.5,\"not finite\":null,"
                "\"yes\":true,\"nothing\":null,\"json\":[1,{\"a\":null}]," TAIL "}}\n"));
  overt_event_free(event);
}

static void set_twice_and_captured_twice(const overt_client *client) {
  overt_event *event = new_event();
  overt_event_set_int(event, OVERT_STR("first"), 1);
  overt_event_begin_object(event, OVERT_STR("config"));
  overt_event_set_int(event, OVERT_STR("first"), 2);
  overt_event_set_int(event, OVERT_STR("again"), 3);
  overt_event_begin_object(event, OVERT_STR("inner \"one\""));
  overt_event_end_object(event);
  overt_event_set_str(event, OVERT_STR("first"), OVERT_STR("a longer value"));
  overt_event_end_object(event);
  overt_event_set_bool(event, OVERT_STR("last"), false);
  CHECK(overt_client_capture(client, event, NULL) == OVERT_OK);
  overt_event_set_double(event, OVERT_STR("first"), 1);
  CHECK(overt_client_capture(client, event, NULL) == OVERT_OK);
  CHECK(is_text(pending(client), HEAD "\"first\":1,\"config\":{\"again\":3,\"inner \\\"one\\\"\":{},\"first\":\"a longer value\"},"
                "\"last\":false," TAIL ",\"$process_person_profile\":false}}\n" HEAD
                "\"config\":{\"again\":3,\"inner \\\"one\\\"\":{},\"first\":\"a longer value\"},\"last\":false,\"first\":1.0," TAIL
                ",\"$process_person_profile\":false}}\n"));
  overt_event_free(event);
}

typedef void (*mistake)(overt_event *event);

static void bad_json(overt_event *event) { overt_event_set_json(event, OVERT_STR("a"), OVERT_STR("{\"a\":}")); }
static void bad_key(overt_event *event) { overt_event_set_null(event, OVERT_STR("\xff")); }
static void bad_text(overt_event *event) { overt_event_set_str(event, OVERT_STR("a"), OVERT_STR("\xc3")); }
static void bad_uuid(overt_event *event) { overt_event_set_uuid(event, OVERT_STR("1234")); }
static void bad_time(overt_event *event) { overt_event_set_timestamp(event, OVERT_STR("yesterday")); }
static void bad_id(overt_event *event) { overt_event_set_distinct_id(event, OVERT_STR("null")); }
static void bad_option(overt_event *event) { overt_event_set_option_bool(event, OVERT_STR("typo"), true); }
static void bad_option_type(overt_event *event) { overt_event_set_option_bool(event, OVERT_STR("session_id"), true); }
static void not_begun(overt_event *event) { overt_event_end_object(event); }
static void not_ended(overt_event *event) { overt_event_begin_object(event, OVERT_STR("a")); }
static void too_deep(overt_event *event) {
  for (int i = 0; i < 40; i++) overt_event_begin_object(event, OVERT_STR("a"));
  for (int i = 0; i < 40; i++) overt_event_end_object(event);
}
static void too_large(overt_event *event) {
  static char text[40000];
  memset(text, 'x', sizeof text - 1);
  overt_event_set_str(event, OVERT_STR("a"), OVERT_CSTR(text));
}
/* The first mistake is the one that is answered. */
static void two(overt_event *event) {
  bad_time(event);
  bad_json(event);
}

static void mistakes(const overt_client *client) {
  static const struct {
    mistake make;
    overt_status answer;
  } cases[] = {
      {bad_json, OVERT_INVALID_PROPERTIES},
      {bad_key, OVERT_INVALID_UTF8},
      {bad_text, OVERT_INVALID_UTF8},
      {bad_uuid, OVERT_INVALID_UUID},
      {bad_time, OVERT_INVALID_TIMESTAMP},
      {bad_id, OVERT_INVALID_DISTINCT_ID},
      {bad_option, OVERT_INVALID_PROPERTIES},
      {bad_option_type, OVERT_INVALID_PROPERTIES},
      {not_begun, OVERT_INVALID_PROPERTIES},
      {not_ended, OVERT_INVALID_PROPERTIES},
      {too_deep, OVERT_INVALID_PROPERTIES},
      {too_large, OVERT_EVENT_TOO_LARGE},
      {two, OVERT_INVALID_TIMESTAMP},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    overt_event *event = new_event();
    overt_uuid uuid = {"untouched"};
    cases[i].make(event);
    overt_status answer = overt_client_capture(client, event, &uuid);
    if (answer != cases[i].answer) fprintf(stderr, "case %zu: %s\n", i, overt_status_str(answer));
    CHECK(answer == cases[i].answer && uuid.text[0] == '\0');
    overt_event_free(event);
  }
  CHECK(overt_client_capture_event(client, OVERT_STR("\xff"), OVERT_STR(""), NULL) == OVERT_INVALID_UTF8);
  CHECK(overt_client_capture_event(client, OVERT_STR("a"), OVERT_STR("{\"\xff\":1}"), NULL) == OVERT_INVALID_UTF8);
  CHECK(overt_client_capture_event(client, OVERT_STR("a"), OVERT_STR("[]"), NULL) == OVERT_INVALID_PROPERTIES);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  overt_client *client = new_client(new_config(argv[1]));
  every_type(client);
  CHECK(overt_client_reset_client_id(client, NULL) == OVERT_OK);
  set_twice_and_captured_twice(client);
  CHECK(overt_client_reset_client_id(client, NULL) == OVERT_OK);
  mistakes(client);
  CHECK(is_text(pending(client), ""));
  overt_client_free(client);
  return 0;
}
