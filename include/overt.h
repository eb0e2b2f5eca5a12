/*
 * overt: usage telemetry that a program embeds, that its users can read, and that anyone can switch off.
 *
 * What is not declared here is not public. A complete program:
 *
 *     #include <overt.h>
 *     #include <stdio.h>
 *
 *     int main(void) {
 *       char error[200];
 *       overt_config *config = overt_config_new(OVERT_STR("hello"));
 *       overt_config_set_api_key(config, OVERT_STR("phc_example"));
 *       overt_config_set_endpoint(config, OVERT_STR("http://127.0.0.1:8990"));
 *       overt_client *client = overt_client_new(config, error, sizeof error);
 *       if (client == NULL) fprintf(stderr, "hello: no telemetry: %s\n", error);
 *       overt_config_free(config);
 *
 *       overt_client_capture_event(client, OVERT_STR("hello"), OVERT_STR("{\"answer\": 42}"), NULL);
 *       overt_client_free(client);
 *       return 0;
 *     }
 *
 * Build it with `cc hello.c $(pkg-config --cflags --libs overt)`. The rules below hold for every function; the comment
 * of a function says only what is particular to it.
 *
 * Names      overt_<type>_<verb> is a method of <type>, its first argument. Units stand in names: _ms, _bytes.
 * Results    A call that can fail answers with an overt_status: 0 done; positive, nothing was recorded and nothing is
 *            wrong; negative, an error. None is a reason for the host to stop. Setters answer nothing: the first thing
 *            that was wrong is kept, and overt_client_new or overt_client_capture answers it.
 * Outputs    come last, are named out_…, may be NULL if not wanted, and are written on every return: NULL, 0 or "" if
 *            there is nothing to give. Texts come as overt_text; only a message of an error comes in a buffer of the
 *            caller's, error_buf of error_cap bytes, cut to fit and always terminated.
 * NULL       Every pointer may be NULL. A NULL client is a disabled one, so a host whose client could not be made needs
 *            no further check; a setter of NULL does nothing; X_free(NULL) does nothing.
 * Ownership  Each _new, and each overt_text, has one _free. Only _free takes ownership: everything else is borrowed
 *            during the call and copied if it is kept.
 * Threads    What is const may be shared: any number of threads may use a const overt_client. What is not const belongs
 *            to one thread at a time. Nobody may use an object while, or after, it is freed. A callback may run on any
 *            thread; it must return, by no throw and no longjmp.
 * fork       A client goes on in the child, as a client of its own. What the parent recorded the parent delivers, once.
 * Signals    No function is for signal handlers. overt installs none, and its thread has all signals blocked. A process
 *            whose main thread ends by pthread_exit lives on while that thread delivers, and only SIGKILL ends it;
 *            after overt_client_close, for no longer than a request takes.
 * Panics     A fault inside overt is caught at its boundary and answered with OVERT_INTERNAL, without a word on stderr.
 */

#ifndef OVERT_H
#define OVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Version --------------------------------------------------------------------------------------------------------

// The version of this header. A library of the same ABI and of this version or a later one serves it.
#define OVERT_VERSION "0.1.0"
#define OVERT_VERSION_MAJOR 0
#define OVERT_VERSION_MINOR 1
#define OVERT_VERSION_PATCH 0
#define OVERT_ABI_VERSION 0

// The version of the library that runs, such as "0.1.0": OVERT_VERSION or later.
const char *overt_version(void);

// The ABI of the library that runs. Who refers to this symbol cannot be linked with a library of another ABI, so
// bindings call it once when they are loaded and compare the answer with OVERT_ABI_VERSION.
uint32_t overt_abi_0(void);

// ---- Status ---------------------------------------------------------------------------------------------------------

// The values of an overt_status. Values are added, never renumbered; treat an unknown one by its sign.
typedef enum {
  // Done.
  OVERT_OK = 0,
  // Consent is off, or there is no client.
  OVERT_DISABLED = 1,
  // A limit was reached, or the host's before_send dropped the event.
  OVERT_DROPPED = 2,
  // The call: an argument that must not be NULL is NULL.
  OVERT_INVALID_ARGUMENT = -1,
  // The call: a text is not UTF-8.
  OVERT_INVALID_UTF8 = -2,
  // The call: an option's value cannot be used.
  OVERT_INVALID_CONFIG = -3,
  // The call: an event's name is empty or longer than 200 bytes.
  OVERT_INVALID_NAME = -4,
  // The call: a distinct ID is empty, longer than 200 bytes, or one that identifies nobody ("null", "0", …).
  OVERT_INVALID_DISTINCT_ID = -5,
  // The call: a text is no UUID, or it is the nil UUID.
  OVERT_INVALID_UUID = -6,
  // The call: a text is no RFC 3339 time with an offset.
  OVERT_INVALID_TIMESTAMP = -7,
  // The call: properties or options are not what they must be (see "Event").
  OVERT_INVALID_PROPERTIES = -8,
  // The call: the event is larger than max_event_bytes.
  OVERT_EVENT_TOO_LARGE = -9,
  // The world: a file of the state directory cannot be read or written.
  OVERT_STORAGE = -20,
  // The world: the time for the call ended first.
  OVERT_TIMEOUT = -21,
  // The world: not everything could be delivered; what can be kept is kept.
  OVERT_UNDELIVERED = -22,
  // Us: a fault inside overt, which was caught.
  OVERT_INTERNAL = -90,
} overt_status_value;

// What became of a call: 0, or a positive value if nothing was recorded and nothing is wrong, or a negative error.
typedef int32_t overt_status;

// A short phrase for a status, for people; "unknown status" for a value that this library does not know.
const char *overt_status_str(overt_status status);

// ---- Texts ----------------------------------------------------------------------------------------------------------

// A text that is passed in, read during the call only. `data` NULL is no text at all, whatever `len` is.
typedef struct {
  // UTF-8. Where a path is asked for: whatever the file system takes.
  const char *data;
  // In bytes, or OVERT_NUL_TERMINATED.
  size_t len;
} overt_str;

// An overt_str of a literal, and of a NUL-terminated text.
#define OVERT_NUL_TERMINATED SIZE_MAX
#ifdef __cplusplus
#define OVERT_STR(literal) (overt_str{("" literal), sizeof(literal) - 1})
#define OVERT_CSTR(text) (overt_str{(text), OVERT_NUL_TERMINATED})
#else
#define OVERT_STR(literal) ((overt_str){("" literal), sizeof(literal) - 1})
#define OVERT_CSTR(text) ((overt_str){(text), OVERT_NUL_TERMINATED})
#endif

// A text that is given out: JSON, JSON lines or an ID. It belongs to the caller, who frees it, and never changes.
typedef struct overt_text overt_text;

// The bytes of a text, with a NUL after them. Without a text: "".
const char *overt_text_data(const overt_text *text);

// How many bytes it has, without the NUL.
size_t overt_text_len(const overt_text *text);

// Frees a text.
void overt_text_free(overt_text *text);

// ---- Uploader -------------------------------------------------------------------------------------------------------

// Call it first in main. True: this process was started by overt to deliver events, and has done so; return from main
// at once. False: go on; from now on overt_config_set_detached_upload may have this program started for that.
bool overt_uploader_main(int argc, char *const *argv);

// ---- Config ---------------------------------------------------------------------------------------------------------

// What is not set has the library's default. Nothing is checked before overt_client_new.

// The options of a client. Belongs to one thread at a time.
typedef struct overt_config overt_config;

// A configuration for the tool of this name: 1 to 64 letters, digits, `.`, `-` and `_`. The name is that of the tool's
// directory, and the property $app_name of its events.
overt_config *overt_config_new(overt_str app);

// Frees a configuration. Clients that were made with it stay as they are.
void overt_config_free(overt_config *config);

// The tool's version, the property $app_version. Default: none.
void overt_config_set_app_version(overt_config *config, overt_str version);

// The project's public key. Without one the client is disabled; "aws-sam" needs none.
void overt_config_set_api_key(overt_config *config, overt_str api_key);

// The server's URL. Default: PostHog's US cloud; with "aws-sam" there is none, and the client is disabled. Plain http
// only to loopback, unless the next option says otherwise.
void overt_config_set_endpoint(overt_config *config, overt_str endpoint);

// Whether the endpoint may be plain http beyond loopback. Default: false.
void overt_config_set_allow_plain_http(overt_config *config, bool allow);

// The protocol: "posthog" (default), "posthog-v1" with a result for each event, or "aws-sam", AWS SAM CLI's metrics.
void overt_config_set_wire(overt_config *config, overt_str wire);

// How requests are packed: "none" (default), "gzip"; with "posthog-v1" also "deflate" and "zstd".
void overt_config_set_compression(overt_config *config, overt_str compression);

// When an event counts as delivered: "status" (default), when the server's status says so; "write", only with
// "aws-sam", as soon as its request is written, whatever comes back.
void overt_config_set_ack(overt_config *config, overt_str ack);

// Adds a header to every request; one that overt sets itself is refused.
void overt_config_add_header(overt_config *config, overt_str name, overt_str value);

// ---- Config: delivery -----------------------------------------------------------------------------------------------

// So many waiting events start a send by themselves. Default: 100.
void overt_config_set_flush_at(overt_config *config, uint32_t events);

// The oldest waiting event starts a send after this time. Default: 5 s.
void overt_config_set_flush_interval_ms(overt_config *config, uint64_t interval_ms);

// Attempts of a batch after the first; then it rests for minutes. Default: 3.
void overt_config_set_max_retries(overt_config *config, uint32_t retries);

// The whole of one request: name lookup, connection, TLS, writing and reading. Default: 10 s.
void overt_config_set_timeout_ms(overt_config *config, uint64_t timeout_ms);

// What of it the name lookup and the connection may take. Default: 5 s.
void overt_config_set_connect_timeout_ms(overt_config *config, uint64_t timeout_ms);

// With the rule "write", how long the answer is awaited nevertheless; no thread of the host's waits. Default: 100 ms.
void overt_config_set_response_wait_ms(overt_config *config, uint64_t wait_ms);

// How long the end of the process may wait for delivery: overt_client_wait_at_exit, and overt_client_free. Default: 0,
// nothing waits; what is left, the next run sends.
void overt_config_set_exit_timeout_ms(overt_config *config, uint64_t timeout_ms);

// Whether a thread of overt's sends events by itself. Default: true. Off: only flush and close do.
void overt_config_set_background(overt_config *config, bool background);

// Whether a process of its own delivers what the end of a client leaves: this program, which is started again and so
// must begin with overt_uploader_main. One at a time, one a minute, none longer than a minute. Default: false.
void overt_config_set_detached_upload(overt_config *config, bool detached);

// ---- Config: limits -------------------------------------------------------------------------------------------------

// The largest event. Default: 32 KiB, at most 900 KiB.
void overt_config_set_max_event_bytes(overt_config *config, uint64_t bytes);

// The largest request, before packing. Default: 512 KiB, at most 5 MiB.
void overt_config_set_max_batch_bytes(overt_config *config, uint64_t bytes);

// The most events waiting on disk. Default: 10,000.
void overt_config_set_max_spool_events(overt_config *config, uint64_t events);

// The most bytes waiting on disk. Default: 8 MiB.
void overt_config_set_max_spool_bytes(overt_config *config, uint64_t bytes);

// The longest an event waits. Default: 30 days.
void overt_config_set_max_spool_age_ms(overt_config *config, uint64_t age_ms);

// The most events held in memory while the disk cannot be written. Default: 1,000.
void overt_config_set_max_memory_events(overt_config *config, uint64_t events);

// ---- Config: what events say ----------------------------------------------------------------------------------------

// Properties of every event, as a JSON object; an event's own properties win.
void overt_config_set_super_properties(overt_config *config, overt_str json);

// Whether events say on what kind of system they arose. Default: true.
void overt_config_set_enrich(overt_config *config, bool enrich);

// Whether the server is asked not to derive a place from the sender's address. Default: true.
void overt_config_set_disable_geoip(overt_config *config, bool disable);

// Whether events make person profiles. Default: false, events are anonymous.
void overt_config_set_person_profiles(overt_config *config, bool profiles);

// Marks requests as an import of old events. Default: false.
void overt_config_set_historical_migration(overt_config *config, bool historical);

// Whether an event overt_losses tells the server how many events were lost on this machine, if any were. Default: true.
void overt_config_set_report_losses(overt_config *config, bool report);

// ---- Config: files --------------------------------------------------------------------------------------------------

// Where everything is kept. Default: the platform's directory for a user's state, `overt`, then the tool's name.
void overt_config_set_state_dir(overt_config *config, overt_str path);

// A text file of the tool's own that holds the client ID. Default: `client_id` in the state directory.
void overt_config_set_client_id_path(overt_config *config, overt_str path);

// The client ID is the string under this key of the file above, which then is a JSON object's. Default: a text file.
void overt_config_set_client_id_key(overt_config *config, overt_str key);

// A JSON object's file of the tool's own that holds the user's choice; needs the next option, too. Its other members
// stay as they are. Default: the choice lies in the state directory.
void overt_config_set_consent_path(overt_config *config, overt_str path);

// The key in that file whose boolean is the choice. Without it nobody has chosen; what is no boolean, or a file that
// cannot be read, is off.
void overt_config_set_consent_key(overt_config *config, overt_str key);

// Whether the last events that were sent stay readable: at most 512 KiB in the state directory. Off: what was kept goes
// with the next delivery. Default: true.
void overt_config_set_keep_sent(overt_config *config, bool keep);

// Says on stderr what is done, never what an event holds. Default: false. OVERT_DEBUG=1 does the same.
void overt_config_set_debug(overt_config *config, bool debug);

// ---- Config: counters -----------------------------------------------------------------------------------------------

// A file of the tool's own that counts its commands, such as `~/.config/pace/telemetry.yaml`: one of PACE's is taken
// over. The client ID then lives there. Default: none, commands are not counted.
void overt_config_set_counters_path(overt_config *config, overt_str path);

// Where the counts go as one JSON document; under the same rule as the endpoint. Default: none, they go as events, if
// there is a key.
void overt_config_set_counters_endpoint(overt_config *config, overt_str endpoint);

// How often the counts go. Default: 1 h. Negative: never, they are only kept.
void overt_config_set_counters_interval_ms(overt_config *config, int64_t interval_ms);

// ---- Config: consent ------------------------------------------------------------------------------------------------

// The first that applies decides: a variable says off, the host says off, a variable says on, the stored choice is off,
// the host says on, the stored choice is on, CI says off, the default.

// The host says so itself. Off is final; on stands below the variables and a stored off. Default: it says nothing.
void overt_config_set_consent(overt_config *config, bool enabled);

// Adds a variable of the tool's own: `NAME` is on for 1, true, t, yes, y and on in any case, `NAME=1,yes` for exactly
// these values. Any other value, the empty one included, is off.
void overt_config_add_consent_env(overt_config *config, overt_str variable);

// What holds if nobody says anything. Default: true.
void overt_config_set_default_consent(overt_config *config, bool enabled);

// Whether DO_NOT_TRACK counts. Default: true.
void overt_config_set_respect_do_not_track(overt_config *config, bool respect);

// Whether the default holds in CI too, where nobody sees a notice. Default: false.
void overt_config_set_in_ci(overt_config *config, bool in_ci);

// What a person is told once, on a terminal, before the default counts for them: what is sent, where to read it, how to
// stop it. It goes to stderr. Default: nothing is told, and the default counts at once.
void overt_config_set_notice(overt_config *config, overt_str notice);

// Whether the default counts before the notice was shown. Default: false.
void overt_config_set_send_before_notice(overt_config *config, bool send);

// Whether the notice is shown in CI and where stderr is a pipe or a file, too; never to a null device. Default: false.
void overt_config_set_notice_anywhere(overt_config *config, bool anywhere);

// ---- Config: callbacks ----------------------------------------------------------------------------------------------

// What a before_send makes of an event. Lives during that call.
typedef struct overt_rewrite overt_rewrite;

// A last look at an event, which is one JSON object, not NUL-terminated: false drops it. Runs on the thread that
// captures.
typedef bool (*overt_before_send)(overt_str event, overt_rewrite *rewrite, void *user_data);

// Told once that nobody will use `user_data` any more; on any thread, perhaps after overt_client_free.
typedef void (*overt_release)(void *user_data);

// Whether the host consents now: 1 yes, 0 no, -1 no opinion. Runs on the thread that captures and on overt's own.
typedef int32_t (*overt_ask_consent)(void *user_data);

// Lets `callback` see each event before it is stored. NULL: none, which is the default.
void overt_config_set_before_send(overt_config *config,
                                  overt_before_send callback,
                                  void *user_data,
                                  overt_release release);

// Sends this JSON object in place of the event that the callback was given. A bad one is answered by the capture.
void overt_rewrite_set(overt_rewrite *rewrite, overt_str event);

// Asks the host at each capture, for a choice that it keeps itself and that may change. Its answer counts as that of
// overt_config_set_consent. NULL: nobody is asked, which is the default.
void overt_config_set_ask_consent(overt_config *config,
                                  overt_ask_consent callback,
                                  void *user_data,
                                  overt_release release);

// ---- Client ---------------------------------------------------------------------------------------------------------

// Records events and delivers them. May be used from any number of threads at once, and goes on in a forked child.
typedef struct overt_client overt_client;

// The UUID of a recorded event, NUL-terminated; "" if nothing was recorded.
typedef struct {
  char text[37];
} overt_uuid;

// Makes a client, without waiting for anything; overt's thread starts only if an earlier run left events behind. On an
// error the answer is NULL, which every other function takes for a disabled client, and `error_buf` says why.
overt_client *overt_client_new(const overt_config *config, char *error_buf, size_t error_cap);

// Ends a client: waits as overt_client_wait_at_exit, ends delivery, and frees it.
void overt_client_free(overt_client *client);

// Records an event with properties given as the text of a JSON object; none if the text is empty. When it returns
// OVERT_OK the event is stored, and survives the death of the process.
overt_status overt_client_capture_event(const overt_client *client,
                                        overt_str name,
                                        overt_str properties,
                                        overt_uuid *out_uuid);

// Waits until everything that was recorded before is delivered or given up, at most `timeout_ms`. OVERT_TIMEOUT and
// OVERT_UNDELIVERED lose nothing: what is left stays where it is.
overt_status overt_client_flush(const overt_client *client, uint64_t timeout_ms);

// Waits for delivery at the end of the process, within exit_timeout, which counts from the first of these calls: all
// waits of an exit have one budget. Each exit in a row that waited in vain halves the next one's, for five minutes.
// Ends nothing. OVERT_TIMEOUT and OVERT_UNDELIVERED as in overt_client_flush; OVERT_OK, too, if no budget was left.
overt_status overt_client_wait_at_exit(const overt_client *client);

// Ends delivery: flushes unless `timeout_ms` is 0, then tells overt's thread to stop, which it does as soon as its
// request has ended. Events can still be recorded; a later run sends them.
overt_status overt_client_close(const overt_client *client, uint64_t timeout_ms);

// ---- Event ----------------------------------------------------------------------------------------------------------

// An event is built property by property. A key that is set again has the last value. JSON must be UTF-8, nested at
// most 32 deep, without lone surrogates and without numbers that no double can hold.

// An event under construction. Belongs to one thread at a time.
typedef struct overt_event overt_event;

// An event of this name: 1 to 200 bytes.
overt_event *overt_event_new(overt_str name);

// Frees an event.
void overt_event_free(overt_event *event);

// Sets a property to a string; to null if there is no text.
void overt_event_set_str(overt_event *event, overt_str key, overt_str value);

// Sets a property to a whole number.
void overt_event_set_int(overt_event *event, overt_str key, int64_t value);

// Sets a property to a floating-point number; to null if it is not finite.
void overt_event_set_double(overt_event *event, overt_str key, double value);

// Sets a property to true or false.
void overt_event_set_bool(overt_event *event, overt_str key, bool value);

// Sets a property to null.
void overt_event_set_null(overt_event *event, overt_str key);

// Sets a property to any value, given as JSON.
void overt_event_set_json(overt_event *event, overt_str key, overt_str json);

// Begins a property that is an object: what is set from here on is set in it, up to overt_event_end_object.
void overt_event_begin_object(overt_event *event, overt_str key);

// Ends the object that was begun last.
void overt_event_end_object(overt_event *event);

// Whose event it is. Default: the client ID's.
void overt_event_set_distinct_id(overt_event *event, overt_str distinct_id);

// When it happened, in RFC 3339 with an offset: "2026-11-20T18:10:36Z". Default: when it is captured.
void overt_event_set_timestamp(overt_event *event, overt_str timestamp);

// Its UUID, for an event that may be captured twice and is to count once. Default: a new one at each capture.
void overt_event_set_uuid(overt_event *event, overt_str uuid);

// Records it although the host, CI or the tool's default says off. A person's off is never overruled.
void overt_event_set_force(overt_event *event, bool force);

// Tells the server how to treat the event: "process_person_profile", "cookieless_mode" or "disable_skew_correction".
void overt_event_set_option_bool(overt_event *event, overt_str option, bool value);

// As above: "product_tour_id", "session_id" or "window_id".
void overt_event_set_option_str(overt_event *event, overt_str option, overt_str value);

// Records an event, which may be changed and captured again afterwards. What was wrong with it is answered here; it
// does not matter while consent is off.
overt_status overt_client_capture(const overt_client *client, const overt_event *event, overt_uuid *out_uuid);

// ---- Consent --------------------------------------------------------------------------------------------------------

// The values of an overt_consent_reason. Values are added, never renumbered.
typedef enum {
  // There is no client.
  OVERT_REASON_NO_CLIENT = 0,
  // One of the tool's own variables.
  OVERT_REASON_TOOL_VARIABLE = 1,
  // The variable TELEMETRY_ENABLED.
  OVERT_REASON_TELEMETRY_ENABLED = 2,
  // The variable DO_NOT_TRACK.
  OVERT_REASON_DO_NOT_TRACK = 3,
  // The host.
  OVERT_REASON_HOST = 4,
  // The choice that was stored by overt_client_set_consent or by `overt on` and `overt off`.
  OVERT_REASON_STORED = 5,
  // There is a stored choice, but it cannot be read: off.
  OVERT_REASON_UNREADABLE = 6,
  // The process runs in CI, and nobody said on: off.
  OVERT_REASON_CI = 7,
  // The tool's default.
  OVERT_REASON_DEFAULT = 8,
  // There is no API key: off.
  OVERT_REASON_NO_API_KEY = 9,
  // The program runs with another user's rights (setuid, setgid): off.
  OVERT_REASON_PRIVILEGED = 10,
  // The tool's notice was not shown yet, and nobody said on: off.
  OVERT_REASON_NO_NOTICE = 11,
  // There is no endpoint, and the wire knows none by itself: off.
  OVERT_REASON_NO_ENDPOINT = 12,
} overt_consent_reason_value;

// The rule that decided about consent.
typedef int32_t overt_consent_reason;

// OVERT_OK if events are recorded, OVERT_DISABLED if not; and why.
overt_status overt_client_consent(const overt_client *client, overt_consent_reason *out_reason);

// Stores the user's choice, for this process and all later ones, and answers as overt_client_consent: a variable that
// says off overrules on. Off also erases the client ID and everything pending. OVERT_STORAGE: the choice holds in this
// process, but could not be stored, or not all be erased.
overt_status overt_client_set_consent(const overt_client *client, bool enabled, overt_consent_reason *out_reason);

// Whether this client has shown the tool's notice: its first run on a terminal. Tools that count installations send an
// event then.
bool overt_client_notice_shown(const overt_client *client);

// The word for a reason, such as "do_not_track", the same in every language of overt; "unknown" for an unknown value.
const char *overt_consent_reason_str(overt_consent_reason reason);

// ---- Client ID ------------------------------------------------------------------------------------------------------

// The random ID under which this installation's events are recorded; made now if there is none yet.
overt_status overt_client_client_id(const overt_client *client, overt_text **out_id);

// Forgets the client ID and erases everything pending, whether events are recorded or not; gives the new ID.
overt_status overt_client_reset_client_id(const overt_client *client, overt_text **out_id);

// ---- Counters -------------------------------------------------------------------------------------------------------

// Counts a command: its path, such as "pace get data-policy" (the words that the tool defines, never what its user
// typed beside them; at most 200 bytes), and its exit code. When it returns OVERT_OK the command is counted, and
// survives the death of the process. Never waits for other processes that count.
overt_status overt_client_record_command(const overt_client *client, overt_str path, int32_t exit_code);

// The counts, as the JSON document that is uploaded; "" if there are none.
overt_status overt_client_counters(const overt_client *client, overt_text **out_json);

// ---- Inspection -----------------------------------------------------------------------------------------------------

// For people, and for programs that read JSON: members may be added. Each reads files; none waits for the network.

// The events that wait, oldest first: JSON lines, each exactly as it will be sent.
overt_status overt_client_pending(const overt_client *client, overt_text **out_json_lines);

// The last events that were sent, oldest first: JSON lines, each exactly as it was sent.
overt_status overt_client_sent(const overt_client *client, overt_text **out_json_lines);

// What this client did in this process: a JSON object with the numbers "recorded", "delivered", "unconfirmed",
// "pending", "lost", "requests", "failures" and "panics", and with "storage", where events wait: "none", "disk" or
// "memory".
// Of the delivered events those are unconfirmed about which the server said nothing that overt understands.
overt_status overt_client_stats(const overt_client *client, overt_text **out_json);

// The events that this process lost: a JSON object with a number for each reason that occurred: "spool_full",
// "memory_full", "expired", "refused", "corrupt".
overt_status overt_client_losses(const overt_client *client, overt_text **out_json);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // OVERT_H
