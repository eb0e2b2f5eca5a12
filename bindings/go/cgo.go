//go:build cgo

package overt

/*
#cgo overt_system pkg-config: overt
#cgo !overt_system CFLAGS: -I${SRCDIR}/../../include -I${SRCDIR}
#cgo !overt_system LDFLAGS: -lovert
#cgo !overt_system,linux LDFLAGS: -lpthread -ldl -lm
#cgo !overt_system,linux,amd64 LDFLAGS: -L${SRCDIR}/lib/linux_amd64
#include <overt.h>
#include <stdlib.h>

// Answers by value: C must hold no pointer into a goroutine's stack, which a callback may move.
typedef struct {
  overt_status status;
  uint64_t high, low;
} go_captured;

static inline go_captured go_answer(overt_status status, const overt_uuid *uuid) {
  go_captured captured = {status, 0, 0};
  for (const char *c = uuid->text; *c != '\0'; c++) {
    if (*c == '-') continue;
    captured.high = captured.high << 4 | captured.low >> 60;
    captured.low = captured.low << 4 | (uint64_t)(*c <= '9' ? *c - '0' : *c - 'a' + 10);
  }
  return captured;
}

// Takes the texts apart: a struct that holds Go pointers would be checked by cgo at each call.
static inline go_captured go_capture_event(const overt_client *client, const char *name, size_t name_len,
                                           const char *properties, size_t properties_len) {
  overt_uuid uuid;
  overt_status status = overt_client_capture_event(client, (overt_str){name, name_len},
                                                   (overt_str){properties, properties_len}, &uuid);
  return go_answer(status, &uuid);
}

static inline go_captured go_capture(const overt_client *client, const overt_event *event) {
  overt_uuid uuid;
  overt_status status = overt_client_capture(client, event, &uuid);
  return go_answer(status, &uuid);
}

// A handle of Go's is a small number, which must never look like a pointer to Go.
extern bool overtGoBeforeSend(overt_str event, overt_rewrite *rewrite, uintptr_t handle);
extern int32_t overtGoAskConsent(uintptr_t handle);
extern void overtGoRelease(uintptr_t handle);

static inline bool go_before_send(overt_str event, overt_rewrite *rewrite, void *handle) {
  return overtGoBeforeSend(event, rewrite, (uintptr_t)handle);
}
static inline int32_t go_ask_consent(void *handle) { return overtGoAskConsent((uintptr_t)handle); }
static inline void go_release(void *handle) { overtGoRelease((uintptr_t)handle); }

static inline void go_set_before_send(overt_config *config, uintptr_t handle) {
  overt_config_set_before_send(config, go_before_send, (void *)handle, go_release);
}
static inline void go_set_ask_consent(overt_config *config, uintptr_t handle) {
  overt_config_set_ask_consent(config, go_ask_consent, (void *)handle, go_release);
}
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"runtime/cgo"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// All of cgo is in this file. Each function that takes a *Client keeps it alive until C has returned; pure.go has the
// same functions.

// native is the client of C; NULL is a disabled one.
type native = *C.overt_client

// open makes a client of C. The symbol overt_abi_0 fails the link with a library of another ABI; that the header was
// another's is seen here.
func open(config *Config) (native, error) {
	if abi := C.overt_abi_0(); abi != C.OVERT_ABI_VERSION {
		return nil, fmt.Errorf("overt: the library has ABI %d, its header %d", abi, C.OVERT_ABI_VERSION)
	}
	c := C.overt_config_new(str(config.App))
	defer C.overt_config_free(c)
	if err := setOptions(c, config); err != nil {
		return nil, err
	}
	var message [512]C.char
	client := C.overt_client_new(c, &message[0], C.size_t(len(message)))
	if client == nil {
		return nil, errors.New("overt: " + C.GoString(&message[0]))
	}
	return client, nil
}

// uploaderMain says whether these were the arguments of an uploader, which then has done its work.
func uploaderMain(args []string) bool {
	argv := make([]*C.char, len(args)+1)
	for i, arg := range args {
		argv[i] = C.CString(arg)
		defer C.free(unsafe.Pointer(argv[i]))
	}
	return bool(C.overt_uploader_main(C.int(len(args)), &argv[0]))
}

// release frees a client that nobody closed. It runs on a goroutine of the runtime's, so it does not wait for delivery.
func release(client native) {
	C.overt_client_close(client, 0)
	C.overt_client_free(client)
}

func setOptions(c *C.overt_config, config *Config) error {
	text := func(value string, set func(C.overt_str)) {
		if value != "" {
			set(str(value))
		}
	}
	text(config.AppVersion, func(s C.overt_str) { C.overt_config_set_app_version(c, s) })
	text(config.APIKey, func(s C.overt_str) { C.overt_config_set_api_key(c, s) })
	text(config.Endpoint, func(s C.overt_str) { C.overt_config_set_endpoint(c, s) })
	text(config.Wire, func(s C.overt_str) { C.overt_config_set_wire(c, s) })
	text(config.Notice, func(s C.overt_str) { C.overt_config_set_notice(c, s) })
	text(config.Compression, func(s C.overt_str) { C.overt_config_set_compression(c, s) })
	text(config.StateDir, func(s C.overt_str) { C.overt_config_set_state_dir(c, s) })
	text(config.ClientIDPath, func(s C.overt_str) { C.overt_config_set_client_id_path(c, s) })
	text(config.CountersPath, func(s C.overt_str) { C.overt_config_set_counters_path(c, s) })
	text(config.CountersEndpoint, func(s C.overt_str) { C.overt_config_set_counters_endpoint(c, s) })
	text(config.ClientIDKey, func(s C.overt_str) { C.overt_config_set_client_id_key(c, s) })
	text(config.ConsentPath, func(s C.overt_str) { C.overt_config_set_consent_path(c, s) })
	text(config.ConsentKey, func(s C.overt_str) { C.overt_config_set_consent_key(c, s) })
	text(config.Ack, func(s C.overt_str) { C.overt_config_set_ack(c, s) })
	for _, name := range slices.Sorted(maps.Keys(config.ExtraHeaders)) {
		C.overt_config_add_header(c, str(name), str(config.ExtraHeaders[name]))
	}
	for _, variable := range config.ConsentEnv {
		C.overt_config_add_consent_env(c, str(variable))
	}

	flag := func(value *bool, set func(C.bool)) {
		if value != nil {
			set(C.bool(*value))
		}
	}
	flag(config.Background, func(b C.bool) { C.overt_config_set_background(c, b) })
	flag(config.Enrich, func(b C.bool) { C.overt_config_set_enrich(c, b) })
	flag(config.ReportLosses, func(b C.bool) { C.overt_config_set_report_losses(c, b) })
	flag(config.KeepSent, func(b C.bool) { C.overt_config_set_keep_sent(c, b) })
	flag(config.DisableGeoIP, func(b C.bool) { C.overt_config_set_disable_geoip(c, b) })
	flag(config.Consent, func(b C.bool) { C.overt_config_set_consent(c, b) })
	flag(config.DefaultConsent, func(b C.bool) { C.overt_config_set_default_consent(c, b) })
	flag(config.RespectDoNotTrack, func(b C.bool) { C.overt_config_set_respect_do_not_track(c, b) })

	on := func(value bool, set func()) {
		if value {
			set()
		}
	}
	on(config.AllowPlainHTTP, func() { C.overt_config_set_allow_plain_http(c, true) })
	on(config.PersonProfiles, func() { C.overt_config_set_person_profiles(c, true) })
	on(config.HistoricalMigration, func() { C.overt_config_set_historical_migration(c, true) })
	on(config.Debug, func() { C.overt_config_set_debug(c, true) })
	on(config.DetachedUpload, func() { C.overt_config_set_detached_upload(c, true) })
	on(config.InCI, func() { C.overt_config_set_in_ci(c, true) })
	on(config.SendBeforeNotice, func() { C.overt_config_set_send_before_notice(c, true) })
	on(config.NoticeAnywhere, func() { C.overt_config_set_notice_anywhere(c, true) })

	setNumbers(c, config)
	setTimes(c, config)
	if config.BeforeSend != nil {
		C.go_set_before_send(c, C.uintptr_t(cgo.NewHandle(config.BeforeSend)))
	}
	if config.ConsentFunc != nil {
		C.go_set_ask_consent(c, C.uintptr_t(cgo.NewHandle(config.ConsentFunc)))
	}
	e := newEncoder()
	defer e.free()
	if status := e.props(config.SuperProperties); status != OK {
		return fmt.Errorf("overt: super_properties: %s", statusText(status))
	}
	C.overt_config_set_super_properties(c, lend(e.out))
	return nil
}

func setNumbers(c *C.overt_config, config *Config) {
	number := func(value int, set func(C.uint64_t)) {
		if value != 0 {
			set(C.uint64_t(value))
		}
	}
	number(config.FlushAt, func(n C.uint64_t) { C.overt_config_set_flush_at(c, C.uint32_t(n)) })
	number(config.MaxEventBytes, func(n C.uint64_t) { C.overt_config_set_max_event_bytes(c, n) })
	number(config.MaxBatchBytes, func(n C.uint64_t) { C.overt_config_set_max_batch_bytes(c, n) })
	number(config.MaxSpoolEvents, func(n C.uint64_t) { C.overt_config_set_max_spool_events(c, n) })
	number(config.MaxSpoolBytes, func(n C.uint64_t) { C.overt_config_set_max_spool_bytes(c, n) })
	if config.MaxRetries != nil {
		C.overt_config_set_max_retries(c, C.uint32_t(*config.MaxRetries))
	}
	if config.MaxMemoryEvents != nil {
		C.overt_config_set_max_memory_events(c, C.uint64_t(*config.MaxMemoryEvents))
	}
}

func setTimes(c *C.overt_config, config *Config) {
	length := func(value time.Duration, set func(C.uint64_t)) {
		if value != 0 {
			set(milliseconds(value))
		}
	}
	length(config.Timeout, func(ms C.uint64_t) { C.overt_config_set_timeout_ms(c, ms) })
	length(config.ConnectTimeout, func(ms C.uint64_t) { C.overt_config_set_connect_timeout_ms(c, ms) })
	length(config.ExitTimeout, func(ms C.uint64_t) { C.overt_config_set_exit_timeout_ms(c, ms) })
	length(config.MaxSpoolAge, func(ms C.uint64_t) { C.overt_config_set_max_spool_age_ms(c, ms) })
	if config.FlushInterval != nil {
		C.overt_config_set_flush_interval_ms(c, milliseconds(*config.FlushInterval))
	}
	if interval := config.CountersInterval; interval != nil {
		ms := C.int64_t(-1)
		if *interval >= 0 {
			ms = C.int64_t(milliseconds(*interval))
		}
		C.overt_config_set_counters_interval_ms(c, ms)
	}
	if config.ResponseWait != nil {
		C.overt_config_set_response_wait_ms(c, milliseconds(*config.ResponseWait))
	}
}

// milliseconds rounds up, so that a short time is not none.
func milliseconds(length time.Duration) C.uint64_t {
	ms := length / time.Millisecond
	if length%time.Millisecond > 0 {
		ms++
	}
	return C.uint64_t(ms)
}

// str lends a text to a call of C. cgo keeps it where it is until the call returns.
func str(s string) C.overt_str {
	return C.overt_str{data: (*C.char)(unsafe.Pointer(unsafe.StringData(s))), len: C.size_t(len(s))}
}

func lend(b []byte) C.overt_str { return str(unsafe.String(unsafe.SliceData(b), len(b))) }

func captureEvent(c *Client, name string, properties []byte) Capture {
	captured := C.go_capture_event(c.native,
		(*C.char)(unsafe.Pointer(unsafe.StringData(name))), C.size_t(len(name)),
		(*C.char)(unsafe.Pointer(unsafe.SliceData(properties))), C.size_t(len(properties)))
	runtime.KeepAlive(c)
	return answer(captured)
}

func capture(c *Client, event *Event) Capture {
	built := C.overt_event_new(str(event.Name))
	defer C.overt_event_free(built)
	if event.DistinctID != "" {
		C.overt_event_set_distinct_id(built, str(event.DistinctID))
	}
	if event.UUID != "" {
		C.overt_event_set_uuid(built, str(event.UUID))
	}
	if !event.Timestamp.IsZero() {
		C.overt_event_set_timestamp(built, str(event.Timestamp.UTC().Format(time.RFC3339Nano)))
	}
	C.overt_event_set_force(built, C.bool(event.Force))
	setEventOptions(built, &event.Options)

	e := newEncoder()
	defer e.free()
	for key, value := range event.Props {
		before := len(e.out)
		if status := e.walk(func() { e.value(value, 1) }); status != OK {
			return Capture{Status: status}
		}
		C.overt_event_set_json(built, str(strings.ToValidUTF8(key, "\uFFFD")), lend(e.out[before:]))
	}
	captured := C.go_capture(c.native, built)
	runtime.KeepAlive(c)
	return answer(captured)
}

func setEventOptions(built *C.overt_event, options *Options) {
	for name, value := range map[string]*bool{
		"process_person_profile":  options.ProcessPersonProfile,
		"cookieless_mode":         options.CookielessMode,
		"disable_skew_correction": options.DisableSkewCorrection,
	} {
		if value != nil {
			C.overt_event_set_option_bool(built, str(name), C.bool(*value))
		}
	}
	for name, value := range map[string]string{
		"product_tour_id": options.ProductTourID,
		"session_id":      options.SessionID,
		"window_id":       options.WindowID,
	} {
		if value != "" {
			C.overt_event_set_option_str(built, str(name), str(value))
		}
	}
}

func answer(captured C.go_captured) Capture {
	return Capture{Status: Status(captured.status), high: uint64(captured.high), low: uint64(captured.low)}
}

func recordCommand(c *Client, path string, exitCode int32) Status {
	status := C.overt_client_record_command(c.native, str(path), C.int32_t(exitCode))
	runtime.KeepAlive(c)
	return Status(status)
}

func flush(c *Client, wait time.Duration) Status {
	status := C.overt_client_flush(c.native, milliseconds(wait))
	runtime.KeepAlive(c)
	return Status(status)
}

func closeNative(c *Client, wait time.Duration) Status {
	status := C.overt_client_close(c.native, milliseconds(wait))
	runtime.KeepAlive(c)
	return Status(status)
}

func waitAtExit(c *Client) Status {
	status := C.overt_client_wait_at_exit(c.native)
	runtime.KeepAlive(c)
	return Status(status)
}

func consent(c *Client) Consent {
	var reason C.overt_consent_reason
	status := C.overt_client_consent(c.native, &reason)
	runtime.KeepAlive(c)
	return Consent{Enabled: status == C.OVERT_OK, Reason: ConsentReason(C.GoString(C.overt_consent_reason_str(reason)))}
}

func setConsent(c *Client, enabled bool) Status {
	status := C.overt_client_set_consent(c.native, C.bool(enabled), nil)
	runtime.KeepAlive(c)
	return Status(status)
}

func noticeShown(c *Client) bool {
	shown := C.overt_client_notice_shown(c.native)
	runtime.KeepAlive(c)
	return bool(shown)
}

// take calls a function that gives a text, and frees the text.
func take(c *Client, call func(native, **C.overt_text) C.overt_status) (string, Status) {
	var text *C.overt_text
	status := call(c.native, &text)
	runtime.KeepAlive(c)
	defer C.overt_text_free(text)
	data := unsafe.Slice((*byte)(unsafe.Pointer(C.overt_text_data(text))), C.overt_text_len(text))
	return string(data), Status(status)
}

func clientID(c *Client) (string, Status) {
	return take(c, func(c native, out **C.overt_text) C.overt_status { return C.overt_client_client_id(c, out) })
}

func resetClientID(c *Client) (string, Status) {
	return take(c, func(c native, out **C.overt_text) C.overt_status { return C.overt_client_reset_client_id(c, out) })
}

func pending(c *Client) string {
	text, _ := take(c, func(c native, out **C.overt_text) C.overt_status { return C.overt_client_pending(c, out) })
	return text
}

func sent(c *Client) string {
	text, _ := take(c, func(c native, out **C.overt_text) C.overt_status { return C.overt_client_sent(c, out) })
	return text
}

func countersJSON(c *Client) string {
	text, _ := take(c, func(c native, out **C.overt_text) C.overt_status { return C.overt_client_counters(c, out) })
	return text
}

func statsJSON(c *Client) string {
	text, _ := take(c, func(c native, out **C.overt_text) C.overt_status { return C.overt_client_stats(c, out) })
	return text
}

func lossesJSON(c *Client) string {
	text, _ := take(c, func(c native, out **C.overt_text) C.overt_status { return C.overt_client_losses(c, out) })
	return text
}

func statusText(status Status) string { return C.GoString(C.overt_status_str(C.overt_status(status))) }

func version() string { return C.GoString(C.overt_version()) }

// overtGoBeforeSend shows an event to the host. The event is C's and is copied, because the host may keep it.
//
//export overtGoBeforeSend
func overtGoBeforeSend(event C.overt_str, rewrite *C.overt_rewrite, handle C.uintptr_t) (keep C.bool) {
	defer func() {
		if recover() != nil {
			keep = false // it has not approved
		}
	}()
	beforeSend := cgo.Handle(handle).Value().(func(json.RawMessage) json.RawMessage)
	line := unsafe.Slice((*byte)(unsafe.Pointer(event.data)), event.len)
	rewritten := beforeSend(append(json.RawMessage(nil), line...))
	if rewritten == nil {
		return false
	}
	C.overt_rewrite_set(rewrite, lend(rewritten))
	return true
}

// overtGoAskConsent asks the host.
//
//export overtGoAskConsent
func overtGoAskConsent(handle C.uintptr_t) (answer C.int32_t) {
	defer func() {
		if recover() != nil {
			answer = 0 // it has not consented
		}
	}()
	if cgo.Handle(handle).Value().(func() bool)() {
		return 1
	}
	return 0
}

// overtGoRelease forgets a function of the host's.
//
//export overtGoRelease
func overtGoRelease(handle C.uintptr_t) { cgo.Handle(handle).Delete() }
