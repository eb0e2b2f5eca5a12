/* overt.h behind the HTTP interface of tests/conformance/README.md.
 *
 * It serves one request at a time, holds one client at most, and ends when stdin does, after the request in hand. */

#define _XOPEN_SOURCE 700
#include "config.h"
#include "http.h"

#include <ctype.h>
#include <ftw.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Longer than any test is to wait. */
#define FLUSH_MS 60000

static const struct {
  overt_status status;
  const char *name;
} statuses[] = {
#define STATUS(name) {OVERT_##name, #name}
    STATUS(OK),
    STATUS(DISABLED),
    STATUS(DROPPED),
    STATUS(INVALID_ARGUMENT),
    STATUS(INVALID_UTF8),
    STATUS(INVALID_CONFIG),
    STATUS(INVALID_NAME),
    STATUS(INVALID_DISTINCT_ID),
    STATUS(INVALID_UUID),
    STATUS(INVALID_TIMESTAMP),
    STATUS(INVALID_PROPERTIES),
    STATUS(EVENT_TOO_LARGE),
    STATUS(STORAGE),
    STATUS(TIMEOUT),
    STATUS(UNDELIVERED),
    STATUS(INTERNAL),
};

typedef struct {
  overt_client *client;
  /* Where the state directories of clients lie that are given none; "": none was needed yet. */
  char dir[32];
  unsigned clients;
} adapter;

static void end_client(adapter *held) {
  overt_client_free(held->client);
  held->client = NULL;
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *place) {
  (void)about, (void)type, (void)place;
  remove(path);
  return 0;
}

/* A thread of overt's ends a moment after its client, and may write meanwhile: a second is enough. */
static void remove_dir(const char *dir) {
  const struct timespec pause = {0, 10 * 1000 * 1000};
  for (int i = 0; i < 100 && access(dir, F_OK) == 0; i++) {
    if (i > 0) nanosleep(&pause, NULL);
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
  }
}

/* ---- Answers: each function writes a body and gives the HTTP status ---- */

static int succeed(FILE *out) {
  fputs("{\"success\":true}", out);
  return 200;
}

static int fail(FILE *out, int http_status, overt_status status, const char *message) {
  const char *name = "";
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    if (statuses[i].status == status) name = statuses[i].name;
  }
  fputs("{\"success\":false,\"status\":\"", out);
  for (; *name != '\0'; name++) putc(tolower((unsigned char)*name), out);
  fputs("\",\"error\":", out);
  json_write_string(out, message);
  putc('}', out);
  return http_status;
}

/* A positive status is no error. */
static int fail_with(FILE *out, overt_status status) {
  return fail(out, status > 0 ? 200 : 400, status, overt_status_str(status));
}

/* A directory that nobody has used; made only when it is needed, because a judge may kill the adapter. */
static void fresh_dir(adapter *held, char *dir, size_t cap) {
  if (held->dir[0] == '\0') {
    strcpy(held->dir, "/tmp/overt-conformance-XXXXXX");
    if (mkdtemp(held->dir) == NULL) perror("adapter: /tmp");
  }
  snprintf(dir, cap, "%s/%u", held->dir, ++held->clients);
}

static int init(adapter *held, overt_str body, FILE *out) {
  end_client(held);
  asked from = {body, NULL, OVERT_OK};
  char state_dir[64] = "", error[256] = "";
  if (!asked_has(&from, "state_dir")) fresh_dir(held, state_dir, sizeof state_dir);
  overt_config *config = make_config(&from, state_dir);
  if (from.wrong == NULL) held->client = overt_client_new(config, error, sizeof error);
  overt_config_free(config);
  if (from.wrong != NULL) return fail(out, 400, from.status, from.wrong);
  return held->client != NULL ? succeed(out) : fail(out, 400, OVERT_INVALID_CONFIG, error);
}

static void set_properties(asked *from, overt_event *event) {
  json_members properties = asked_members(from, "properties", OVERT_INVALID_PROPERTIES);
  overt_str key, value;
  while (json_next(&properties, &key, &value)) {
    overt_str name = json_string(key);
    overt_event_set_json(event, name, value);
    json_free(name);
  }
}

static void set_options(asked *from, overt_event *event) {
  json_members options = asked_members(from, "options", OVERT_INVALID_PROPERTIES);
  overt_str key, value;
  while (json_next(&options, &key, &value)) {
    overt_str name = json_string(key), text = json_string(value);
    bool flag;
    if (text.data != NULL) {
      overt_event_set_option_str(event, name, text);
    } else if (json_bool(value, &flag)) {
      overt_event_set_option_bool(event, name, flag);
    } else if (!json_is_null(value)) {
      asked_wrong(from, "options", OVERT_INVALID_PROPERTIES);
    }
    json_free(name);
    json_free(text);
  }
}

static void set_event_text(asked *from, const char *name, overt_event *event, void (*set)(overt_event *, overt_str)) {
  overt_str text = asked_text(from, name);
  if (text.data != NULL) set(event, text);
  json_free(text);
}

/* An event that is only a name and properties goes the short way. */
static bool is_plain(const asked *from) {
  return !asked_has(from, "distinct_id") && !asked_has(from, "timestamp") && !asked_has(from, "uuid") &&
         !asked_has(from, "options") && !asked_has(from, "force");
}

static overt_event *make_event(asked *from, overt_str name) {
  overt_event *event = overt_event_new(name);
  set_properties(from, event);
  set_event_text(from, "distinct_id", event, overt_event_set_distinct_id);
  set_event_text(from, "timestamp", event, overt_event_set_timestamp);
  set_event_text(from, "uuid", event, overt_event_set_uuid);
  set_options(from, event);
  bool force;
  if (asked_flag(from, "force", &force)) overt_event_set_force(event, force);
  return event;
}

static overt_status record(const overt_client *client, asked *from, overt_str name, overt_uuid *uuid) {
  if (is_plain(from)) {
    return overt_client_capture_event(client, name, json_member(from->object, "properties"), uuid);
  }
  overt_event *event = make_event(from, name);
  overt_status status = from->wrong != NULL ? from->status : overt_client_capture(client, event, uuid);
  overt_event_free(event);
  return status;
}

static int capture(adapter *held, overt_str body, FILE *out) {
  asked from = {body, NULL, OVERT_OK};
  overt_uuid uuid;
  overt_str name = asked_text(&from, "event");
  if (name.data == NULL) asked_wrong(&from, "event", OVERT_INVALID_NAME);
  overt_status status = from.wrong != NULL ? from.status : record(held->client, &from, name, &uuid);
  json_free(name);
  if (from.wrong != NULL) return fail(out, 400, status, from.wrong);
  if (status != OVERT_OK) return fail_with(out, status);
  fprintf(out, "{\"success\":true,\"uuid\":\"%s\"}", uuid.text);
  return 200;
}

static int record_command(adapter *held, overt_str body, FILE *out) {
  asked from = {body, NULL, OVERT_OK};
  int64_t exit_code = 0;
  overt_str path = asked_text(&from, "path");
  if (!asked_signed(&from, "exit_code", &exit_code) || exit_code < INT32_MIN || exit_code > INT32_MAX) {
    asked_wrong(&from, "exit_code", OVERT_INVALID_ARGUMENT);
  }
  overt_status status = from.status;
  if (from.wrong == NULL) status = overt_client_record_command(held->client, path, (int32_t)exit_code);
  json_free(path);
  if (from.wrong != NULL) return fail(out, 400, status, from.wrong);
  return status == OVERT_OK ? succeed(out) : fail_with(out, status);
}

static int counters(adapter *held, overt_str body, FILE *out) {
  (void)body;
  overt_text *text;
  overt_client_counters(held->client, &text);
  fprintf(out, "{\"success\":true,\"counters\":%s}", overt_text_len(text) > 0 ? overt_text_data(text) : "null");
  overt_text_free(text);
  return 200;
}

static int set_consent(adapter *held, overt_str body, FILE *out) {
  asked from = {body, NULL, OVERT_OK};
  overt_consent_reason reason;
  bool enabled = false;
  if (!asked_flag(&from, "enabled", &enabled)) return fail(out, 400, OVERT_INVALID_ARGUMENT, "enabled");
  overt_status status = overt_client_set_consent(held->client, enabled, &reason);
  return status >= OVERT_OK ? succeed(out) : fail_with(out, status);
}

static int reset_client_id(adapter *held, overt_str body, FILE *out) {
  (void)body;
  overt_text *id;
  overt_status status = overt_client_reset_client_id(held->client, &id);
  overt_text_free(id);
  return status >= OVERT_OK ? succeed(out) : fail_with(out, status);
}

static int flush(adapter *held, overt_str body, FILE *out) {
  asked from = {body, NULL, OVERT_OK};
  uint64_t timeout_ms = FLUSH_MS;
  asked_number(&from, "timeout_ms", UINT64_MAX, &timeout_ms);
  if (from.wrong != NULL) return fail(out, 400, from.status, from.wrong);
  overt_status status = overt_client_flush(held->client, timeout_ms);
  if (status == OVERT_OK) return succeed(out);
  bool is_answer = status == OVERT_TIMEOUT || status == OVERT_UNDELIVERED;
  return is_answer ? fail(out, 200, status, overt_status_str(status)) : fail_with(out, status);
}

static int state(adapter *held, overt_str body, FILE *out) {
  (void)body;
  static const char *const names[][2] = {
      {"pending_events", "pending"}, {"total_events_captured", "recorded"}, {"total_events_sent", "delivered"},
      {"total_requests", "requests"}, {"failures", "failures"}, {"unconfirmed", "unconfirmed"},
  };
  overt_text *text, *losses;
  overt_client_stats(held->client, &text);
  overt_client_losses(held->client, &losses);
  overt_str stats = {overt_text_data(text), overt_text_len(text)};
  putc('{', out);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    overt_str number = json_member(stats, names[i][1]);
    fprintf(out, "\"%s\":%.*s,", names[i][0], (int)number.len, number.data);
  }
  fprintf(out, "\"losses\":%s}", overt_text_data(losses));
  overt_text_free(text);
  overt_text_free(losses);
  return 200;
}

static int reset(adapter *held, overt_str body, FILE *out) {
  (void)body;
  end_client(held);
  return succeed(out);
}

static int health(adapter *held, overt_str body, FILE *out) {
  (void)held, (void)body;
  fprintf(out, "{\"sdk_name\":\"overt\",\"sdk_version\":\"%s\",\"adapter_version\":\"1\",\"language\":\"c\"}",
          overt_version());
  return 200;
}

static int answer(adapter *held, const http_request *request, FILE *out) {
  static const struct {
    const char *method, *path;
    bool needs_client;
    int (*answer)(adapter *held, overt_str body, FILE *out);
  } routes[] = {
      {"GET", "/health", false, health},
      {"POST", "/init", false, init},
      {"POST", "/capture", true, capture},
      {"POST", "/record_command", true, record_command},
      {"GET", "/counters", true, counters},
      {"POST", "/flush", true, flush},
      {"GET", "/state", true, state},
      {"POST", "/set_consent", true, set_consent},
      {"POST", "/reset_client_id", true, reset_client_id},
      {"POST", "/reset", false, reset},
  };
  overt_str body = {request->body, request->body_len};
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    if (strcmp(request->method, routes[i].method) != 0 || strcmp(request->path, routes[i].path) != 0) continue;
    if (routes[i].needs_client && held->client == NULL) return fail(out, 409, OVERT_DISABLED, "/init comes first");
    if (body.len == 0) body = OVERT_STR("{}");
    if (!json_is_object(body)) return fail(out, 400, OVERT_INVALID_ARGUMENT, "the body is no JSON object");
    return routes[i].answer(held, body, out);
  }
  return fail(out, 404, OVERT_INVALID_ARGUMENT, "no such request");
}

static void serve(adapter *held, int connection) {
  char *body;
  size_t len;
  FILE *out = open_memstream(&body, &len);
  http_request request;
  int status = http_receive(connection, &request);
  if (status == 0) {
    status = answer(held, &request, out);
  } else {
    fail(out, status, OVERT_INVALID_ARGUMENT, "not a request");
  }
  fclose(out);
  http_answer(connection, status, body, len);
  free(body);
  http_free(&request);
}

int main(void) {
  const char *wanted = getenv("PORT");
  uint16_t port = wanted == NULL ? 0 : (uint16_t)strtoul(wanted, NULL, 10);
  adapter held = {NULL, "", 0};
  int listener = http_listen(&port);
  if (listener < 0) {
    perror("adapter: 127.0.0.1");
    return 1;
  }
  printf("listening on http://127.0.0.1:%u\n", port);
  fflush(stdout);

  struct pollfd ready[2] = {{STDIN_FILENO, POLLIN, 0}, {listener, POLLIN, 0}};
  while (poll(ready, 2, -1) > 0) {
    char ignored[256];
    if (ready[0].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) break;
    int connection = ready[1].revents != 0 ? accept(listener, NULL, NULL) : -1;
    if (connection >= 0) serve(&held, connection);
  }
  close(listener);
  end_client(&held);
  if (held.dir[0] != '\0') remove_dir(held.dir);
  return 0;
}
